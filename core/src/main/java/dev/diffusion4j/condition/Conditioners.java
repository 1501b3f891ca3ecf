// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.condition;

import dev.diffusion4j.model.DiffusionModel;

/** The conditioner that a network needs. */
public final class Conditioners {
    private Conditioners() {}

    /**
     * For a network of this library.
     *
     * @param model borrowed; asked now, not kept
     */
    public static Conditioner of(DiffusionModel model) {
        return switch (model.classInput()) {
            case NONE -> new NoConditioner();
            case WORDS -> new WordConditioner(model.prompts().orElseThrow(), model.canDropContext());
            case COUNTED, ANY_NUMBER, VECTOR ->
                new ClassConditioner(model.classInput(), model.numClasses(), model.canDropContext());
        };
    }
}
