// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.recipe;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.checkpoint.RunManifest;
import dev.diffusion4j.json.Yaml;
import dev.diffusion4j.parallel.ProcessGroup;
import dev.diffusion4j.trainer.DataRecord;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Whether the processes of a training are at the same thing; each looks, so that the one that is not says so. */
final class Agreement {
    /** What may differ from machine to machine: where things lie. What lies there is compared by itself. */
    private static final Map<String, List<String>> PLACES =
            Map.of("data", List.of("source"), "model", List.of("from", "parts"), "export", List.of("folder"));

    /** What a process was asked to do. */
    enum Task {
        START("starts a run"),
        RESUME("goes on with a run"),
        START_CHAIN("starts a chain of runs"),
        RESUME_CHAIN("goes on with a chain of runs, whose folder all processes must see");

        private final String text;

        Task(String text) {
            this.text = text;
        }
    }

    private Agreement() {}

    /**
     * Of what is done, and by which version; before anything else.
     *
     * @throws Problem (a failure) where this process does another thing than the first one, or is another version
     */
    static void ofTask(ProcessGroup group, Task task) {
        if (!group.isShared()) {
            return;
        }
        String version = RunManifest.libraryVersion();
        String firstVersion = group.ofFirst(version);
        check(group, firstVersion.equals(version), "is diffusion4j " + version + ", and process 0 is " + firstVersion);
        String first = group.ofFirst(task.text);
        check(group, first.equals(task.text), task.text + ", and process 0 " + first);
    }

    /**
     * Of what is run.
     *
     * @throws Problem (a failure) where this process has another recipe than the first one
     */
    static void ofRecipe(ProcessGroup group, Recipe recipe) {
        if (!group.isShared()) {
            return;
        }
        Map<String, @Nullable Object> first = Yaml.parseObject(group.ofFirst(recipe.toYaml()), "recipe");
        Map<String, @Nullable Object> own = Yaml.parseObject(recipe.toYaml(), "recipe");
        Optional<String> difference = RecipeDifference.first(placeless(first), placeless(own));
        check(group, difference.isEmpty(), "has another recipe than process 0: " + difference.orElse(""));
    }

    /**
     * Of what is learnt from.
     *
     * @throws Problem (a failure) where this process has other data than the first one
     */
    static void ofData(ProcessGroup group, String description, DataRecord record) {
        if (group.isShared()) {
            String first = group.ofFirst(record.fingerprint());
            check(
                    group,
                    first.equals(record.fingerprint()),
                    "has other data than process 0: " + description + ", of which the pictures, their order, classes or"
                            + " captions differ");
        }
    }

    private static void check(ProcessGroup group, boolean isSo, String otherwise) {
        if (!isSo) {
            throw Problem.failure("process " + group.world().rank() + " " + otherwise
                    + "; all processes of a training must be given the same");
        }
    }

    private static Map<String, @Nullable Object> placeless(Map<String, @Nullable Object> recipe) {
        Map<String, @Nullable Object> rest = new LinkedHashMap<>(recipe);
        PLACES.forEach((part, keys) -> {
            if (rest.get(part) instanceof Map<?, ?> map) {
                Map<Object, @Nullable Object> some = new LinkedHashMap<>(map);
                some.keySet().removeAll(keys);
                rest.put(part, some);
            }
        });
        return rest;
    }
}
