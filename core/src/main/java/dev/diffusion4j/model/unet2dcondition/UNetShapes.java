// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.model.unet2dcondition;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.checkpoint.TensorInfo;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** What the shapes of a {@link UNet2DConditionModel}'s weights say of its config; the number of heads is not among it. */
public final class UNetShapes {
    private static final Pattern TRANSFORMER = Pattern.compile(
            "(down_blocks\\.\\d+|mid_block|up_blocks\\.\\d+)\\.attentions\\.(\\d+)\\.transformer_blocks\\."
                    + "(\\d+)\\.norm1\\.weight");

    private final Map<String, TensorInfo> tensors;
    private final OriginalUNet plan;
    private final String where;
    private final Map<String, TreeSet<Integer>> depths = new LinkedHashMap<>();

    /**
     * @param tensors by diffusers' names
     * @param plan of its levels
     * @param where for messages
     */
    public UNetShapes(Map<String, TensorInfo> tensors, OriginalUNet plan, String where) {
        this.tensors = tensors;
        this.plan = plan;
        this.where = where;
        Map<String, Integer> blocks = new LinkedHashMap<>();
        tensors.keySet().forEach(name -> {
            Matcher found = TRANSFORMER.matcher(name);
            if (found.matches()) {
                blocks.merge(found.group(1) + " " + found.group(2), 1, Integer::sum);
            }
        });
        blocks.forEach((place, count) -> depths.computeIfAbsent(place.split(" ")[0], level -> new TreeSet<>())
                .add(count));
    }

    /**
     * The keys of {@code config.json}.
     *
     * @throws Problem (a failure) where a weight is missing or the levels are not alike
     */
    public Map<String, @Nullable Object> keys() {
        List<Long> widths = new ArrayList<>();
        List<String> down = new ArrayList<>();
        List<String> up = new ArrayList<>();
        for (int level = 0; level < plan.levels(); level++) {
            widths.add(size("down_blocks." + level + ".resnets.0.conv2.weight", 0));
            down.add(depths.containsKey("down_blocks." + level) ? "CrossAttnDownBlock2D" : "DownBlock2D");
            up.add(depths.containsKey("up_blocks." + level) ? "CrossAttnUpBlock2D" : "UpBlock2D");
        }
        Map<String, @Nullable Object> keys = new LinkedHashMap<>();
        keys.put("in_channels", size("conv_in.weight", 1));
        keys.put("out_channels", size("conv_out.weight", 0));
        keys.put("block_out_channels", widths);
        keys.put("layers_per_block", (long) plan.layersPerBlock());
        keys.put("down_block_types", down);
        keys.put("up_block_types", up);
        keys.put("cross_attention_dim", size("mid_block.attentions.0.transformer_blocks.0.attn2.to_k.weight", 1));
        keys.put("transformer_layers_per_block", depth());
        keys.put(
                "use_linear_projection",
                shape("mid_block.attentions.0.proj_in.weight").size() == 2);
        if (tensors.containsKey("add_embedding.linear_1.weight")) {
            keys.put("addition_embed_type", "text_time");
            keys.put("projection_class_embeddings_input_dim", size("add_embedding.linear_1.weight", 1));
        }
        return keys;
    }

    /** One number where all transformers are as deep, else one for each level, 1 for a level without any. */
    private Object depth() {
        List<Long> byLevel = new ArrayList<>();
        long middle = depth("mid_block");
        TreeSet<Long> all = new TreeSet<>(List.of(middle));
        for (int level = 0; level < plan.levels(); level++) {
            boolean attends = depths.containsKey("down_blocks." + level);
            long depth = attends ? depth("down_blocks." + level) : level == plan.levels() - 1 ? middle : 1;
            String up = "up_blocks." + (plan.levels() - 1 - level);
            if (attends != depths.containsKey(up) || attends && depth(up) != depth) {
                throw uneven("level " + level + " differs on its way up");
            }
            byLevel.add(depth);
            if (attends) {
                all.add(depth);
            }
        }
        if (byLevel.get(plan.levels() - 1) != middle) {
            throw uneven("its middle differs from its lowest level");
        }
        return all.size() == 1 ? (Object) middle : byLevel;
    }

    private long depth(String block) {
        TreeSet<Integer> found = depths.getOrDefault(block, new TreeSet<>());
        if (found.size() != 1) {
            throw uneven(found.isEmpty() ? block + " has none" : "those of " + block + " differ");
        }
        return found.first();
    }

    private Problem uneven(String why) {
        return Problem.failure(where + " has transformers of a depth that cannot be guessed (" + why
                + "): give {config}, a folder with its unet/config.json");
    }

    private long size(String name, int dimension) {
        List<Long> shape = shape(name);
        if (shape.size() <= dimension) {
            throw Problem.failure(where + ": '" + name + "' has the shape " + shape + ", which no such network has");
        }
        return shape.get(dimension);
    }

    private List<Long> shape(String name) {
        TensorInfo info = tensors.get(name);
        if (info == null) {
            throw Problem.failure(where + " lacks '" + name + "'; it was cut short, or is of another kind");
        }
        return info.shape();
    }
}
