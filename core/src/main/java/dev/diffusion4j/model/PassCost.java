// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.model;

/**
 * What one pass of a network costs, worked out from its config.
 *
 * @param convolutions floating-point operations in convolutions, a multiplication and an addition counted as two
 * @param products the same in matrix products, attention among them
 * @param values the most numbers that are in memory at a time besides the weights
 */
public record PassCost(double convolutions, double products, double values) {
    /** Of nothing. */
    public static final PassCost NONE = new PassCost(0, 0, 0);

    /** All operations. */
    public double operations() {
        return convolutions + products;
    }

    /** A sum that one part after the other adds to. Not thread-safe. */
    public static final class Sum {
        private double convolutions;
        private double products;
        private double kept;
        private double most;

        /** A square convolution, of {@code pixels} results. */
        public void convolution(double in, double out, double kernel, double pixels) {
            convolutions += 2 * in * out * kernel * kernel * pixels;
        }

        /** A linear map of {@code tokens}. */
        public void product(double in, double out, double tokens) {
            products += 2 * in * out * tokens;
        }

        /** Two products of {@code queries} with {@code keys}. */
        public void attention(double features, double queries, double keys) {
            products += 4 * features * queries * keys;
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
            alive(Math.max(2 * in + out, in + 3 * out) * pixels);
        }

        /** Doubling with its convolution, as four small ones whose weights stay; {@code pixels} of the result. */
        public void doubling(double channels, double pixels) {
            keep(16 * channels * channels);
            convolutions += 2 * channels * channels * 4 * pixels;
            alive(1.5 * channels * pixels);
        }

        /** What was added up. */
        public PassCost toCost() {
            return new PassCost(convolutions, products, most);
        }
    }
}
