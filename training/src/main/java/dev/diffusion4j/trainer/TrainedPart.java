// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.trainer;

import dev.diffusion4j.adapter.Lora;
import dev.diffusion4j.base.Problem;
import dev.diffusion4j.layer.BatchNorm2d;
import dev.diffusion4j.layer.Layer;
import dev.diffusion4j.model.Model;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.bytedeco.pytorch.Tensor;

/**
 * What learns: of one or more networks all, all but what is named, or the LoRA in it alone. The rest stays as it is to the last
 * bit, running statistics included. A parameter's name is that of its network, a dot and its name there; the name alone where
 * the network's name is empty.
 *
 * @param parameters what the optimiser moves, by name; borrowed
 * @param saved what a checkpoint holds, by name; borrowed
 * @param all every tensor of the networks, by name, also those that do not learn; borrowed
 * @param networks the names of those networks that have one
 */
record TrainedPart(
        Map<String, Tensor> parameters, Map<String, Tensor> saved, Map<String, Tensor> all, Set<String> networks) {

    /**
     * @param networks by name; borrowed
     * @throws Problem (a wrong request) where a pattern names nothing, or nothing is left to learn
     */
    static TrainedPart of(Map<String, Model> networks, TrainerConfig config) {
        List<Pattern> fixed = config.freeze().stream().map(NamePattern::of).toList();
        Map<String, Tensor> parameters = new LinkedHashMap<>();
        Map<String, Tensor> saved = new LinkedHashMap<>();
        Map<String, Tensor> all = new LinkedHashMap<>();
        new TreeMap<>(networks).forEach((name, network) -> {
            String prefix = name.isEmpty() ? "" : name + ".";
            boolean adapted = Lora.isIn(network);
            put(all, prefix, network.stateDict());
            put(parameters, prefix, adapted ? Lora.weights(network) : network.namedParameters());
            put(saved, prefix, adapted ? Lora.weights(network) : network.stateDict());
            network.requiresGrad(false);
            if (adapted) {
                Lora.freezeStatistics(network);
            } else {
                freezeNorms(prefix, network, fixed);
            }
        });
        checkNames(all, config.freeze());
        parameters.keySet().removeIf(name -> matches(fixed, name));
        if (parameters.isEmpty()) {
            throw Problem.request("training.freeze " + config.freeze() + " leaves nothing to learn");
        }
        parameters.values().forEach(tensor -> tensor.set_requires_grad(true));
        Set<String> named = new TreeSet<>(networks.keySet());
        named.remove("");
        return new TrainedPart(parameters, saved, all, named);
    }

    /** With one for each named network, so that what is given for the denoiser is the denoiser's alone. */
    Map<String, ParameterGroup> groups(Map<String, ParameterGroup> given) {
        Map<String, ParameterGroup> groups = new LinkedHashMap<>(given);
        networks.forEach(name -> groups.putIfAbsent(name, ParameterGroup.DEFAULT));
        return groups;
    }

    /** What changes in a step and has no gradient: running statistics. Borrowed. */
    List<Tensor> statistics() {
        return all.entrySet().stream()
                .filter(entry ->
                        entry.getKey().contains(".running_") || entry.getKey().endsWith(".num_batches_tracked"))
                .filter(entry -> saved.containsKey(entry.getKey()))
                .map(Map.Entry::getValue)
                .toList();
    }

    private static void put(Map<String, Tensor> into, String prefix, Map<String, Tensor> tensors) {
        tensors.forEach((name, tensor) -> into.put(prefix + name, tensor));
    }

    private static void checkNames(Map<String, Tensor> all, List<String> patterns) {
        for (String text : patterns) {
            if (!all.keySet().stream().anyMatch(name -> matches(List.of(NamePattern.of(text)), name))) {
                throw Problem.request("training.freeze '" + text
                        + "' names no part of this network; its tensors are named such as "
                        + String.join(", ", all.keySet().stream().limit(3).toList()));
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
