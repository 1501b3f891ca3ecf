// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.model.autoencoder;

import dev.diffusion4j.checkpoint.ArrangedWeights;
import dev.diffusion4j.checkpoint.NamePairs;
import dev.diffusion4j.checkpoint.TensorInfo;
import dev.diffusion4j.checkpoint.WeightSource;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The autoencoder as Stable Diffusion's original code names its parts ({@code autoencoder.py}). The first names of {@link #names} are that
 * code's, the second those of diffusers' {@code AutoencoderKL}. What is a matrix in diffusers' attention is a 1×1 convolution there.
 *
 * @param levels how often the size is halved, and one
 * @param layersPerBlock residual blocks of a level of the encoder
 */
public record OriginalAutoencoder(int levels, int layersPerBlock) {
    private static final Pattern UP = Pattern.compile("decoder\\.up(?:_blocks)?\\.(\\d+)\\..+");
    private static final Pattern LAYER =
            Pattern.compile("decoder\\.up(?:_blocks)?\\.0\\.(?:block|resnets)\\.(\\d+)\\..+");
    private static final Pattern ATTENTION =
            Pattern.compile("(?:en|de)coder\\.mid_block\\.attentions\\.0\\.to_.+\\.weight");

    private static final List<String> SAME = List.of(
            "encoder.conv_in",
            "encoder.conv_out",
            "decoder.conv_in",
            "decoder.conv_out",
            "quant_conv",
            "post_quant_conv");
    private static final Map<String, String> MAPS =
            Map.of("norm", "group_norm", "q", "to_q", "k", "to_k", "v", "to_v", "proj_out", "to_out.0");
    private static final List<String> RESNET = List.of("norm1", "conv1", "norm2", "conv2");

    /** Of either layout's names; empty where they are of no such network. Files may lack the encoder. */
    public static Optional<OriginalAutoencoder> of(Collection<String> names) {
        int levels = numbers(names, UP).size();
        int layers = numbers(names, LAYER).size() - 1;
        return levels > 0 && layers > 0 ? Optional.of(new OriginalAutoencoder(levels, layers)) : Optional.empty();
    }

    private static TreeSet<String> numbers(Collection<String> names, Pattern pattern) {
        TreeSet<String> numbers = new TreeSet<>();
        for (String name : names) {
            Matcher found = pattern.matcher(name);
            if (found.matches()) {
                numbers.add(found.group(1));
            }
        }
        return numbers;
    }

    /** Original names with diffusers' names. */
    public NamePairs names() {
        NamePairs names = new NamePairs();
        SAME.forEach(name -> names.add(name, name));
        for (String half : List.of("encoder.", "decoder.")) {
            names.add(half + "norm_out", half + "conv_norm_out");
            addResnet(names, half + "mid.block_1", half + "mid_block.resnets.0");
            addResnet(names, half + "mid.block_2", half + "mid_block.resnets.1");
            MAPS.forEach((original, diffusers) ->
                    names.add(half + "mid.attn_1." + original, half + "mid_block.attentions.0." + diffusers));
        }
        for (int level = 0; level < levels; level++) {
            String down = "encoder.down." + level + ".";
            String downBlock = "encoder.down_blocks." + level + ".";
            String up = "decoder.up." + (levels - 1 - level) + ".";
            String upBlock = "decoder.up_blocks." + level + ".";
            for (int layer = 0; layer <= layersPerBlock; layer++) {
                addResnet(names, down + "block." + layer, downBlock + "resnets." + layer);
                addResnet(names, up + "block." + layer, upBlock + "resnets." + layer);
            }
            names.add(down + "downsample.conv", downBlock + "downsamplers.0.conv");
            names.add(up + "upsample.conv", upBlock + "upsamplers.0.conv");
        }
        return names;
    }

    private static void addResnet(NamePairs names, String original, String diffusers) {
        RESNET.forEach(part -> names.add(original + "." + part, diffusers + "." + part));
        names.add(original + ".nin_shortcut", diffusers + ".conv_shortcut");
    }

    /** Adds a tensor under diffusers' name; a 1×1 convolution of attention becomes a matrix. */
    public static void addToDiffusers(ArrangedWeights into, String name, String original, TensorInfo info) {
        boolean isMap = ATTENTION.matcher(name).matches() && info.shape().size() > 2;
        into.addShaped(name, original, isMap ? info.shape().subList(0, 2) : info.shape());
    }

    /** Adds a tensor under its original name; a matrix of attention becomes a 1×1 convolution. */
    public static void addToOriginal(ArrangedWeights into, String original, String name, TensorInfo info) {
        List<Long> shape = new ArrayList<>(info.shape());
        if (ATTENTION.matcher(name).matches() && shape.size() == 2) {
            shape.addAll(List.of(1L, 1L));
        }
        into.addShaped(original, name, shape);
    }

    /** The keys of {@code config.json} that the weights' shapes say. */
    public Map<String, @Nullable Object> shapeKeys(WeightSource named) {
        Map<String, @Nullable Object> keys = new LinkedHashMap<>();
        Function<String, List<Long>> shape = name -> {
            TensorInfo info = named.tensors().get(name);
            return info == null || info.shape().size() != 4 ? List.of() : info.shape();
        };
        put(keys, "in_channels", shape.apply("encoder.conv_in.weight"), 1);
        put(keys, "out_channels", shape.apply("decoder.conv_out.weight"), 0);
        put(keys, "latent_channels", shape.apply("decoder.conv_in.weight"), 1);
        List<Long> widths = new ArrayList<>();
        for (int level = 0; level < levels; level++) {
            widths.addAll(shape.apply("decoder.up_blocks." + (levels - 1 - level) + ".resnets.0.conv2.weight").stream()
                    .limit(1)
                    .toList());
        }
        keys.put("block_out_channels", widths);
        keys.put("layers_per_block", (long) layersPerBlock);
        keys.put("down_block_types", Collections.nCopies(levels, "DownEncoderBlock2D"));
        keys.put("up_block_types", Collections.nCopies(levels, "UpDecoderBlock2D"));
        return keys;
    }

    private static void put(Map<String, @Nullable Object> keys, String key, List<Long> shape, int dimension) {
        if (!shape.isEmpty()) {
            keys.put(key, shape.get(dimension));
        }
    }
}
