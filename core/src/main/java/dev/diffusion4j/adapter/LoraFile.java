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
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/** An adapter's file: peft's folder, diffusers' {@code pytorch_lora_weights.safetensors}, kohya's file or LyCORIS'. */
public final class LoraFile {
    /** The names under which others save a LoRA, the best first. */
    public static final List<String> FILES =
            List.of("adapter_model.safetensors", "adapter_model.bin", PipelineLora.FILE);

    private final Path file;
    private final WeightSource weights;
    private final @Nullable LoraComponent part;
    private final Map<LoraName, Entry> entries = new LinkedHashMap<>();

    /** The tensors of one layer, by their names in the file. */
    private static final class Entry {
        private final Map<LoraPart, String> names = new EnumMap<>(LoraPart.class);

        boolean has(LoraPart part) {
            return names.containsKey(part);
        }

        int keys() {
            return names.size();
        }

        LoraForm form() {
            if (names.keySet().stream().anyMatch(LoraForm.KRONECKER::has)) {
                return LoraForm.KRONECKER;
            }
            if (names.keySet().stream().anyMatch(LoraForm.HADAMARD::has)) {
                return LoraForm.HADAMARD;
            }
            return has(LoraPart.MID) ? LoraForm.TUCKER : LoraForm.LOW_RANK;
        }
    }

    private LoraFile(Path file, WeightSource weights, @Nullable LoraComponent part) {
        this.file = file;
        this.weights = weights;
        this.part = part;
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
     * @param part whose tensors are read; the products of others are without; {@code null} for all
     * @return the products, whose tensors the caller owns
     * @throws Problem (a failure) naming the file and what is wrong with it; nothing is left to free then
     */
    static List<LoraProduct> read(Path file, @Nullable LoraComponent part) {
        try (WeightSource weights = WeightFiles.openFile(file)) {
            LoraFile open = new LoraFile(file, weights, part);
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
                    + (others.isEmpty() ? "" : "; it holds " + LoraUnused.some(others)));
        }
        if (!others.isEmpty()) {
            throw Problem.failure(
                    file + " holds " + others.size() + " tensors that are no part of a LoRA, DoRA, LoHa or LoKr ("
                            + LoraUnused.some(others) + "): that is not supported");
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
            LoraForm form = entry.form();
            for (LoraPart part : form.needed()) {
                if (!entry.has(part)) {
                    throw Problem.failure(file + ": layer " + layer.text()
                            + (form == LoraForm.LOW_RANK
                                    ? " has only one of its two tensors"
                                    : " has no tensor " + part.text()));
                }
            }
            for (LoraPart part : entry.names.keySet()) {
                if (!form.has(part) && !LoraPart.BESIDE.contains(part)) {
                    throw Problem.failure(file + ": layer " + layer.text() + " holds " + part.text()
                            + " beside the tensors of another kind of adapter");
                }
            }
            if (sizes(entry).isNone()) {
                throw Problem.failure(file + ": the tensors of layer " + layer.text() + " do not fit each other: "
                        + entry.names.entrySet().stream()
                                .filter(each -> form.has(each.getKey()))
                                .map(each -> each.getKey().text() + " "
                                        + Shapes.text(info(each.getValue()).sizes()))
                                .collect(Collectors.joining(", ")));
            }
        });
    }

    private LoraForm.Sizes sizes(Entry entry) {
        return entry.form().sizes(part -> entry.has(part) ? shape(entry, part) : null);
    }

    private long[] shape(Entry entry, LoraPart part) {
        return info(Objects.requireNonNull(entry.names.get(part))).sizes();
    }

    private TensorInfo info(String name) {
        return Objects.requireNonNull(weights.tensors().get(name));
    }

    private List<LoraProduct> products(LoraScales scales) {
        List<LoraProduct> products = new ArrayList<>();
        try {
            entries.forEach((name, entry) -> products.add(product(name, entry, scales)));
            return products;
        } catch (Throwable e) {
            products.forEach(LoraProduct::close);
            throw e;
        }
    }

    private LoraProduct product(LoraName name, Entry entry, LoraScales scales) {
        LoraForm.Sizes sizes = sizes(entry);
        double scale = scale(name, entry, sizes.rank(), scales);
        scales.checkDora(name, entry.has(LoraPart.MAGNITUDE));
        Map<LoraPart, Tensor> tensors = new EnumMap<>(LoraPart.class);
        try {
            entry.names.forEach((kind, tensor) -> {
                if (kind != LoraPart.ALPHA && isWanted(name)) {
                    tensors.put(kind, TensorScope.ownResult(() -> weights.read(tensor)));
                }
            });
        } catch (Throwable e) {
            tensors.values().forEach(Tensor::close);
            throw e;
        }
        return new LoraProduct(name, entry.form(), tensors, sizes, scale, entry.keys());
    }

    private boolean isWanted(LoraName name) {
        return part == null || name.isOf(part);
    }

    private double scale(LoraName name, Entry entry, long rank, LoraScales scales) {
        double known = scales.of(name, rank);
        if (rank == 0) {
            return known; // LyCORIS' own have none then, and their alpha counts for nothing
        }
        String alpha = entry.names.get(LoraPart.ALPHA);
        return alpha == null
                ? known
                : TensorScope.compute(() -> Tensors.floats(weights.read(alpha))[0] / (double) rank);
    }
}
