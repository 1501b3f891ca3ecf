// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.model.unet2dcondition;

import dev.diffusion4j.model.PassCost;
import dev.diffusion4j.model.SampleSize;
import dev.diffusion4j.model.unet2dcondition.UNet2DConditionConfig.DownBlockType;
import dev.diffusion4j.model.unet2dcondition.UNet2DConditionConfig.MidBlockType;
import dev.diffusion4j.model.unet2dcondition.UNet2DConditionConfig.UpBlockType;
import java.util.ArrayDeque;
import java.util.Deque;

/** Walks through a {@link UNet2DConditionModel} as its config describes it, and adds up what a pass costs. */
final class UNetCost {
    private final UNet2DConditionConfig config;
    private final SampleSize size;
    private final int batch;
    private final int words;
    private final int last;
    private final PassCost.Sum sum;
    private final Deque<double[]> skips = new ArrayDeque<>();

    /** @param words places of the prompt */
    UNetCost(UNet2DConditionConfig config, SampleSize size, int batch, int words) {
        this.config = config;
        this.size = size;
        this.batch = batch;
        this.words = words;
        this.last = config.levels() - 1;
        this.sum = new PassCost.Sum(batch);
    }

    PassCost get() {
        encode();
        double top = pixels(0);
        for (int level = last; level >= 0; level--) {
            up(level);
        }
        sum.convolution(config.width(0), config.outChannels(), config.convOutKernel(), top);
        return sum.toCost();
    }

    /** Of the way down and the middle alone, whose features are the result. */
    PassCost encoder() {
        encode();
        return sum.toCost();
    }

    /** How many numbers those features are. */
    double features() {
        encode();
        return skips.stream().mapToDouble(skip -> skip[0] * skip[1]).sum() + config.width(last) * pixels(last);
    }

    private void encode() {
        double top = pixels(0);
        sum.convolution(config.inChannels(), config.width(0), config.convInKernel(), top);
        skip(config.width(0), top);
        for (int level = 0; level <= last; level++) {
            down(level);
        }
        middle();
    }

    /** Of all pictures together. */
    private double pixels(int level) {
        double height = Math.ceil(size.height() / (double) (1L << level));
        double width = Math.ceil(size.width() / (double) (1L << level));
        return batch * height * width;
    }

    private void skip(double channels, double pixels) {
        skips.push(new double[] {channels, pixels});
        sum.keep(channels * pixels);
    }

    private void down(int level) {
        boolean attends = config.downBlockTypes().get(level) == DownBlockType.CROSS_ATTENTION;
        double width = config.width(level);
        for (int i = 0; i < config.layersPerBlock().at(level); i++) {
            double in = i == 0 ? config.width(Math.max(level - 1, 0)) : width;
            sum.residual(in, width, pixels(level));
            if (attends) {
                transformer(level, config.transformerLayersPerBlock().at(level, i));
            }
            skip(width, pixels(level));
        }
        if (level < last) {
            sum.halving(width, pixels(level + 1));
            skip(width, pixels(level + 1));
        }
    }

    private void middle() {
        MidBlockType type = config.midBlockType();
        if (type == null) {
            return;
        }
        double width = config.width(last);
        sum.residual(width, width, pixels(last));
        if (type == MidBlockType.CROSS_ATTENTION) {
            transformer(last, config.transformerLayersPerBlock().at(last));
            sum.residual(width, width, pixels(last));
        }
    }

    private void up(int level) {
        int step = last - level;
        boolean attends = config.upBlockTypes().get(step) == UpBlockType.CROSS_ATTENTION;
        LevelNumbers reverse = config.reverseTransformerLayersPerBlock();
        double before = config.width(Math.min(level + 1, last));
        for (int i = 0; i <= config.layersPerBlock().at(level); i++) {
            double[] skip = skips.pop();
            sum.residual(before + skip[0], config.width(level), pixels(level));
            sum.touch((config.width(level) + 2 * skip[0]) * pixels(level));
            sum.release(skip[0] * skip[1]);
            if (attends) {
                transformer(
                        level,
                        reverse == null ? config.transformerLayersPerBlock().at(level) : reverse.at(step, i));
            }
            before = config.width(level);
        }
        if (level > 0) {
            sum.doubling(config.width(level), pixels(level - 1));
        }
    }

    /** {@link dev.diffusion4j.layer.block.Transformer2D}: its feed-forward layer makes eight times as many features, and four of their gates. */
    private void transformer(int level, int depth) {
        double width = config.width(level);
        double tokens = pixels(level);
        double ofOne = tokens / batch;
        sum.product(width, 2 * width, tokens);
        for (int i = 0; i < depth; i++) {
            double context = config.crossAttentionDim().at(level);
            sum.product(width, 4 * width, tokens);
            sum.attention(width, tokens, config.onlyCrossAttention().at(level) ? words : ofOne);
            sum.product(width, 2 * width, tokens);
            sum.product(context, 2 * width, (double) batch * words);
            sum.attention(width, tokens, words);
            sum.product(width, 12 * width, tokens);
            sum.touch(18 * width * tokens);
        }
        sum.touch(4 * width * tokens);
        sum.alive(15 * width * tokens);
    }
}
