// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.pipeline;

import dev.diffusion4j.folder.PartLease;
import dev.diffusion4j.model.PassCost;
import dev.diffusion4j.model.SampleSize;
import dev.diffusion4j.model.controlnet.ControlNetModel;
import dev.diffusion4j.pipeline.request.Control;
import dev.diffusion4j.pipeline.request.Inputs;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Function;

/**
 * What control networks add to the passes of a denoiser, with which they are in memory.
 *
 * @param parameters of all of them
 * @param convolutions operations in all steps of a batch
 * @param products the same in matrix products
 * @param features numbers that are added to those of the denoiser
 * @param values the most numbers in memory in a pass, without {@code features}
 */
record ControlCost(double parameters, double convolutions, double products, double features, double values) {

    /**
     * Worked out from their configs.
     *
     * @param sample the size of a sample
     * @param together pictures of a batch
     * @param branches of a guided prediction
     * @param calls of the denoiser for a batch
     */
    static ControlCost of(
            Inputs inputs,
            PipelineSetup setup,
            ControlNets networks,
            SampleSize sample,
            int together,
            int branches,
            int calls,
            int words) {
        Map<PartLease, Double> all = new LinkedHashMap<>();
        double convolutions = 0;
        double products = 0;
        double features = 0;
        double values = 0;
        boolean ofOne = inputs.guessMode();
        for (Control control : networks.placed(inputs.control())) {
            PartLease lease = networks.lease(control.folder(), setup.placement());
            ofOne |= all.isEmpty()
                    && ask(lease, its -> its.typedConfig().globalPoolConditions()); // as ControlGuide has it
            all.put(lease, ask(lease, its -> (double) its.parameterCount()));
            int seen = ofOne ? together : branches * together;
            PassCost pass = ask(lease, its -> its.cost(sample, seen, words));
            double active = 0;
            for (int i = 0; i < calls; i++) {
                active += control.isActive(i, calls) ? 1 : 0;
            }
            convolutions += active * pass.convolutions();
            products += active * pass.products();
            features += ask(lease, its -> its.features(sample, branches * together));
            values = Math.max(values, pass.values());
        }
        double parameters =
                all.values().stream().mapToDouble(Double::doubleValue).sum();
        return new ControlCost(parameters, convolutions, products, features, values);
    }

    private static <R> R ask(PartLease lease, Function<ControlNetModel, R> question) {
        return lease.ask(model -> question.apply((ControlNetModel) model));
    }
}
