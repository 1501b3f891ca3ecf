// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.model.unet2dcondition;

import java.util.List;
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
}
