// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.trainer;

import dev.diffusion4j.adapter.Lora;
import dev.diffusion4j.base.UserError;
import dev.diffusion4j.layer.BatchNorm2d;
import dev.diffusion4j.layer.Layer;
import dev.diffusion4j.model.Model;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.bytedeco.pytorch.Tensor;

/**
 * What of a network learns: all of it, all but what is named, or the LoRA in it alone. The rest stays as it is to the last bit,
 * running statistics included.
 *
 * @param parameters what the optimiser moves, by name; borrowed
 * @param saved what a checkpoint holds, by name; borrowed
 */
record TrainedPart(Map<String, Tensor> parameters, Map<String, Tensor> saved) {

    /** @throws UserError (exit code 2) where a pattern names nothing, or nothing is left to learn */
    static TrainedPart of(Model model, TrainerConfig config) {
        List<Pattern> fixed = config.freeze().stream().map(NamePattern::of).toList();
        checkNames(model, config.freeze());
        boolean adapted = Lora.isIn(model);
        Map<String, Tensor> parameters = new LinkedHashMap<>(adapted ? Lora.weights(model) : model.namedParameters());
        parameters.keySet().removeIf(name -> matches(fixed, name));
        if (parameters.isEmpty()) {
            throw UserError.usage("training.freeze " + config.freeze() + " leaves nothing to learn");
        }
        model.requiresGrad(false);
        parameters.values().forEach(tensor -> tensor.set_requires_grad(true));
        if (adapted) {
            Lora.freezeStatistics(model);
        } else {
            freezeNorms("", model, fixed);
        }
        return new TrainedPart(parameters, adapted ? Lora.weights(model) : model.stateDict());
    }

    private static void checkNames(Model model, List<String> patterns) {
        for (String text : patterns) {
            Pattern pattern = NamePattern.of(text);
            if (model.stateDict().keySet().stream()
                    .noneMatch(name -> pattern.matcher(name).matches())) {
                throw UserError.usage("training.freeze '" + text
                        + "' names no part of this network; its tensors are named such as "
                        + String.join(
                                ", ",
                                model.stateDict().keySet().stream().limit(3).toList()));
            }
        }
    }

    private static boolean matches(List<Pattern> patterns, String name) {
        return patterns.stream().anyMatch(pattern -> pattern.matcher(name).matches());
    }

    private static void freezeNorms(String prefix, Layer layer, List<Pattern> fixed) {
        layer.childLayers().forEach((name, child) -> {
            if (child instanceof BatchNorm2d norm && matches(fixed, prefix + name + ".running_mean")) {
                norm.freezeStatistics();
            }
            freezeNorms(Layer.prefix(prefix, name), child, fixed);
        });
    }
}
