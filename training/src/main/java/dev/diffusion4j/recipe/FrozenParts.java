// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.recipe;

import dev.diffusion4j.model.Model;
import dev.diffusion4j.pipeline.PipelineParts;
import dev.diffusion4j.tensor.Precision;
import dev.diffusion4j.trainer.Choices;
import java.util.Set;
import java.util.function.Consumer;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.jspecify.annotations.Nullable;

/**
 * Where the frozen networks beside a denoiser compute, and when they are in memory: those that no update uses are there for as long as a picture is drawn
 * or a measurement taken. Of a Stable Diffusion, autoencoder and text encoder are a tenth of what a LoRA's training holds.
 */
final class FrozenParts implements Consumer<Model> {
    private final ScalarType dtype;
    private volatile @Nullable Choices choices;
    private volatile @Nullable PipelineParts parts;
    private volatile Set<String> unused = Set.of();

    /** @param dtype that a card keeps them in */
    FrozenParts(Precision dtype) {
        this.dtype = dtype.scalarType();
    }

    /** Prepares a network that was read. */
    @Override
    public void accept(Model network) {
        Choices known = choices;
        if (known != null) {
            place(network, known, dtype);
        } // else settle drops it, and it is read anew
    }

    private static void place(Model network, Choices choices, ScalarType dtype) {
        network.requiresGrad(false);
        if (!choices.placement().torchDevice().is_cpu()) {
            network.convert(choices.placement().torchDevice(), dtype);
        }
        network.channelsLast(choices.channelsLast());
    }

    /**
     * Puts all where they compute from now on; those that learn, the trainer prepares further.
     *
     * @param all borrowed
     */
    void settle(PipelineParts all, Choices chosen) {
        choices = chosen;
        parts = all;
        all.letGo(); // what was read before, for a word's first vectors
        Set<String> learning = all.conditioner().learning();
        all.staying()
                .forEach((name, network) -> place(network, chosen, learning.contains(name) ? ScalarType.Float : dtype));
    }

    /**
     * From now on those parts are in memory only while something uses them.
     *
     * @param names of {@link KeptInputs#unused}
     */
    void keepOnlyWhileUsed(Set<String> names) {
        unused = names;
        rest();
    }

    /** After something beside the updates has used them. */
    void rest() {
        PipelineParts all = parts;
        if (all != null) {
            all.letGo(unused);
        }
    }
}
