// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.adapter;

import dev.diffusion4j.base.UserError;
import dev.diffusion4j.checkpoint.TensorInfo;
import dev.diffusion4j.checkpoint.WeightFiles;
import dev.diffusion4j.checkpoint.WeightSource;
import dev.diffusion4j.layer.Adaptable;
import dev.diffusion4j.layer.LowRank;
import dev.diffusion4j.model.Model;
import dev.diffusion4j.tensor.Shapes;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.Tensors;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/** An adapter's file, open for reading: peft's folder, diffusers' {@code pytorch_lora_weights.safetensors}, or kohya's file. */
public final class LoraFile implements AutoCloseable {
    private static final int NAMED = 3;
    /** The names under which others save a LoRA, the best first. */
    public static final List<String> FILES =
            List.of("adapter_model.safetensors", "adapter_model.bin", "pytorch_lora_weights.safetensors");

    private final Path file;
    private final WeightSource weights;
    private final LoraScales scales;
    private final Map<String, Entry> entries = new LinkedHashMap<>();

    /** The tensors of one layer. */
    private static final class Entry {
        @Nullable
        TensorInfo down;

        @Nullable
        TensorInfo up;

        @Nullable
        TensorInfo alpha;
    }

    private LoraFile(Path file, WeightSource weights) {
        this.file = file;
        this.weights = weights;
        this.scales = LoraScales.of(file, weights);
        List<String> others = new ArrayList<>();
        weights.tensors().forEach((name, info) -> LoraNames.parse(name)
                .ifPresentOrElse(parsed -> add(parsed, info), () -> others.add(name)));
        refuse(others);
    }

    private void add(LoraNames.Name name, TensorInfo info) {
        Entry entry = entries.computeIfAbsent(name.layer(), key -> new Entry());
        switch (name.part()) {
            case DOWN -> entry.down = info;
            case UP -> entry.up = info;
            case ALPHA -> entry.alpha = info;
        }
    }

    private void refuse(List<String> others) {
        if (entries.isEmpty()) {
            throw UserError.failure(file + " holds no LoRA: none of its " + others.size()
                    + " tensors has a name such as NAME.lora_A.weight or NAME.lora.down.weight");
        }
        if (!others.isEmpty()) {
            throw UserError.failure(file + " holds " + others.size() + " tensors that are no part of a plain LoRA ("
                    + some(others) + "): that is not supported");
        }
        entries.forEach((layer, entry) -> {
            TensorInfo down = entry.down;
            TensorInfo up = entry.up;
            if (down == null || up == null) {
                throw UserError.failure(file + ": layer " + layer + " has only one of its two tensors");
            }
            boolean fit = down.sizes().length >= 2
                    && down.sizes().length == up.sizes().length
                    && up.sizes()[1] == down.sizes()[0];
            if (!fit) {
                throw UserError.failure(file + ": the two tensors of layer " + layer + " do not fit each other: "
                        + Shapes.text(down.sizes()) + " and " + Shapes.text(up.sizes()));
            }
        });
    }

    /**
     * Opens a file, or a folder with {@code adapter_model.safetensors} or {@code pytorch_lora_weights.safetensors} in it, or a run's
     * folder.
     *
     * @throws UserError (exit code 1) naming the file and what is wrong with it
     */
    public static LoraFile open(Path path) {
        Path file = find(path);
        WeightSource weights = WeightFiles.openFile(file);
        try {
            return new LoraFile(file, weights);
        } catch (RuntimeException e) {
            weights.close();
            throw e;
        }
    }

