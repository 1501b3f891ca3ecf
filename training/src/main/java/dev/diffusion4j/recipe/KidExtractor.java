// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.recipe;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Which classifier the kernel distance is measured by: the one that a recipe names, or what a preset of that one's recipe made. */
final class KidExtractor {
    private static final Logger LOG = LoggerFactory.getLogger(KidExtractor.class);

    private KidExtractor() {}

    /** With an extractor that is there; without the kernel distance where there is none, since the rest can be measured. */
    static @Nullable ValidationConfig measurable(@Nullable ValidationConfig validation) {
        if (validation == null
                || validation.kid() == null
                || Files.exists(Path.of(validation.kid().extractor()))) {
            return validation;
        }
        ValidationConfig.KidConfig kid = validation.kid();
        Path named = Path.of(kid.extractor());
        Optional<Path> made = ofPreset(named);
        if (made.isEmpty()) {
            LOG.warn(
                    "val_kid will not be measured: there is no {}; train it with the recipe flower-classifier, or name"
                            + " another classifier's folder in validation.kid.extractor",
                    named);
            return validation.withKid(null);
        }
        LOG.info("val_kid is measured by {}, since there is no {}", made.get(), named);
        return validation.withKid(new ValidationConfig.KidConfig(
                made.get().toString(), kid.steps(), kid.count(), kid.block(), kid.seed()));
    }

    /** {@code runs/flower-classifier-quick/model} for {@code runs/flower-classifier/model}. */
    private static Optional<Path> ofPreset(Path model) {
        Path run = model.getParent();
        Path name = run == null ? null : run.getFileName();
        if (run == null || name == null || !Recipes.BUILT_IN.contains(name.toString())) {
            return Optional.empty();
        }
        return Recipes.find(name.toString()).presets().keySet().stream()
                .map(preset -> run.resolveSibling(name + "-" + preset).resolve(model.getFileName()))
                .filter(Files::exists)
                .findFirst();
    }
}
