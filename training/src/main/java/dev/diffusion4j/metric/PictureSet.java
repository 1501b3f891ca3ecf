// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.metric;

import static org.bytedeco.pytorch.global.torch.cat;

import dev.diffusion4j.base.Hashes;
import dev.diffusion4j.base.Problem;
import dev.diffusion4j.data.BrokenExampleException;
import dev.diffusion4j.data.Dataset;
import dev.diffusion4j.data.Example;
import dev.diffusion4j.data.PixelImage;
import dev.diffusion4j.data.source.FolderSource;
import dev.diffusion4j.data.transform.ImageTransform;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.Tensors;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Pictures that are to be judged, or that others are compared with, of any sizes; equal where their pixels are. */
public final class PictureSet implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(PictureSet.class);
    /** Pictures that are decoded and looked at together. */
    public static final int BATCH = 32;

    private static final Set<String> SHEETS = Set.of("grid.png", "film.png", "sweep.png", "trace.png");

    private final Dataset dataset;
    private final @Nullable ImageTransform fit;
    private final int[] readable;
    private final int[] labels;
    private final String contentHash;

    /** What is kept of each picture at the first look. */
    private record Known(int index, int label, String hash) {}

    private PictureSet(Dataset dataset, @Nullable ImageTransform fit, List<Known> known) {
        this.dataset = dataset;
        this.fit = fit;
        readable = known.stream().mapToInt(Known::index).toArray();
        labels = known.stream().mapToInt(Known::label).toArray();
        contentHash = contentHash(known.stream().map(Known::hash).toList());
    }

    /** SHA-256 of a picture's size and pixels. */
    public static String hash(PixelImage image) {
        MessageDigest digest = Hashes.digest("SHA-256");
        digest.update(
                (image.width() + "x" + image.height() + "x" + image.channels() + " ").getBytes(StandardCharsets.UTF_8));
        digest.update(image.pixels(), 0, image.length());
        return Hashes.hex(digest.digest());
    }

    /** {@link #contentHash()} of pictures with these {@link #hash}es, in their order. */
    public static String contentHash(List<String> hashes) {
        MessageDigest digest = Hashes.digest("SHA-256");
        hashes.forEach(hash -> digest.update(hash.getBytes(StandardCharsets.UTF_8)));
        return Hashes.hex(digest.digest());
    }

    /**
     * Decodes every picture once; a file that cannot be read is named and left out. In a folder, the sheets that {@code diffuse sample}
     * writes beside its pictures are passed over.
     *
     * @param dataset owned: {@link #close} closes it
     * @param fit brings every picture to one size, or {@code null} for pictures as they are
     * @throws Problem (a failure) where not a single one can be read
     */
    public static PictureSet of(Dataset dataset, @Nullable ImageTransform fit) {
        List<Known> known = IntStream.range(0, dataset.size())
                .filter(index -> !isSheet(dataset, index))
                .parallel()
                .mapToObj(index -> know(dataset, fit, index))
                .flatMap(List::stream)
                .toList();
        if (known.isEmpty()) {
            throw Problem.failure("none of the pictures of " + dataset.description() + " can be read");
        }
        return new PictureSet(dataset, fit, known);
    }

    /** {@code diffuse sample} writes a sheet of all its pictures, and a strip of their steps, beside them. */
    private static boolean isSheet(Dataset dataset, int index) {
        return dataset instanceof FolderSource folder && isSheet(folder.name(index));
    }

    /** Whether a file of this name, without its folder, is such a sheet. */
    public static boolean isSheet(String name) {
        return SHEETS.contains(name);
    }

    private static List<Known> know(Dataset dataset, @Nullable ImageTransform fit, int index) {
        try {
            Example example = read(dataset, fit, index);
            return List.of(new Known(index, example.label(), hash(example.image())));
        } catch (BrokenExampleException e) {
            LOG.warn("left out {}", e.getMessage());
            return List.of();
        }
    }

    private static Example read(Dataset dataset, @Nullable ImageTransform fit, int index) {
        return fit == null ? dataset.example(index) : dataset.prepared(index, fit);
    }

    /** What it is, for people. */
    public String description() {
        return dataset.description();
    }

    /** How many pictures can be read. */
    public int size() {
        return readable.length;
    }

    /** SHA-256 of all pixels. */
    public String contentHash() {
        return contentHash;
    }

    /** The class of each, −1 where there is none. */
    public int[] labels() {
        return labels.clone();
    }

    /** How many of each class, by its number; empty where the class of one is not known. */
    public Map<String, Integer> classes() {
        return ClassMix.of(labels);
    }

    /** The classes' names, label 0 first; may be empty. */
    public List<String> classNames() {
        return dataset.classNames();
    }

    /**
     * What {@code network} makes of all, batch by batch.
     *
     * @param network from {@code float32 (b, C, H, W)} in [0, 1], all of one size, to {@code (b, …)}
     * @return all results in the pictures' order, {@code (N, …)}, owned by the current scope
     */
    public Tensor map(Function<Tensor, Tensor> network) {
        return TensorScope.keepResult(() -> {
            TensorVector results = new TensorVector();
            for (int start = 0; start < readable.length; start += BATCH) {
                int[] some = Arrays.copyOfRange(readable, start, Math.min(start + BATCH, readable.length));
                PixelImage[] images = Arrays.stream(some)
                        .parallel()
                        .mapToObj(index -> read(dataset, fit, index).image())
                        .toArray(PixelImage[]::new);
                for (List<PixelImage> alike : alike(images)) {
                    results.push_back(TensorScope.keepResult(() -> network.apply(tensor(alike))));
                }
            }
            return cat(results, 0);
        });
    }

    /** Runs of pictures of one size. */
    private static List<List<PixelImage>> alike(PixelImage[] images) {
        List<List<PixelImage>> runs = new ArrayList<>();
        for (PixelImage image : images) {
            List<PixelImage> last = runs.isEmpty() ? List.of() : runs.get(runs.size() - 1);
            boolean same = !last.isEmpty()
                    && last.get(0).width() == image.width()
                    && last.get(0).height() == image.height()
                    && last.get(0).channels() == image.channels();
            if (!same) {
                runs.add(new ArrayList<>());
            }
            runs.get(runs.size() - 1).add(image);
        }
        return runs;
    }

    private static Tensor tensor(List<PixelImage> images) {
        PixelImage first = images.get(0);
        int channels = first.channels();
        int plane = first.width() * first.height();
        float[] values = new float[images.size() * channels * plane];
        for (int i = 0; i < images.size(); i++) {
            byte[] pixels = images.get(i).pixels();
            for (int c = 0; c < channels; c++) {
                for (int p = 0; p < plane; p++) {
                    values[(i * channels + c) * plane + p] = (pixels[p * channels + c] & 0xff) / 255f;
                }
            }
        }
        return Tensors.of(values, images.size(), channels, first.height(), first.width());
    }

    @Override
    public void close() {
        dataset.close();
    }
}
