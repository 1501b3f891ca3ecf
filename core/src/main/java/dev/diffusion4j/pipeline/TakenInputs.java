// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.pipeline;

import dev.diffusion4j.codec.SampleCodec;
import dev.diffusion4j.condition.TextConditioner;
import dev.diffusion4j.model.ClassInput;
import dev.diffusion4j.model.DiffusionModel;
import dev.diffusion4j.model.PromptWords;
import dev.diffusion4j.model.SampleSize;
import dev.diffusion4j.pipeline.request.GenerationRequest;
import dev.diffusion4j.scheduler.SchedulerKind;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What a pipeline can be asked for, and what it does where nothing is said: enough to make a form of.
 *
 * @param takes what its pictures are asked for by
 * @param classes how many there are; 0 where they are not counted
 * @param words that it knows; empty where any text may be written
 * @param isGuided whether a guidance scale changes anything
 * @param scale of the guidance, where none is asked for
 * @param size of its pictures; {@code null} where its config names none
 * @param factor of which width and height must be multiples
 * @param channels of its pictures: 1 for grey ones, 3 for colours
 * @param scheduler its own algorithm
 * @param steps of a call without pictures
 * @param isLatent whether samples are latents, so that a picture to begin with is brought to any size
 * @param refines whether it only ends what another model began
 */
public record TakenInputs(
        Taken takes,
        int classes,
        List<String> words,
        boolean isGuided,
        double scale,
        @Nullable SampleSize size,
        int factor,
        int channels,
        SchedulerKind scheduler,
        int steps,
        boolean isLatent,
        boolean refines) {

    /** What pictures are asked for by. */
    public enum Taken {
        /** By nothing. */
        NOTHING,
        /** By one of some classes. */
        CLASSES,
        /** By any whole number. */
        NUMBER,
        /** By words of a small vocabulary. */
        WORDS,
        /** By a text. */
        PROMPT
    }

    /** Of a pipeline; nothing is computed. */
    public static TakenInputs of(DiffusionPipeline pipeline) {
        return pipeline.ask(model -> of(pipeline, model));
    }

    private static TakenInputs of(DiffusionPipeline pipeline, DiffusionModel model) {
        PipelineSetup setup = pipeline.setup();
        Taken takes = takes(setup, model);
        SampleCodec codec = setup.codec(model);
        int factor = codec.scaleFactor();
        RequestDefaults defaults = new RequestDefaults(setup, model);
        double scale = takes == Taken.PROMPT
                ? defaults.filled(GenerationRequest.DEFAULT).guidance().weight()
                : 1;
        return new TakenInputs(
                takes,
                takes == Taken.CLASSES ? model.numClasses() : 0,
                model.prompts().map(PromptWords::words).orElse(List.of()),
                takes != Taken.NOTHING && setup.conditioner().canDrop() || takes == Taken.PROMPT,
                scale,
                model.sampleSize()
                        .map(own -> new SampleSize(own.height() * factor, own.width() * factor))
                        .orElse(null),
                factor,
                codec.pictureChannels(),
                SchedulerKind.of(setup.scheduler()),
                defaults.steps(GenerationRequest.DEFAULT.inputs()),
                StartPicture.isResized(codec),
                setup.conditioner().refines());
    }

    private static Taken takes(PipelineSetup setup, DiffusionModel model) {
        if (setup.conditioner() instanceof TextConditioner) {
            return Taken.PROMPT;
        }
        ClassInput input = model.classInput();
        return switch (input) {
            case COUNTED -> Taken.CLASSES;
            case ANY_NUMBER -> Taken.NUMBER;
            case WORDS -> Taken.WORDS;
            case NONE, VECTOR -> Taken.NOTHING;
        };
    }

    /**
     * How many tokens of a text there are, and how many are read.
     *
     * @param used without those at the beginning and the end
     * @param most that are read at once
     * @param unread what is not read, in a sentence for each reason
     */
    public record TextLength(int used, int most, List<String> unread) {}

    /** Of a text for a pipeline; empty where it takes none. */
    public static Optional<TextLength> length(DiffusionPipeline pipeline, String text) {
        return pipeline.ask(model -> {
            if (pipeline.setup().conditioner() instanceof TextConditioner conditioner) {
                TextConditioner.Length length = conditioner.length(text);
                return Optional.of(new TextLength(
                        length.used(), length.most(), pipeline.unread(GenerationRequest.of(r -> r.prompt(text)))));
            }
            return model.prompts()
                    .map(words -> new TextLength(PromptWords.split(text).size(), words.maxTokens(), List.of()));
        });
    }
}
