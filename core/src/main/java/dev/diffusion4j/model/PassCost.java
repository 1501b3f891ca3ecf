// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.model;

import dev.diffusion4j.layer.Conv2d;
import dev.diffusion4j.tensor.Precision;

/**
 * What one pass of a network costs, worked out from its config.
 *
 * @param work what is computed
 * @param values the most numbers that are in memory at a time besides the weights and what is made of them
 * @param made numbers that are made of weights in the first pass, and stay as long as these
 * @param madeSplit the same in f32 alone, for the convolutions that are split
 */
public record PassCost(Work work, double values, double made, double madeSplit) {
    /** Of nothing. */
    public static final PassCost NONE = new PassCost(Work.NONE, 0, 0, 0);

    /** Bytes besides the weights and what is made of them, of numbers in that format. */
    public double bytes(Precision precision) {
        return isSplit(precision) ? size(precision) * (values + Conv2d.SPLIT_SCRATCH) : size(precision) * values;
    }

    /** Bytes of what is made of weights. */
    public double madeBytes(Precision precision) {
        return size(precision) * (isSplit(precision) ? made + madeSplit : made);
    }

    private boolean isSplit(Precision precision) {
        return precision == Precision.F32 && madeSplit > 0;
    }

    private static double size(Precision precision) {
        return precision == Precision.BF16 ? 2 : 4;
    }

    /** A sum that one part after the other adds to. Not thread-safe. */
    public static final class Sum {
        private final double pictures;
        private Work work = Work.NONE;
        private double kept;
        private double most;
        private double made;
        private double madeSplit;

        /** @param pictures that the pixels and tokens belong to */
        public Sum(double pictures) {
            this.pictures = pictures;
        }

        /** A square convolution, of {@code pixels} results of all pictures. */
        public void convolution(double in, double out, double kernel, double pixels) {
            double operations = 2 * in * out * kernel * kernel * pixels;
            boolean isSplit = kernel == 3 && Conv2d.isSplit(in, out, pixels / pictures);
            work = work.plus(
                    new Work(operations, 0, 0, isSplit ? operations : 0, isSplit ? (in + out) * pixels : 0, 0));
            madeSplit += isSplit ? Conv2d.SPLIT_WEIGHTS * in * out : 0;
        }

        /** A convolution of 3×3 that halves the size, of {@code pixels} results. */
        public void halving(double channels, double pixels) {
            work = work.plus(new Work(2 * channels * channels * 9 * pixels, 0, 0, 0, 0, 0));
        }

        /** A linear map of {@code tokens}. */
        public void product(double in, double out, double tokens) {
            work = work.plus(new Work(0, 2 * in * out * tokens, 0, 0, 0, 0));
        }

        /** Two products of {@code queries} with {@code keys}. */
        public void attention(double features, double queries, double keys) {
            work = work.plus(new Work(0, 0, 4 * features * queries * keys, 0, 0, 0));
        }

        /** Numbers that norms, activations or sums read and write. */
        public void touch(double values) {
            work = work.plus(new Work(0, 0, 0, 0, 0, values));
        }

        /** Numbers that stay until the pass ends. */
        public void keep(double values) {
            kept += values;
            alive(0);
        }

        /** Numbers that were kept are used up. */
        public void release(double values) {
            kept -= values;
        }

        /** Numbers that are there beside the kept ones for a while. */
        public void alive(double values) {
            most = Math.max(most, kept + values);
        }

        /** A residual block: the sample, its norm and two convolutions; the sample of the caller is counted. */
        public void residual(double in, double out, double pixels) {
            convolution(in, out, 3, pixels);
            convolution(out, out, 3, pixels);
            if (in != out) {
                convolution(in, out, 1, pixels);
            }
            touch((2 * in + 3 * out) * pixels);
            alive(Math.max(2 * in + out, in + 3 * out) * pixels);
        }

        /** Doubling with its convolution, as four small ones whose weights stay; {@code pixels} of the result. */
        public void doubling(double channels, double pixels) {
            made += 16 * channels * channels;
            work = work.plus(new Work(2 * channels * channels * 4 * pixels, 0, 0, 0, 0, channels * pixels));
            alive(1.5 * channels * pixels);
        }

        /** What was added up. */
        public PassCost toCost() {
            return new PassCost(work, most, made, madeSplit);
        }
    }
}
