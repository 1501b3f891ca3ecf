// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.model.unet2dcondition;

import dev.diffusion4j.checkpoint.NamePairs;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The denoiser as Stable Diffusion's original code names its parts ({@code openaimodel.py}): all levels in two rows of numbered blocks. The
 * first names of {@link #names} are that code's, the second those of {@link UNet2DConditionModel}; shapes are the same.
 *
 * @param levels how often the size is halved, and one
 * @param layersPerBlock residual blocks of a level on the way down
 * @param upAttention the levels on the way up, from the bottom, that ask the prompt: what doubles the size stands behind the attention there
 */
public record OriginalUNet(int levels, int layersPerBlock, Collection<Integer> upAttention) {
    private static final Pattern INPUT = Pattern.compile("input_blocks\\.(\\d+)\\..+");
    private static final Pattern HALVING = Pattern.compile("input_blocks\\.(\\d+)\\.0\\.op\\.weight");
    private static final Pattern OUTPUT = Pattern.compile("output_blocks\\.(\\d+)\\..+");
    private static final Pattern OUTPUT_ATTENTION = Pattern.compile("output_blocks\\.(\\d+)\\.1\\.norm\\.weight");
    private static final Pattern DOWN = Pattern.compile("down_blocks\\.(\\d+)\\.resnets\\.0\\..+");
    private static final Pattern FIRST_LAYERS = Pattern.compile("down_blocks\\.0\\.resnets\\.(\\d+)\\..+");
    private static final Pattern UP_ATTENTION = Pattern.compile("up_blocks\\.(\\d+)\\.attentions\\.0\\..+");

    /** The parts of a residual block. */
    private static final Map<String, String> RESNET = Map.of(
            "in_layers.0", "norm1",
            "in_layers.2", "conv1",
            "emb_layers.1", "time_emb_proj",
            "out_layers.0", "norm2",
            "out_layers.3", "conv2",
            "skip_connection", "conv_shortcut");

    public OriginalUNet {
        upAttention = List.copyOf(upAttention);
    }

    /** Of the original names; empty where they are of no such network. */
    public static Optional<OriginalUNet> ofOriginal(Collection<String> names) {
        TreeSet<Integer> inputs = numbers(names, INPUT);
        TreeSet<Integer> halvings = numbers(names, HALVING);
        TreeSet<Integer> outputs = numbers(names, OUTPUT);
        int levels = halvings.size() + 1;
        int blocks = halvings.isEmpty() ? inputs.size() : halvings.first();
        boolean isRegular = blocks > 1
                && inputs.size() == levels * blocks
                && outputs.size() == levels * blocks
                && inputs.last() == inputs.size() - 1
                && outputs.last() == outputs.size() - 1
                && halvings.stream().allMatch(i -> i % blocks == 0);
        TreeSet<Integer> attention = new TreeSet<>();
        numbers(names, OUTPUT_ATTENTION).forEach(i -> attention.add(i / blocks));
        return isRegular ? Optional.of(new OriginalUNet(levels, blocks - 1, attention)) : Optional.empty();
    }

    /** Of diffusers' names; empty where they are of no such network. */
    public static Optional<OriginalUNet> ofDiffusers(Collection<String> names) {
        int levels = numbers(names, DOWN).size();
        int layers = numbers(names, FIRST_LAYERS).size();
        return levels > 0 && layers > 0
                ? Optional.of(new OriginalUNet(levels, layers, numbers(names, UP_ATTENTION)))
                : Optional.empty();
    }

    private static TreeSet<Integer> numbers(Collection<String> names, Pattern pattern) {
        TreeSet<Integer> numbers = new TreeSet<>();
        for (String name : names) {
            Matcher found = pattern.matcher(name);
            if (found.matches() && found.group(1).length() < 6) {
                numbers.add(Integer.valueOf(found.group(1)));
            }
        }
        return numbers;
    }

    /** Original names with diffusers' names. */
    public NamePairs names() {
        NamePairs names = new NamePairs()
                .add("time_embed.0", "time_embedding.linear_1")
                .add("time_embed.2", "time_embedding.linear_2")
                .add("label_emb.0.0", "add_embedding.linear_1")
                .add("label_emb.0.2", "add_embedding.linear_2")
                .add("input_blocks.0.0", "conv_in")
                .add("out.0", "conv_norm_out")
                .add("out.2", "conv_out")
                .add("middle_block.1", "mid_block.attentions.0");
        addResnet(names, "middle_block.0", "mid_block.resnets.0");
        addResnet(names, "middle_block.2", "mid_block.resnets.1");
        for (int level = 0; level < levels; level++) {
            addDown(names, level);
            addUp(names, level);
        }
        return names;
    }

    private void addDown(NamePairs names, int level) {
        int first = 1 + level * (layersPerBlock + 1);
        String block = "down_blocks." + level + ".";
        for (int layer = 0; layer < layersPerBlock; layer++) {
            String input = "input_blocks." + (first + layer) + ".";
            addResnet(names, input + "0", block + "resnets." + layer);
            names.add(input + "1", block + "attentions." + layer);
        }
        if (level < levels - 1) {
            names.add("input_blocks." + (first + layersPerBlock) + ".0.op", block + "downsamplers.0.conv");
        }
    }

    private void addUp(NamePairs names, int level) {
        int first = level * (layersPerBlock + 1);
        boolean attends = upAttention.contains(level);
        String block = "up_blocks." + level + ".";
        for (int layer = 0; layer <= layersPerBlock; layer++) {
            String output = "output_blocks." + (first + layer) + ".";
            addResnet(names, output + "0", block + "resnets." + layer);
            if (attends) {
                names.add(output + "1", block + "attentions." + layer);
            }
        }
        if (level < levels - 1) {
            String last = "output_blocks." + (first + layersPerBlock) + (attends ? ".2.conv" : ".1.conv");
            names.add(last, block + "upsamplers.0.conv");
        }
    }

    private static void addResnet(NamePairs names, String original, String diffusers) {
        RESNET.forEach((first, second) -> names.add(original + "." + first, diffusers + "." + second));
    }
}
