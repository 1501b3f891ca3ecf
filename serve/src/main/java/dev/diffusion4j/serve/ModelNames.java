// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.serve;

import dev.diffusion4j.base.Problem;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** What requests may call the models. */
final class ModelNames {
    private final Supplier<Set<String>> all;
    private final Map<String, String> aliases;

    /** @param all the models' names, the usual one first, as they are when it is asked */
    ModelNames(Supplier<Set<String>> all, Map<String, String> aliases) {
        this.all = all;
        this.aliases = aliases;
    }

    /** @throws Problem (a wrong request) where an alias leads nowhere */
    static void check(Set<String> models, Map<String, String> aliases) {
        aliases.forEach((alias, name) -> {
            if (!models.contains(name)) {
                throw Problem.request("the {alias} '" + alias + "' stands for '" + name + "', but there "
                        + (models.size() == 1 ? "is " : "are ") + String.join(", ", models));
            }
        });
    }

    /** All of them, the usual model first. */
    List<String> all() {
        List<String> names = new ArrayList<>(models());
        aliases.keySet().stream().filter(alias -> !names.contains(alias)).forEach(names::add);
        return names;
    }

    /** The models alone. */
    Set<String> models() {
        return all.get();
    }

    /**
     * The model that is meant: the usual one where nothing is said.
     *
     * @throws Refusal (404) where there is none of that name
     */
    String of(@Nullable String asked) {
        Set<String> models = models();
        if (asked == null || asked.isEmpty()) {
            return models.stream().findFirst().orElseThrow(ModelNames::none);
        }
        String name = models.contains(asked) ? asked : aliases.get(asked);
        if (models.isEmpty()) {
            throw none();
        }
        if (name == null) {
            throw new Refusal(
                    404,
                    "there is no {model} '" + asked + "'; there " + (all().size() == 1 ? "is " : "are ")
                            + String.join(", ", all()),
                    "model_not_found",
                    "model");
        }
        return name;
    }

    private static Refusal none() {
        return new Refusal(404, "there is no {model} yet", "model_not_found", "model");
    }
}
