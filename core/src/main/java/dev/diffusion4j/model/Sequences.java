// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.model;

import static dev.diffusion4j.model.Conditioning.ENCODER_ATTENTION_MASK;
import static dev.diffusion4j.model.Conditioning.ENCODER_HIDDEN_STATES;
import static org.bytedeco.pytorch.global.torch.cat;
import static org.bytedeco.pytorch.global.torch.ones;
import static org.bytedeco.pytorch.global.torch.zeros;

import dev.diffusion4j.base.Check;
import dev.diffusion4j.model.Conditioning.Padding;
import dev.diffusion4j.tensor.Shapes;
import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;

/** Brings what networks attend to, sequences of hidden states with their masks, to one length. */
final class Sequences {
    private Sequences() {}

    /** The same conditionings with {@link Conditioning#ENCODER_HIDDEN_STATES} of one length. */
    static List<Conditioning> sameLength(List<Conditioning> parts, Padding padding) {
        long[] lengths = parts.stream().mapToLong(Sequences::length).distinct().toArray();
        if (lengths.length == 1) {
            return parts;
        }
        return switch (padding) {
            case REFUSE ->
                throw new IllegalArgumentException("sequences of one batch must be of one length, but these have "
                        + Shapes.text(lengths) + " places");
            case MASKED -> {
                long longest = java.util.Arrays.stream(lengths).max().orElseThrow();
                yield parts.stream().map(part -> masked(part, longest)).toList();
            }
            case REPEAT -> {
                long common = java.util.Arrays.stream(lengths).reduce(1, Sequences::leastCommonMultiple);
                yield parts.stream().map(part -> repeated(part, common)).toList();
            }
        };
    }

    /** 0 where there are no hidden states. */
    private static long length(Conditioning part) {
        Tensor states = part.get(ENCODER_HIDDEN_STATES);
        return states == null ? 0 : states.size(1);
    }

    private static Conditioning masked(Conditioning part, long length) {
        Tensor states = Check.given(part.get(ENCODER_HIDDEN_STATES), ENCODER_HIDDEN_STATES);
        Tensor given = part.get(ENCODER_ATTENTION_MASK);
        long batch = states.size(0);
        long missing = length - states.size(1);
        Tensor mask = given == null ? ones(new long[] {batch, states.size(1)}, states.options()) : given;
        return part.with(
                        ENCODER_HIDDEN_STATES,
                        cat(
                                new TensorVector(
                                        states, zeros(new long[] {batch, missing, states.size(2)}, states.options())),
                                1))
                .with(
                        ENCODER_ATTENTION_MASK,
                        cat(new TensorVector(mask, zeros(new long[] {batch, missing}, mask.options())), 1));
    }

    private static Conditioning repeated(Conditioning part, long length) {
        Tensor states = Check.given(part.get(ENCODER_HIDDEN_STATES), ENCODER_HIDDEN_STATES);
        long times = length / states.size(1);
        Conditioning longer = part.with(ENCODER_HIDDEN_STATES, states.repeat(1, times, 1));
        Tensor mask = part.get(ENCODER_ATTENTION_MASK);
        return mask == null ? longer : longer.with(ENCODER_ATTENTION_MASK, mask.repeat(1, times));
    }

    private static long leastCommonMultiple(long a, long b) {
        long x = a;
        long y = b;
        while (y != 0) {
            long rest = x % y;
            x = y;
            y = rest;
        }
        return x == 0 ? 0 : a / x * b;
    }
}