    /** The file with the weights; see {@link #open}. */
    public static Path find(Path path) {
        if (!Files.exists(path)) {
            throw UserError.failure("there is no LoRA " + path);
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
        throw UserError.failure(path + " holds no LoRA: " + String.join(", ", FILES) + " were looked for, found "
                + WeightFiles.listing(path));
    }

    /**
     * Adds all products to the weights of a network.
     *
     * @param strength 1 as they were trained
     * @throws UserError (exit code 1) where not every product fits a layer, counting them; nothing is changed then
     */
    public void mergeInto(Model network, double strength) {
        LoraNames names = new LoraNames(network);
        Map<String, Adaptable> targets = matched(names, (entry, layer) -> fitsWeight(entry, layer.weight()));
        targets.forEach((name, layer) -> {
            Entry entry = entry(name);
            TensorScope.run(() -> layer.addToWeight(
                    weights.read(info(entry.down).name()),
                    weights.read(info(entry.up).name()),
                    strength * scale(name, entry)));
        });
    }

    /**
     * Reads the products into those that a network has already, as far as they are the same layers with the same rank.
     *
     * @return how many of the network's products were filled
     */
    public int restore(Model network) {
        LoraNames names = new LoraNames(network);
        int filled = 0;
        for (Map.Entry<String, Entry> named : entries.entrySet()) {
            LowRank product = names.layer(named.getKey())
                    .flatMap(name -> names.get(name).lora())
                    .orElse(null);
            Entry entry = named.getValue();
            if (product != null
                    && Arrays.equals(
                            Tensors.shape(product.down()), info(entry.down).sizes())
                    && Arrays.equals(Tensors.shape(product.up()), info(entry.up).sizes())) {
                try (NoGradGuard guard = new NoGradGuard()) {
                    weights.read(info(entry.down).name(), product.down());
                    weights.read(info(entry.up).name(), product.up());
                }
                filled++;
            }
        }
        return filled;
    }

    private interface Fits {
        boolean test(Entry entry, Adaptable layer);
    }

    private Map<String, Adaptable> matched(LoraNames names, Fits fits) {
        Map<String, Adaptable> targets = new LinkedHashMap<>();
        Map<String, String> seen = new LinkedHashMap<>();
        List<String> missing = new ArrayList<>();
        List<String> misfits = new ArrayList<>();
        entries.forEach((fileName, entry) -> {
            String name = names.layer(fileName).orElse(null);
            if (name == null) {
                missing.add(fileName);
            } else if (seen.put(name, fileName) != null) {
                throw UserError.failure(file + " holds the layer " + name + " twice");
            } else if (!fits.test(entry, names.get(name))) {
                misfits.add(name + " " + Shapes.text(info(entry.up).sizes()) + " x "
                        + Shapes.text(info(entry.down).sizes()) + " beside "
                        + Shapes.text(names.get(name).weight()));
            } else {
                targets.put(fileName, names.get(name));
            }
        });
        if (!missing.isEmpty()) {
            throw UserError.failure(
                    file + ": " + (missing.size() == entries.size() ? "none" : entries.size() - missing.size())
                            + " of its " + entries.size() + " LoRA layers "
                            + (entries.size() - missing.size() == 1 ? "is" : "are")
                            + " in this network; not there: " + some(missing) + ": it was made for another model");
        }
        if (!misfits.isEmpty()) {
            throw UserError.failure(file + ": " + misfits.size() + " of its " + entries.size()
                    + " LoRA layers have another shape than this network's (" + some(misfits)
                    + "): it was made for another model");
        }
        return targets;
    }

    private static boolean fitsWeight(Entry entry, Tensor weight) {
        long[] shape = Tensors.shape(weight);
        long[] down = info(entry.down).sizes();
        long[] up = info(entry.up).sizes();
        if (down.length != shape.length || up[0] != shape[0]) {
            return false;
        }
        for (int i = 1; i < shape.length; i++) {
            if (down[i] != shape[i] || i > 1 && up[i] != 1) {
                return false;
            }
        }
        return true;
    }

    private double scale(String name, Entry entry) {
        long rank = info(entry.down).sizes()[0];
        TensorInfo alpha = entry.alpha;
        if (alpha == null) {
            return scales.of(name, rank);
        }
        return TensorScope.compute(() -> Tensors.floats(weights.read(alpha.name()))[0] / (double) rank);
    }

    private Entry entry(String name) {
        return java.util.Objects.requireNonNull(entries.get(name));
    }

    private static TensorInfo info(@Nullable TensorInfo info) {
        return java.util.Objects.requireNonNull(info);
    }

    private static String some(List<String> names) {
        String more = names.size() > NAMED ? " and " + (names.size() - NAMED) + " more" : "";
        return String.join(", ", names.subList(0, Math.min(NAMED, names.size()))) + more;
    }

    /** How many layers it has products for. */
    public int size() {
        return entries.size();
    }

    /** The file with the weights. */
    public Path file() {
        return file;
    }

    @Override
    public void close() {
        weights.close();
    }
}
