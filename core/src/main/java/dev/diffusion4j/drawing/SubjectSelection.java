// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.drawing;

import dev.diffusion4j.base.Check;
import dev.diffusion4j.base.Problem;
import dev.diffusion4j.model.ClassInput;
import dev.diffusion4j.pipeline.DiffusionPipeline;
import dev.diffusion4j.pipeline.request.GenerationRequest;
import java.util.Collections;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * What is to be drawn, chosen before the network is known: all of its classes, for example.
 *
 * @param allClasses {@code each} pictures of each of the network's classes
 * @param oneClass a class, or {@code null}
 * @param prompts what the pictures show in words; {@link PromptSelection#NONE} for none
 * @param each how many pictures of each
 */
public record SubjectSelection(boolean allClasses, @Nullable Integer oneClass, PromptSelection prompts, int each) {
    /** Pictures in a row of a grid where classes do not say otherwise. */
    public static final int PER_ROW = 8;

    private static final int LONGEST_ROW = 16;

    public SubjectSelection {
        Check.positive(each, "{count}");
        Check.that(
                prompts.isEmpty() || !allClasses && oneClass == null,
                "{prompt} and {classes} both say what to draw: give one of them");
    }

    /** Pictures of nothing in particular. */
    public static SubjectSelection nothing(int count) {
        return new SubjectSelection(false, null, PromptSelection.NONE, count);
    }

    /**
     * {@code request} with these subjects.
     *
     * @param notice receives in one line what the network will not read
     * @throws Problem where the network has no such classes, or too many
     */
    public GenerationRequest in(DiffusionPipeline pipeline, GenerationRequest request, Consumer<String> notice) {
        if (!prompts.isEmpty()) {
            GenerationRequest asked = request.with(r -> prompts.apply(r, each));
            pipeline.unread(asked).forEach(notice);
            return asked;
        }
        if (oneClass != null) {
            return request.with(r -> r.count(each).classes(oneClass));
        }
        return allClasses && numClasses(pipeline) > 0
                ? request.with(r -> r.classes(all(numClasses(pipeline))))
                : request.with(r -> r.count(each).classes(request.classes()));
    }

    private static int numClasses(DiffusionPipeline pipeline) {
        return switch (pipeline.classInput()) {
            case ANY_NUMBER ->
                throw Problem.request("this network takes any whole number from 0 as a class, so there is no end of all"
                        + " classes: choose one with {classes}");
            case NONE -> {
                pipeline.check(GenerationRequest.DEFAULT.with(
                        r -> r.steps(1))); // where it draws words, that is what it asks for
                throw Problem.request("this network was not trained on classes: omit {classes}");
            }
            default -> pipeline.numClasses();
        };
    }

    private List<Integer> all(int classes) {
        long pictures = (long) classes * each;
        Check.that(
                pictures <= Integer.MAX_VALUE,
                "{count} is " + each + " for each of " + classes + " classes: that is too many pictures for one call");
        return IntStream.range(0, classes)
                .boxed()
                .flatMap(label -> Collections.nCopies(each, label).stream())
                .toList();
    }

    /** Pictures in a row of a grid: a class a row; one picture of each of a few classes in one row. */
    public int perRow(DiffusionPipeline pipeline) {
        if (allClasses && each > 1) {
            return each;
        }
        boolean fits =
                allClasses && pipeline.classInput() == ClassInput.COUNTED && pipeline.numClasses() <= LONGEST_ROW;
        return fits ? pipeline.numClasses() : PER_ROW;
    }
}
