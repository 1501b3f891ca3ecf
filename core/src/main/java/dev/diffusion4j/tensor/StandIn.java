// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.tensor;

import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.IValue;
import org.bytedeco.pytorch.OperatorHandle;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.jspecify.annotations.Nullable;

/** What tests put in place of the first card, to see where tensors are made. It may hold tensors in another form than the processor and real cards do. */
abstract class StandIn {
    private static volatile @Nullable StandIn current;

    /** From now on; {@code null} for the cards that there are. */
    static void use(@Nullable StandIn card) {
        current = card;
    }

    static @Nullable StandIn current() {
        return current;
    }

    abstract Device device();

    /** Gives a weight of the one device what a tensor of the other holds. */
    abstract void replace(Tensor weight, Tensor with);

    /** Keeps in mind that {@code optional} is to be what {@code weight} is. */
    abstract void follow(Tensor weight, TensorOptional optional);

    /** Calls an operator whose results are in its arguments. */
    abstract void run(OperatorHandle operator, IValue... arguments);
}
