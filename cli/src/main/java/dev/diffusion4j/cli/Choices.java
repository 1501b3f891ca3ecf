// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.cli;

import dev.diffusion4j.adapter.LoraLayout;
import dev.diffusion4j.base.Keyed;
import dev.diffusion4j.pipeline.request.NoiseMode;
import dev.diffusion4j.recipe.Recipes;
import dev.diffusion4j.scheduler.SchedulerKind;
import dev.diffusion4j.tensor.NoiseDtype;
import dev.diffusion4j.tensor.Precision;
import dev.diffusion4j.text.PromptSyntax;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** The words that a flag takes, for help and shell completion. */
final class Choices {
    private Choices() {}

    /** Of {@code --prompt-syntax}. */
    static final class PromptSyntaxes extends ArrayList<String> {
        private static final long serialVersionUID = 1L;

        PromptSyntaxes() {
            super(keys(PromptSyntax.values()));
        }
    }

    /** Of {@code --scheduler}. */
    static final class Schedulers extends ArrayList<String> {
        private static final long serialVersionUID = 1L;

        Schedulers() {
            super(keys(SchedulerKind.values()));
        }
    }

    /** Of {@code --dtype}. */
    static final class Precisions extends ArrayList<String> {
        private static final long serialVersionUID = 1L;

        Precisions() {
            super(keys(Precision.values()));
        }
    }

    /** Of {@code convert --dtype}. */
    static final class WeightFormats extends ArrayList<String> {
        private static final long serialVersionUID = 1L;

        WeightFormats() {
            super(keys(WeightFormat.values()));
        }
    }

    /** Of {@code convert --to}. */
    static final class LoraLayouts extends ArrayList<String> {
        private static final long serialVersionUID = 1L;

        LoraLayouts() {
            super(keys(LoraLayout.values()));
        }
    }

    /** Of {@code --noise}. */
    static final class NoiseModes extends ArrayList<String> {
        private static final long serialVersionUID = 1L;

        NoiseModes() {
            super(keys(NoiseMode.values()));
        }
    }

    /** Of {@code --noise-dtype}. */
    static final class NoiseDtypes extends ArrayList<String> {
        private static final long serialVersionUID = 1L;

        NoiseDtypes() {
            super(keys(NoiseDtype.values()));
        }
    }

    /** Of {@code train}. */
    static final class RecipeNames extends ArrayList<String> {
        private static final long serialVersionUID = 1L;

        RecipeNames() {
            super(Recipes.BUILT_IN);
        }
    }

    private static List<String> keys(Keyed[] constants) {
        return Arrays.stream(constants).map(Keyed::key).toList();
    }
}
