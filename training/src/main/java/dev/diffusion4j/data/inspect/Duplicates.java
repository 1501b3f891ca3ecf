// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.data.inspect;

import dev.diffusion4j.base.Hashes;
import dev.diffusion4j.base.Interrupts;
import dev.diffusion4j.data.BrokenExampleException;
import dev.diffusion4j.data.Dataset;
import dev.diffusion4j.data.PixelImage;
import dev.diffusion4j.data.transform.Resampler;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import org.jspecify.annotations.Nullable;

/**
 * Pictures that a data set has more than once: those of the same pixels, and those that look alike, resized or saved again. Each is reduced to 9×9
 * grey levels, of which it is kept whether each is lighter than its neighbour, to the right and below: a difference hash of 128 bits
 * (N. Krawetz, "Kind of Like That", hackerfactor.com, 2013). Few bits differ where two look alike. Pictures without any contrast are compared by their pixels alone.
 */
public final class Duplicates {
    /** Of 128; two different photos differ in about half of them. */
    private static final int NEAR_BITS = 8;

    private static final int SIDE = 8;
    /** Of 255: what is less is noise. */
    private static final int CONTRAST = 2;
    /** So many bits must be set, else nearly everything looks alike. */
    private static final int LEAST_BITS = 12;

    private Duplicates() {}

    /**
     * Pictures that are the same.
     *
     * @param isExact whether all have the same pixels; else they look alike, and some of them may be the same besides
     * @param indices of the pictures in the data set, ascending; at least two
     */
    public record Group(boolean isExact, List<Integer> indices) {}

    /** @param pixels a hash of them and of the size */
    private record Mark(String pixels, long across, long down) {
        boolean hasContrast() {
            return Long.bitCount(across) + Long.bitCount(down) >= LEAST_BITS;
        }

        boolean isNear(Mark other) {
            return Long.bitCount(across ^ other.across) + Long.bitCount(down ^ other.down) <= NEAR_BITS;
        }
    }

    /**
     * Reads every picture once; broken ones are left out. Pairs are compared one by one, which suits some ten thousands.
     *
     * @throws CancellationException where the thread is interrupted
     */
    public static List<Group> of(Dataset dataset) {
        @Nullable Mark[] marks = new Mark[dataset.size()];
        Resampler resampler = new Resampler();
        for (int i = 0; i < marks.length; i++) {
            if (Thread.interrupted()) {
                Thread.currentThread().interrupt();
                throw Interrupts.cancelled("while reading " + dataset.description());
            }
            try {
                marks[i] = mark(dataset.example(i).image(), resampler);
            } catch (BrokenExampleException e) {
                continue; // is named by the statistics
            }
        }
        return groups(marks);
    }

    private static Mark mark(PixelImage image, Resampler resampler) {
        MessageDigest digest = Hashes.digest("SHA-256");
        digest.update((byte) image.channels());
        digest.update((image.width() + "x").getBytes(java.nio.charset.StandardCharsets.US_ASCII));
        digest.update(image.pixels(), 0, image.length());
        PixelImage small =
                resampler.resize(image.withChannels(1), 0, 0, image.width(), image.height(), SIDE + 1, SIDE + 1);
        long across = 0;
        long down = 0;
        for (int y = 0; y < SIDE; y++) {
            for (int x = 0; x < SIDE; x++) {
                int here = small.level(x, y, 0) + CONTRAST;
                across = across << 1 | (small.level(x + 1, y, 0) > here ? 1 : 0);
                down = down << 1 | (small.level(x, y + 1, 0) > here ? 1 : 0);
            }
        }
        return new Mark(Hashes.hex(digest.digest()), across, down);
    }

    private static List<Group> groups(@Nullable Mark[] marks) {
        Map<String, List<Integer>> same = new LinkedHashMap<>();
        Map<Integer, List<Integer>> alike = new LinkedHashMap<>();
        List<Integer> leaders = new ArrayList<>();
        for (int i = 0; i < marks.length; i++) {
            Mark mark = marks[i];
            if (mark == null) {
                continue;
            }
            same.computeIfAbsent(mark.pixels(), key -> new ArrayList<>()).add(i);
            int leader = mark.hasContrast() ? leader(mark, marks, leaders) : -1;
            if (leader >= 0) {
                alike.computeIfAbsent(leader, key -> new ArrayList<>(List.of(key)))
                        .add(i);
            } else if (mark.hasContrast()) {
                leaders.add(i);
            }
        }
        List<Group> groups = new ArrayList<>();
        same.values().stream()
                .filter(indices -> indices.size() > 1)
                .forEach(indices -> groups.add(new Group(true, List.copyOf(indices))));
        alike.values().stream()
                .filter(indices -> !same.containsValue(indices))
                .forEach(indices -> groups.add(new Group(false, List.copyOf(indices))));
        return groups;
    }

    /** The first picture that one looks like, of those that look like none before them; −1 for none. So groups do not grow from one to the next. */
    private static int leader(Mark mark, @Nullable Mark[] marks, List<Integer> leaders) {
        for (int leader : leaders) {
            Mark other = marks[leader];
            if (other != null && mark.isNear(other)) {
                return leader;
            }
        }
        return -1;
    }
}
