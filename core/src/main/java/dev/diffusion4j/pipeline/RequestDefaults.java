// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.pipeline;

import dev.diffusion4j.base.Check;
import dev.diffusion4j.guidance.ClassifierFree;
import dev.diffusion4j.model.DiffusionModel;
import dev.diffusion4j.pipeline.request.Control;
import dev.diffusion4j.pipeline.request.GenerationRequest;
import dev.diffusion4j.pipeline.request.Inputs;
import dev.diffusion4j.scheduler.SchedulerKind;
import java.util.List;

/**
 * What a request leaves open and the network decides: diffusers' defaults of the call that the request asks for.
 *
 * @param setup whose conditioner knows how strongly it is usually guided
 * @param model borrowed
 */
record RequestDefaults(PipelineSetup setup, DiffusionModel model) {
    private static final double INPAINTING_SCALE = 7.5;
    private static final double DISTILLED_SCALE = 8.5;
    private static final int DISTILLED_STEPS = 4;
    private static final int EDITING_STEPS = 100;

    /** The same request with nothing left open; itself where nothing was. */
    GenerationRequest filled(GenerationRequest request) {
        Inputs inputs = request.inputs();
        ClassifierFree guidance = request.guidance();
        double scale = guidance.scale() == null ? usualScale(inputs) : guidance.weight();
        if (guidance.scale() == null && scale == 1) {
            checkNothingToGuide(request);
        }
        if (!isDistilled() && setup.conditioner().isGuidedAboveOne() && isUnguided(scale, inputs)) {
            scale = 1; // diffusers then does not guide, and asks for one prediction
        }
        double strength = inputs.strength() == null ? usualStrength(inputs) : inputs.amount();
        ClassifierFree guided = guidance.withScale(scale);
        List<Control> control = inputs.control().stream()
                .map(each -> each.scale() == null ? each.withScale(usualControlScale(inputs)) : each)
                .toList();
        return request.with(r -> r.guidance(guided).strength(strength).control(control));
    }

    private double usualControlScale(Inputs inputs) {
        if (inputs.picture() == null || inputs.mask() != null && isXl()) {
            return 1;
        }
        return inputs.mask() == null ? 0.8 : 0.5;
    }

    /** The steps of the call; all that were trained with DDPM and the lessons' loop. */
    int steps(Inputs inputs) {
        int trained = setup.scheduler().numTrainTimesteps();
        if (isEditing()) {
            return Math.min(EDITING_STEPS, trained);
        }
        if (isConsistencyCall(inputs)) {
            return Math.min(DISTILLED_STEPS, trained);
        }
        SchedulerKind kind = SchedulerKind.of(setup.scheduler());
        boolean all = kind == SchedulerKind.DDPM || kind == SchedulerKind.LESSON_DDPM;
        return all ? trained : Math.min(GenerationRequest.DEFAULT.steps(), trained);
    }

    /** Whether diffusers has a call of its own for a network that was distilled with its guidance: not for XL, a mask or a control network. */
    private boolean isConsistencyCall(Inputs inputs) {
        return isDistilled()
                && !isXl()
                && inputs.mask() == null
                && inputs.control().isEmpty();
    }

    private boolean isDistilled() {
        return model.guidanceFeatures() > 0;
    }

    private boolean isEditing() {
        return model.extraChannels() == model.sampleChannels();
    }

    private boolean isUnguided(double scale, Inputs inputs) {
        return scale < 1 || isEditing() && inputs.pictureScale() < 1;
    }

    /** What only counts with a scale needs one, where the network has none of its own. */
    private static void checkNothingToGuide(GenerationRequest request) {
        ClassifierFree guidance = request.guidance();
        String end = " needs {guidanceScale}, 3 for example";
        Check.that(request.subject().negativeClass() == null, "{negativeClass}" + end);
        Check.that(request.subject().negativePrompts() == null, "{negativePrompt}" + end);
        Check.that(guidance.rescale() == 0, "{guidanceRescale}" + end);
        Check.that(guidance.from() == 0 && guidance.to() == 1, "{guidanceInterval}" + end);
    }

    private boolean isXl() {
        return setup.conditioner().givesPooledText();
    }

    private double usualScale(Inputs inputs) {
        if (isConsistencyCall(inputs)) {
            return DISTILLED_SCALE;
        }
        double usual = setup.conditioner().usualScale();
        boolean isInpainting = inputs.mask() != null && inputs.control().isEmpty();
        return usual > 1 && isInpainting ? INPAINTING_SCALE : usual;
    }

    private double usualStrength(Inputs inputs) {
        if (isEditing()) {
            return 1;
        }
        if (!setup.conditioner().isGuidedAboveOne() || inputs.picture() == null) {
            return Inputs.USUAL_STRENGTH;
        }
        if (inputs.mask() != null) {
            return isXl() ? 0.9999 : 1;
        }
        return isXl() && inputs.control().isEmpty() ? 0.3 : Inputs.USUAL_STRENGTH;
    }
}
