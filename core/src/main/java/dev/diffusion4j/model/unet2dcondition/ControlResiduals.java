// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.model.unet2dcondition;

import dev.diffusion4j.base.Check;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * What a network that runs beside a {@link UNet2DConditionModel} adds to its features: Zhang et al. (2023). The tensors are borrowed.
 *
 * @param down one for each sample that is joined on the way up, (B, C, H, W) or (B, C, 1, 1) each, in the order in which they are made
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

    /**
     * For a batch that is {@code times} as large, nothing being added to what comes behind.
     *
     * @return new tensors owned by the current scope
     */
    public ControlResiduals before(int times) {
        return new ControlResiduals(
                down.stream().map(each -> padded(each, times)).toList(), padded(mid, times));
    }

    private static Tensor padded(Tensor residual, int times) {
        return torch.constant_pad_nd(residual, 0, 0, 0, 0, 0, 0, 0, residual.size(0) * (times - 1));
    }

    /** All tensors, for handing them from a scope to the one around it. */
    public List<Tensor> tensors() {
        return Stream.concat(down.stream(), Stream.of(mid)).toList();
    }
}
