// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.adapter;

import static dev.diffusion4j.adapter.LoraPart.*;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.checkpoint.Safetensors;
import dev.diffusion4j.json.Json;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.Tensors;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * A LoRA's file written anew under other names; what it does to a network stays the same.
 *
 * @param from a file, or a folder with one, in any layout that {@link LoraAdapter} reads
 * @param to a file that ends in {@code .safetensors}, and is not there yet
 */
public record LoraConversion(Path from, Path to, LoraLayout layout) {
    private static final String SAFETENSORS = ".safetensors";

    /**
     * Reads and writes.
     *
     * @throws Problem where either cannot be done; nothing has been written then
     */
    public void run() {
        if (!String.valueOf(to.getFileName()).toLowerCase(Locale.ROOT).endsWith(SAFETENSORS)) {
            throw Problem.request("out", to, "be a file that ends in " + SAFETENSORS + " for a LoRA");
        }
        if (Files.exists(to)) {
            throw Problem.request("out", to, "be a new file: this one is there already");
        }
        Path file = LoraFile.find(from);
        List<LoraProduct> products = LoraFile.read(file, null);
        try {
            TensorScope.run(() -> {
                if (layout == LoraLayout.KOHYA) {
                    writeKohya(products);
                } else {
                    writeDiffusers(file, products);
                }
            });
        } finally {
            products.forEach(LoraProduct::close);
        }
    }

    private static LoraComponent part(LoraProduct product) {
        LoraComponent named = product.name().component();
        return named == null ? LoraComponent.UNET : named;
    }

    private void writeKohya(List<LoraProduct> products) {
        boolean hasSecondText = products.stream().anyMatch(product -> part(product) == LoraComponent.TEXT_ENCODER_2);
        Map<String, Tensor> tensors = new LinkedHashMap<>();
        for (LoraProduct product : products) {
            String layer = KohyaNames.flat(part(product), product.name().layer(), hasSecondText);
            product.tensors()
                    .forEach((kind, tensor) -> tensors.put(
                            layer + "." + kohyaEnd(kind),
                            kind == MAGNITUDE ? column(tensor, product) : tensor.contiguous()));
            if (product.sizes().rank() > 0) {
                double alpha = product.scale() * product.sizes().rank();
                tensors.put(
                        layer + ".alpha",
                        Tensors.of(new float[] {(float) alpha}).view(new long[0]));
            }
        }
        Safetensors.write(to, tensors, Map.of("format", "pt", "ss_network_module", "networks.lora"));
    }

    private static String kohyaEnd(LoraPart kind) {
        return switch (kind) {
            case DOWN, UP, MID -> kind.text() + ".weight";
            case MAGNITUDE -> DORA_SCALE.text();
            default -> kind.text();
        };
    }

    /** peft's lengths of rows as LyCORIS has them: (out, 1 …), with the weight's dimensions. */
    private static Tensor column(Tensor lengths, LoraProduct product) {
        long[] shape = new long[(int) product.down().dim()];
        java.util.Arrays.fill(shape, 1);
        shape[0] = lengths.numel();
        return lengths.contiguous().view(shape);
    }

    private void writeDiffusers(Path file, List<LoraProduct> products) {
        Map<String, Tensor> tensors = new LinkedHashMap<>();
        Map<LoraComponent, Map<String, LoraProduct>> layers = new EnumMap<>(LoraComponent.class);
        for (LoraProduct product : products) {
            LoraComponent part = part(product);
            String layer = plainLayer(file, product);
            layers.computeIfAbsent(part, key -> new LinkedHashMap<>()).put(layer, product);
            String name = part.key() + "." + (part.isText() ? PipelineLora.TEXT : "") + layer;
            tensors.put(name + ".lora_A.weight", product.down().contiguous());
            tensors.put(name + ".lora_B.weight", product.up().contiguous());
            Tensor lengths = product.lengths();
            if (lengths != null) {
                tensors.put(
                        name + ".lora_magnitude_vector", lengths.contiguous().flatten());
            }
        }
        Map<String, @Nullable Object> note = new TreeMap<>();
        layers.forEach((part, own) -> note(part, own, note));
        Safetensors.write(to, tensors, Map.of("format", "pt", PipelineLora.NOTE, Json.pretty(note)));
    }

    /** @throws Problem (a failure) where diffusers has no name or no form for it */
    private static String plainLayer(Path file, LoraProduct product) {
        LoraName name = product.name();
        if (!product.isLowRank() || !product.isByRow()) {
            throw Problem.failure(
                    file + ": layer " + name.text()
                            + " is no plain product of two matrices, which is all that diffusers' files hold: it stays in the layout kohya");
        }
        boolean isDotted = name.component() == null
                || name.text().startsWith(name.component().key() + ".");
        String layer = isDotted
                ? name.layer()
                : KohyaNames.dotted(name.layer())
                        .orElseThrow(() -> Problem.failure(file + ": layer " + name.text()
                                + " has the name of Stable Diffusion's original code, of which diffusers' name"
                                + " follows from the network alone: it stays in the layout kohya"));
        return PipelineLora.withoutText(layer);
    }

    /** peft's config of a part, whose layers may have ranks and alphas of their own. */
    private static void note(LoraComponent part, Map<String, LoraProduct> layers, Map<String, @Nullable Object> note) {
        LoraProduct first = layers.values().iterator().next();
        int rank = (int) first.sizes().rank();
        double alpha = first.scale() * rank;
        Map<String, Object> ranks = new TreeMap<>();
        Map<String, Object> alphas = new TreeMap<>();
        layers.forEach((layer, product) -> {
            long own = product.sizes().rank();
            if (own != rank) {
                ranks.put(layer, own);
            }
            if (product.scale() * own != alpha) {
                alphas.put(layer, LoraFolder.number(product.scale() * own));
            }
        });
        LoraConfig config = LoraConfig.DEFAULT.withRank(rank, alpha == 0 ? rank : alpha);
        Map<String, @Nullable Object> all = LoraFolder.describe(config, new ArrayList<>(layers.keySet()), null, null);
        all.put("lora_alpha", LoraFolder.number(alpha));
        all.put("rank_pattern", ranks);
        all.put("alpha_pattern", alphas);
        all.put("use_dora", layers.values().stream().anyMatch(product -> product.lengths() != null));
        all.forEach((key, value) -> note.put(part.key() + "." + key, value));
    }
}
