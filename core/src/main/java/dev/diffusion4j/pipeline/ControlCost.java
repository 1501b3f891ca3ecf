// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.pipeline;

import dev.diffusion4j.folder.PartLease;
import dev.diffusion4j.model.PassCost;
import dev.diffusion4j.model.SampleSize;
import dev.diffusion4j.model.Work;
import dev.diffusion4j.model.controlnet.ControlNetModel;
import dev.diffusion4j.pipeline.request.Control;
import dev.diffusion4j.pipeline.request.Inputs;
import dev.diffusion4j.tensor.Precision;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Function;

/**
 * What control networks add to the passes of a denoiser, with which they are in memory.
 *
 * @param parameters of all of them
 * @param work in all steps of a batch
 * @param features numbers that are added to those of the denoiser
 * @param passBytes the most in memory in a pass, without {@code features}
 * @param madeBytes of what is made of weights in the first pass and stays
 */
record ControlCost(double parameters, Work work, double features, double passBytes, double madeBytes) {

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
        Precision precision = setup.placement().dtype();
        Map<PartLease, PassCost> all = new LinkedHashMap<>();
        Work work = Work.NONE;
        double features = 0;
        boolean ofOne = inputs.guessMode();
        for (Control control : networks.placed(inputs.control())) {
            PartLease lease = networks.lease(control.folder(), setup.placement());
            ofOne |= all.isEmpty()
                    && ask(lease, its -> its.typedConfig().globalPoolConditions()); // as ControlGuide has it
            int seen = ofOne ? together : branches * together;
            PassCost pass = ask(lease, its -> its.cost(sample, seen, words));
            all.put(lease, pass);
            double active = 0;
            for (int i = 0; i < calls; i++) {
                active += control.isActive(i, calls) ? 1 : 0;
            }
            work = work.plus(pass.work().times(active));
            features += ask(lease, its -> its.features(sample, branches * together));
        }
        double parameters = 0;
        double passBytes = 0;
        double madeBytes = 0;
        for (Map.Entry<PartLease, PassCost> each : all.entrySet()) {
            parameters += ask(each.getKey(), its -> its.parameterCount());
            passBytes = Math.max(passBytes, each.getValue().bytes(precision));
            madeBytes += each.getValue().madeBytes(precision);
        }
        return new ControlCost(parameters, work, features, passBytes, madeBytes);
    }

    private static <R> R ask(PartLease lease, Function<ControlNetModel, R> question) {
        return lease.ask(model -> question.apply((ControlNetModel) model));
    }
}
