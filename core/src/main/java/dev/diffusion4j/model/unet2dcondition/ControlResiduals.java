// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.model.unet2dcondition;

import dev.diffusion4j.base.Check;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.bytedeco.pytorch.Tensor;

/**
 * What a network that runs beside a {@link UNet2DConditionModel} adds to its features: Zhang et al. (2023). The tensors are borrowed.
 *
 * @param down one for each sample that is joined on the way up, (B, C, H, W) each, in the order in which they are made
 * @param mid to the middle's result, (B, C, H, W)
 */
public record ControlResiduals(List<Tensor> down, Tensor mid) {
    public ControlResiduals {
        down = List.copyOf(down);
    }

    /**
     * Both together.
     *
     * @return new tensors owned by the current scope
     * @throws IllegalArgumentException where the other has more or fewer of them
     */
    public ControlResiduals plus(ControlResiduals other) {
        Check.that(
                down.size() == other.down.size(),
                "control networks of " + down.size() + " and " + other.down.size() + " residuals do not fit together");
        List<Tensor> sums = IntStream.range(0, down.size())
                .mapToObj(i -> down.get(i).add(other.down.get(i)))
                .toList();
        return new ControlResiduals(sums, mid.add(other.mid));
    }

    /** All tensors, for handing them from a scope to the one around it. */
    public List<Tensor> tensors() {
        return Stream.concat(down.stream(), Stream.of(mid)).toList();
    }
}
