// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.pipeline;

import dev.diffusion4j.model.PassCost;
import dev.diffusion4j.model.SampleSize;
import dev.diffusion4j.model.controlnet.ControlNetModel;
import dev.diffusion4j.pipeline.request.Control;
import dev.diffusion4j.pipeline.request.Inputs;
import java.util.LinkedHashSet;
import java.util.Set;

/**
 * What control networks add to a call, in whose memory they stay.
 *
 * @param parameters of all of them
 * @param convolutions operations in all steps of a batch
 * @param products the same in matrix products
 * @param features numbers that are added to those of the denoiser
 * @param values the most numbers in memory in a pass, without {@code features}
 */
record ControlCost(double parameters, double convolutions, double products, double features, double values) {

    /**
     * Loads them, where they are not there.
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
        Set<ControlNetModel> all = new LinkedHashSet<>();
        double convolutions = 0;
        double products = 0;
        double features = 0;
        double values = 0;
        boolean ofOne = inputs.guessMode();
        for (Control control : networks.placed(inputs.control())) {
            ControlNetModel network = networks.get(control.folder(), setup.placement());
            ofOne |= all.isEmpty() && network.typedConfig().globalPoolConditions(); // as ControlGuide has it
            all.add(network);
            PassCost pass = network.cost(sample, ofOne ? together : branches * together, words);
            double active = 0;
            for (int i = 0; i < calls; i++) {
                active += control.isActive(i, calls) ? 1 : 0;
            }
            convolutions += active * pass.convolutions();
            products += active * pass.products();
            features += network.features(sample, branches * together);
            values = Math.max(values, pass.values());
        }
        double parameters =
                all.stream().mapToDouble(network -> network.parameterCount()).sum();
        return new ControlCost(parameters, convolutions, products, features, values);
    }
}
