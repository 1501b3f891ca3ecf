// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.layer;

import dev.diffusion4j.tensor.BackwardTape;
import dev.diffusion4j.tensor.Placement;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.Tensors;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.bytedeco.pytorch.GradMode;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.jspecify.annotations.Nullable;

/** Operations with weights that are kept in fewer digits than is computed with: {@link Layer#store}. */
final class StoredWeight {
    private StoredWeight() {}

    /** An operation of an input; {@code seen} gives a weight as it is computed with. */
    @FunctionalInterface
    interface Operation {
        Tensor of(Tensor input, UnaryOperator<Tensor> seen);
    }

    /**
     * The operation with weights in the input's dtype, or as autocast casts them. A weight in more digits is there only while the operation
     * runs: LibTorch would keep it for the backward pass, which makes it again instead.
     *
     * @return a new tensor owned by the current scope; on the graph where the input is
     */
    static Tensor operate(Tensor input, Operation body) {
        if (Placement.Autocast.current().reaches(input)) {
            return body.of(input, UnaryOperator.identity());
        }
        Optional<BackwardTape> tape = BackwardTape.current();
        if (tape.isEmpty() || !GradMode.is_enabled() || !input.requires_grad() || Recomputation.isActive()) {
            return wide(input, body);
        }
        return tape.get().recompute(List.of(input), given -> wide(given.get(0), body));
    }

    private static Tensor wide(Tensor input, Operation body) {
        return TensorScope.keepResult(() -> body.of(input, weight -> weight.to(Tensors.type(input))));
    }

    /** A bias as it is computed with; nothing for none. */
    static TensorOptional optional(@Nullable Tensor bias, UnaryOperator<Tensor> seen) {
        return bias == null ? new TensorOptional() : new TensorOptional(seen.apply(bias));
    }
}
