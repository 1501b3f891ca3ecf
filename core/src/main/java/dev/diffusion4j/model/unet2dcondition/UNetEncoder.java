// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.model.unet2dcondition;

import dev.diffusion4j.layer.BlockInput;
import dev.diffusion4j.layer.Conv2d;
import dev.diffusion4j.layer.Layer;
import dev.diffusion4j.layer.block.BlockState;
import dev.diffusion4j.layer.block.Level;
import dev.diffusion4j.layer.block.MidBlock;
import dev.diffusion4j.model.Conditioning;
import dev.diffusion4j.model.PassCost;
import dev.diffusion4j.model.SampleSize;
import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.MemoryFormat;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.jspecify.annotations.Nullable;

/**
 * The way down of a {@link UNet2DConditionModel} and its middle, which a network that runs beside one has as well. Weight names are
 * diffusers' names. Tensors that methods make belong to the current scope.
 */
public final class UNetEncoder extends Layer {
    private final Conv2d convIn;
    private final ConditionInputs inputs;
    private final List<Level> downBlocks;
    private final @Nullable MidBlock midBlock;

    /** Without content. */
    public UNetEncoder(UNet2DConditionConfig config) {
        int kernel = config.convInKernel();
        convIn = child("conv_in", new Conv2d(config.inChannels(), config.width(0), kernel, 1, (kernel - 1) / 2));
        inputs = child("", new ConditionInputs(config));
        ConditionLevels made = new ConditionLevels(config);
        downBlocks = children("down_blocks", made.down());
        MidBlock middle = made.mid();
        midBlock = middle == null ? null : child("mid_block", middle);
    }

    /** What it computes in. */
    public ScalarType type() {
        return convIn.type();
    }

    /**
     * Down to the lowest level.
     *
     * @param sample (B, C, H, W) in the network's dtype
     * @param timestep {@code float32 (B)} or {@code (1)}
     * @param hint added to the first features, (B or 1, C', H, W); {@code null} for none
     * @return with the samples that are joined on the way up
     */
    public BlockState down(Tensor sample, Tensor timestep, Conditioning conditioning, @Nullable Tensor hint) {
        BlockInput input = inputs.read(timestep, conditioning, sample.size(0), type());
        Tensor ordered = isFrozen() ? sample.contiguous(MemoryFormat.ChannelsLast) : sample;
        BlockState state = BlockState.ofUNet(convIn.forward(ordered), input);
        if (hint != null) {
            state.apply((Tensor hidden) -> hidden.add(hint));
        }
        state.pushSkip();
        downBlocks.forEach(block -> block.forward(state));
        return state;
    }

    /** Through the middle, where there is one. */
    public void middle(BlockState state) {
        if (midBlock != null) {
            midBlock.forward(state);
        }
    }

    /**
     * What {@link #down} and {@link #middle} cost.
     *
     * @param size of a sample
     * @param batch how many samples
     * @param words places of their prompts
     */
    public static PassCost cost(UNet2DConditionConfig config, SampleSize size, int batch, int words) {
        return new UNetCost(config, size, batch, words).encoder();
    }

    /** How many numbers all features of a batch are. */
    public static double features(UNet2DConditionConfig config, SampleSize size, int batch) {
        return new UNetCost(config, size, batch, 0).features();
    }
}
