// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.adapter;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.checkpoint.TensorInfo;
import dev.diffusion4j.checkpoint.WeightFiles;
import dev.diffusion4j.checkpoint.WeightSource;
import dev.diffusion4j.tensor.Shapes;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.Tensors;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/** An adapter's file: peft's folder, diffusers' {@code pytorch_lora_weights.safetensors}, or kohya's file. */
public final class LoraFile {
    /** The names under which others save a LoRA, the best first. */
    public static final List<String> FILES =
            List.of("adapter_model.safetensors", "adapter_model.bin", "pytorch_lora_weights.safetensors");

    private final Path file;
    private final WeightSource weights;
    private final Map<LoraName, Entry> entries = new LinkedHashMap<>();

    /** The tensors of one layer, by their names in the file. */
    private static final class Entry {
        private final Map<LoraName.Part, String> names = new java.util.EnumMap<>(LoraName.Part.class);

        @Nullable
        String name(LoraName.Part part) {
            return names.get(part);
        }

        int keys() {
            return names.size();
        }
    }

    private LoraFile(Path file, WeightSource weights) {
        this.file = file;
        this.weights = weights;
    }

    /** The file with the weights: {@code path} itself, or the one in that folder, or in the {@code lora} of a run's folder. */
    public static Path find(Path path) {
        if (!Files.exists(path)) {
            throw Problem.failure("there is no LoRA " + path);
        }
        if (!Files.isDirectory(path)) {
            return path;
        }
        for (Path folder : List.of(path, path.resolve("lora"))) {
            for (String name : FILES) {
                if (Files.exists(folder.resolve(name))) {
                    return folder.resolve(name);
                }
            }
        }
        throw Problem.failure(path + " holds no LoRA: " + String.join(", ", FILES) + " were looked for, found "
                + WeightFiles.listing(path));
    }

    /**
     * All products of a file, or of a folder as {@link #find} has it.
     *
     * @return the products, whose tensors the caller owns
     * @throws Problem (a failure) naming the file and what is wrong with it; nothing is left to free then
     */
    static List<LoraProduct> read(Path file) {
        try (WeightSource weights = WeightFiles.openFile(file)) {
            LoraFile open = new LoraFile(file, weights);
            open.sort();
            open.check();
            return open.products(LoraScales.of(file, weights));
        }
    }

    private void sort() {
        List<String> others = new ArrayList<>();
        weights.tensors().keySet().forEach(name -> LoraName.parse(name)
                .ifPresentOrElse(tensor -> add(tensor, name), () -> others.add(name)));
        if (entries.isEmpty()) {
            throw Problem.failure(file + " holds no LoRA: none of its " + others.size()
                    + " tensors has a name such as NAME.lora_A.weight or NAME.lora.down.weight"
                    + (others.isEmpty() ? "" : "; it holds " + LoraFit.some(others)));
        }
        if (!others.isEmpty()) {
            throw Problem.failure(file + " holds " + others.size() + " tensors that are no part of a plain LoRA ("
                    + LoraFit.some(others) + "): that is not supported");
        }
    }

    private void add(LoraName.Tensor tensor, String name) {
        String before =
                entries.computeIfAbsent(tensor.name(), key -> new Entry()).names.put(tensor.part(), name);
        if (before != null) {
            throw Problem.failure(
                    file + " holds one tensor twice, as " + before + " and as " + name + ": give each adapter a file");
        }
    }

    private void check() {
        entries.forEach((layer, entry) -> {
            String down = entry.name(LoraName.Part.DOWN);
            String up = entry.name(LoraName.Part.UP);
            if (down == null || up == null) {
                throw Problem.failure(file + ": layer " + layer.text() + " has only one of its two tensors");
            }
            long[] a = info(down).sizes();
            long[] b = info(up).sizes();
            if (a.length < 2 || a.length != b.length || b[1] != a[0]) {
                throw Problem.failure(file + ": the two tensors of layer " + layer.text() + " do not fit each other: "
                        + Shapes.text(a) + " and " + Shapes.text(b));
            }
        });
    }

    private TensorInfo info(String name) {
        return java.util.Objects.requireNonNull(weights.tensors().get(name));
    }

    private List<LoraProduct> products(LoraScales scales) {
        List<LoraProduct> products = new ArrayList<>();
        try {
            entries.forEach((name, entry) -> {
                double scale = scale(name, entry, scales);
                products.add(TensorScope.compute(() -> {
                    Tensor down = tensor(entry, LoraName.Part.DOWN);
                    Tensor up = tensor(entry, LoraName.Part.UP);
                    return new LoraProduct(name, TensorScope.own(down), TensorScope.own(up), scale, entry.keys());
                }));
            });
            return products;
        } catch (Throwable e) {
            products.forEach(LoraProduct::close);
            throw e;
        }
    }

    private Tensor tensor(Entry entry, LoraName.Part part) {
        return weights.read(java.util.Objects.requireNonNull(entry.name(part)));
    }

    private double scale(LoraName name, Entry entry, LoraScales scales) {
        long rank = info(java.util.Objects.requireNonNull(entry.name(LoraName.Part.DOWN)))
                .sizes()[0];
        String alpha = entry.name(LoraName.Part.ALPHA);
        double known = scales.of(name, rank);
        return alpha == null
                ? known
                : TensorScope.compute(() -> Tensors.floats(weights.read(alpha))[0] / (double) rank);
    }
}
