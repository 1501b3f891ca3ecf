// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.data.source;

import dev.diffusion4j.base.Hashes;
import dev.diffusion4j.data.Dataset;
import dev.diffusion4j.data.Example;
import dev.diffusion4j.data.PixelImage;
import dev.diffusion4j.data.Split;
import dev.diffusion4j.data.drawn.DigitGlyphs;
import dev.diffusion4j.data.drawn.Handwriting;
import dev.diffusion4j.data.random.SeededRandom;
import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;

/**
 * Handwritten digits, made by the library: 28×28, grey, white on black, any number of them, without a download. Picture i shows the digit
 * {@code i mod 10} and depends on the seed, the split and i only, so nothing is stored.
 */
public final class DigitsSource implements Dataset {
    /** Raise it with any change that changes a pixel. */
    private static final int VERSION = 1;

    private static final int TRAIN_SIZE = 60_000;
    private static final int TEST_SIZE = 10_000;
    private static final List<String> NAMES =
            IntStream.range(0, 10).mapToObj(String::valueOf).toList();

    private final Split split;
    private final int size;
    private final long seed;

    /** 60,000 pictures to train on, 10,000 others to test with, or both. */
    public DigitsSource(Split split, long seed) {
        this.split = split;
        this.seed = seed;
        this.size = (split.hasTrain() ? TRAIN_SIZE : 0) + (split.hasTest() ? TEST_SIZE : 0);
    }

    @Override
    public String description() {
        return "digits (" + split.key() + ")";
    }

    @Override
    public int size() {
        return size;
    }

    @Override
    public boolean isCheap() {
        return true;
    }

    @Override
    public List<String> classNames() {
        return NAMES;
    }

    @Override
    public int channels() {
        return 1;
    }

    @Override
    public int naturalSize() {
        return Handwriting.SIZE;
    }

    @Override
    public int label(int index) {
        return number(index) % 10;
    }

    private int number(int index) {
        Objects.checkIndex(index, size);
        return split.hasTrain() ? index : index + TRAIN_SIZE;
    }

    @Override
    public Example example(int index) {
        int number = number(index);
        int digit = label(index);
        SeededRandom random = SeededRandom.of(seed, VERSION, number);
        DigitGlyphs.Glyph glyph = DigitGlyphs.pick(digit, random.nextDouble());
        byte[] pixels = new Handwriting(random).write(glyph);
        return new Example(new PixelImage(Handwriting.SIZE, Handwriting.SIZE, 1, pixels), digit, null);
    }

    @Override
    public String fingerprint() {
        return Hashes.sha256("digits " + VERSION + " " + split.key() + " seed " + seed);
    }
}
