// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.pipeline;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.codec.SampleCodec;
import dev.diffusion4j.condition.Conditioner;
import dev.diffusion4j.condition.Subject;
import dev.diffusion4j.guidance.ClassifierFree;
import dev.diffusion4j.model.ClassInput;
import dev.diffusion4j.model.DiffusionModel;
import dev.diffusion4j.model.SampleSize;
import dev.diffusion4j.pipeline.request.GenerationRequest;
import dev.diffusion4j.pipeline.request.Inputs;
import java.util.List;

/**
 * Looks whether a network can draw what is asked for, before anything is computed.
 *
 * @param model borrowed
 * @param controlNets knows those that the request names
 */
record RequestCheck(PipelineSetup setup, DiffusionModel model, ControlNets controlNets) {

    /**
     * @return the size of the pictures
     * @throws Problem naming what cannot be drawn
     */
    SampleSize check(GenerationRequest request) {
        int trained = setup.scheduler().numTrainTimesteps();
        if (request.steps() > trained) {
            throw Problem.request(
                    "steps",
                    request.steps(),
                    "be at most the " + trained + " timesteps that the network was trained on");
        }
        request.stepOptions().checkFor(setup.scheduler());
        ChannelFit.checkDrawing(model, setup.scheduler());
        SampleSize size = size(request);
        checkSize(size);
        long[] shape = setup.codec(model).shape(size);
        DrawingNeed.checkBatch(request, new SampleSize((int) shape[1], (int) shape[2]), (int) shape[0]);
        checkInputs(request.inputs());
        StartPicture.check(request.inputs(), size, setup.codec(model));
        controlNets
                .placed(request.inputs().control())
                .forEach(control -> ControlGuide.check(control, setup, model, controlNets));
        Conditioner conditioner = setup.conditioner(request, size);
        conditioner.check(request.subject().different(), request.subject().field());
        checkGuidance(request, conditioner);
        Refiner.check(setup.refiner(), request, setup, model, size);
        int channels = setup.codec(model).pictureChannels();
        setup.steering().forEach(guidance -> guidance.checkChannels(channels));
        return size;
    }

    /**
     * What of the prompts will not be read, in a sentence for each reason.
     *
     * @throws Problem where they cannot be read at all
     */
    List<String> unread(GenerationRequest request) {
        Conditioner conditioner = setup.conditioner(request, size(request));
        conditioner.check(request.subject().different(), request.subject().field());
        return request.subject().all().stream()
                .flatMap(subject -> conditioner.unread(subject).stream())
                .distinct()
                .toList();
    }

    private void checkInputs(Inputs inputs) {
        if (setup.conditioner().refines() && inputs.picture() == null) {
            throw Problem.request(
                    "this network refines pictures and was not trained to begin with noise: give {picture},"
                            + " or name another model and this one as {refiner}");
        }
        boolean edits = PictureUse.of(inputs, model) == PictureUse.EDIT;
        if (edits && inputs.amount() != 1) {
            throw Problem.request("this network changes a picture as the prompt says, from noise: omit {strength} "
                    + inputs.amount());
        }
        if (!edits && inputs.imageGuidanceScale() != null) {
            throw Problem.request("{imageGuidanceScale} is for networks that change a picture as the prompt says,"
                    + " and this is none: omit it");
        }
    }

    /** Of the pictures: what is asked for, or what the network was made for. */
    SampleSize size(GenerationRequest request) {
        SampleSize asked = request.size();
        if (asked != null) {
            return asked;
        }
        SampleCodec codec = setup.codec(model);
        int factor = codec.scaleFactor();
        Inputs inputs = request.inputs();
        String shown = inputs.picture();
        if (shown == null && !inputs.control().isEmpty()) {
            shown = inputs.control().get(0).picture();
        }
        boolean decides = inputs.mask() == null || !inputs.control().isEmpty();
        if (StartPicture.isResized(codec) && shown != null && decides) {
            return StartPicture.size(shown, factor);
        }
        SampleSize own = model.sampleSize()
                .orElseThrow(() -> Problem.request(
                        "this network's config names no sample_size: choose one with {size}, 64x64 for example"));
        return new SampleSize(own.height() * factor, own.width() * factor);
    }

    private void checkSize(SampleSize size) {
        SampleCodec codec = setup.codec(model);
        int factor = codec.scaleFactor();
        if (size.height() % factor != 0 || size.width() % factor != 0) {
            throw Problem.request("{size} " + size.text() + " does not fit: width and height must be multiples of "
                    + factor + ", because a picture is that many times as large as its sample");
        }
        long[] shape = codec.shape(size);
        if (shape[0] != model.sampleChannels()) {
            throw Problem.request("the network denoises samples of " + model.sampleChannels()
                    + " channels, but the pipeline's codec makes samples of " + shape[0]);
        }
        model.checkSize(new SampleSize((int) shape[1], (int) shape[2]));
    }

    /** A network that predicts what is guided at once, away from nothing in particular. */
    private static void checkDistilled(GenerationRequest request, boolean negatives) {
        ClassifierFree guidance = request.guidance();
        String given = negatives
                ? request.subject().negativeClass() == null ? "negativePrompt" : "negativeClass"
                : guidance.rescale() != 0
                        ? "guidanceRescale"
                        : guidance.from() > 0 || guidance.to() < 1 ? "guidanceInterval" : "";
        if (!given.isEmpty()) {
            throw Problem.request(
                    "this network was distilled with its guidance, of which only the scale can be chosen: omit {"
                            + given + "}");
        }
    }

    private void checkGuidance(GenerationRequest request, Conditioner conditioner) {
        List<Subject> negatives = request.subject().negatives(0, request.count());
        if (negatives != null) {
            conditioner.check(
                    negatives, request.subject().negativeClass() == null ? "negativePrompt" : "negativeClass");
        }
        if (model.guidanceFeatures() > 0) {
            checkDistilled(request, negatives != null);
        }
        if (request.guidance().weight() == 1 || negatives != null || model.guidanceFeatures() > 0) {
            return;
        }
        if (!conditioner.canDrop()) {
            throw Problem.request(
                    model.classInput() == ClassInput.NONE
                            ? "this network was not trained on classes, so there is nothing to guide: omit"
                                    + " {guidanceScale}, or steer by a loss with {guides}"
                            : "this network always needs a class, so there is no prediction without one to guide away"
                                    + " from: name a class with {negativeClass}, or train a network with"
                                    + " objective.context_drop=0.1");
        }
    }
}
