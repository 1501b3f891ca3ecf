// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.serve;

import dev.diffusion4j.base.Problem;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What requests may call the models. */
final class ModelNames {
    private final Set<String> models;
    private final Map<String, String> aliases;

    /** @throws Problem (a wrong request) where an alias leads nowhere */
    ModelNames(Set<String> models, Map<String, String> aliases) {
        this.models = models;
        this.aliases = aliases;
        aliases.forEach((alias, name) -> {
            if (!models.contains(name)) {
                throw Problem.request("the {alias} '" + alias + "' stands for '" + name + "', but there "
                        + (models.size() == 1 ? "is " : "are ") + String.join(", ", models));
            }
        });
    }

    /** All of them, the usual model first. */
    List<String> all() {
        List<String> all = new ArrayList<>(models);
        aliases.keySet().stream().filter(alias -> !models.contains(alias)).forEach(all::add);
        return all;
    }

    /** The models alone. */
    Set<String> models() {
        return models;
    }

    /**
     * The model that is meant: the usual one where nothing is said.
     *
     * @throws Refusal (404) where there is none of that name
     */
    String of(@Nullable String asked) {
        if (asked == null || asked.isEmpty()) {
            return models.iterator().next();
        }
        String name = models.contains(asked) ? asked : aliases.get(asked);
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
}
