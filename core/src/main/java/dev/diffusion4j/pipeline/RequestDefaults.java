// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.pipeline;

import dev.diffusion4j.guidance.ClassifierFree;
import dev.diffusion4j.pipeline.request.GenerationRequest;
import dev.diffusion4j.pipeline.request.Inputs;

/**
 * What a request leaves open and the network decides: diffusers' defaults of the call that the request asks for.
 *
 * @param setup whose conditioner knows how strongly it is usually guided
 */
record RequestDefaults(PipelineSetup setup) {
    private static final double INPAINTING_SCALE = 7.5;

    /** The same request with nothing left open; itself where nothing was. */
    GenerationRequest filled(GenerationRequest request) {
        Inputs inputs = request.inputs();
        ClassifierFree guidance = request.guidance();
        double scale = guidance.scale() == null ? usualScale(inputs) : guidance.weight();
        if (setup.conditioner().isGuidedAboveOne() && scale < 1) {
            scale = 1; // below 1 diffusers does not guide, and asks for one prediction
        }
        double strength = inputs.strength() == null ? usualStrength(inputs) : inputs.amount();
        ClassifierFree guided = guidance.withScale(scale);
        return request.with(r -> r.guidance(guided).strength(strength));
    }

    private boolean isXl() {
        return setup.conditioner().usualScale() == 5;
    }

    private double usualScale(Inputs inputs) {
        double usual = setup.conditioner().usualScale();
        return usual > 1 && inputs.mask() != null ? INPAINTING_SCALE : usual;
    }

    private double usualStrength(Inputs inputs) {
        if (!setup.conditioner().isGuidedAboveOne() || inputs.picture() == null) {
            return Inputs.USUAL_STRENGTH;
        }
        if (inputs.mask() != null) {
            return isXl() ? 0.9999 : 1;
        }
        return isXl() ? 0.3 : Inputs.USUAL_STRENGTH;
    }
}
