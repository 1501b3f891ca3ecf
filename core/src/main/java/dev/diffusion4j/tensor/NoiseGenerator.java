// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.tensor;

import dev.diffusion4j.base.InvalidArgument;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Whose random numbers noise is made of, all computed on the CPU: {@code cpu} is {@code torch.Generator("cpu")}; {@code cuda} is
 * {@code torch.Generator("cuda")} on a card that no draw fills, where each value has a thread of its own; {@code cuda:132x2048} on
 * a card of 132 multiprocessors with at most 2048 threads each. The last two differ in draws of more values than the card has threads only.
 */
public sealed interface NoiseGenerator {
    /** {@code torch.Generator("cpu")}. */
    NoiseGenerator CPU = new Cpu();

    /** {@code torch.Generator("cuda")}, each value by a thread of its own. */
    NoiseGenerator CUDA = new Cuda(CudaGrid.UNCAPPED);

    /** {@code torch.Generator("cuda")} on a card of this size. */
    static NoiseGenerator cuda(int multiprocessors, int threadsPerMultiprocessor) {
        return new Cuda(CudaGrid.of(multiprocessors, threadsPerMultiprocessor));
    }

    /** {@code cpu}, {@code cuda} or {@code cuda:SMSxTHREADS}. */
    static NoiseGenerator parse(String text) {
        Matcher card = Cuda.CARD.matcher(text.strip());
        if (card.matches()) {
            return cuda(Integer.parseInt(card.group(1)), Integer.parseInt(card.group(2)));
        }
        return switch (text.strip().toLowerCase(Locale.ROOT)) {
            case "cpu" -> CPU;
            case "cuda" -> CUDA;
            default ->
                throw new InvalidArgument("{rng} must be 'cpu', 'cuda', or 'cuda:SMSxTHREADS' with a card's "
                        + "multiprocessors and the threads of each, such as cuda:132x2048, but was '" + text + "'");
        };
    }

    /** As {@link #parse}. */
    static NoiseGenerator fromJson(Object value) {
        return parse(String.valueOf(value));
    }

    /** What {@link #parse} reads. */
    String text();

    /** {@link #text()}. */
    default Object toJson() {
        return text();
    }

    /** torch's generator of the CPU. */
    record Cpu() implements NoiseGenerator {
        @Override
        public String text() {
            return "cpu";
        }
    }

    /** torch's generator of a CUDA card. */
    record Cuda(CudaGrid grid) implements NoiseGenerator {
        private static final Pattern CARD = Pattern.compile("(?i)cuda:(\\d{1,6})x(\\d{1,6})");

        @Override
        public String text() {
            return grid.isCapped() ? "cuda:" + grid.text() : "cuda";
        }
    }
}
