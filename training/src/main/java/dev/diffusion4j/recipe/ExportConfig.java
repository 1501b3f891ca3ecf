// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.recipe;

import dev.diffusion4j.base.Check;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Pipeline folders that a run saves besides its own {@code model/}: at the end, and on the way, so that what it has learnt can be
 * used while it goes on. The weights are the averaged ones where there are any.
 *
 * @param folder for the end; {@code null} for none. On the way, {@code null} stands for {@code models/step-000500} in the run's
 *     folder
 * @param everySteps after how many updates; {@code null} for never
 * @param everyEpochs after how many epochs; 0 for never
 * @param stepInName whether those on the way are folders of their own, {@code folder} with {@code step_500} behind it; else each
 *     replaces the one before
 */
public record ExportConfig(@Nullable String folder, @Nullable Integer everySteps, int everyEpochs, boolean stepInName) {
    public static final ExportConfig DEFAULT = new ExportConfig(null, null, 0, false);

    public ExportConfig {
        Check.that(folder == null || !folder.isBlank(), "folder must not be empty");
        if (everySteps != null) {
            Check.positive(everySteps, "every_steps");
        }
        Check.notNegative(everyEpochs, "every_epochs");
    }

    /** @param epoch from 0 */
    boolean isDue(long step, boolean endsEpoch, long epoch) {
        return everySteps != null && step % everySteps == 0
                || endsEpoch && everyEpochs > 0 && (epoch + 1) % everyEpochs == 0;
    }

    /** {@code ExportConfig.DEFAULT.with(c -> c.folder = …)}: the result is checked anew. */
    public ExportConfig with(Consumer<Draft> edit) {
        Draft draft = draft();
        edit.accept(draft);
        return draft.done();
    }

    Draft draft() {
        return new Draft(this);
    }

    /** The values on their way to other ones; checked when they are done. */
    public static final class Draft {
        public @Nullable String folder;
        public @Nullable Integer everySteps;
        public int everyEpochs;
        public boolean stepInName;

        private Draft(ExportConfig from) {
            folder = from.folder;
            everySteps = from.everySteps;
            everyEpochs = from.everyEpochs;
            stepInName = from.stepInName;
        }

        ExportConfig done() {
            return new ExportConfig(folder, everySteps, everyEpochs, stepInName);
        }
    }
}
