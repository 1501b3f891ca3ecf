// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.examples;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.condition.Conditioner;
import dev.diffusion4j.condition.Subject;
import dev.diffusion4j.model.Conditioning;
import dev.diffusion4j.tensor.Tensors;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/** A condition of your own: a colour's name becomes numbers, which a U-Net adds to its time embedding. */
public final class YourOwnConditioner implements Conditioner {
    /** Red, green, blue, and a 1 for "there is a colour": without one, all four are 0. */
    private static final Map<@Nullable String, List<Double>> COLOURS = new HashMap<>(Map.of(
            "red", List.of(1., -1., -1., 1.),
            "green", List.of(-1., 1., -1., 1.),
            "blue", List.of(-1., -1., 1., 1.)));

    @Override
    public Subject.Kind takes() {
        return Subject.Kind.PROMPT;
    }

    @Override
    public void check(List<Subject> subjects, String field) {
        for (Subject subject : subjects) {
            if (!COLOURS.containsKey(subject.prompt())) {
                throw Problem.request(field, String.valueOf(subject.prompt()), "be red, green or blue");
            }
        }
    }

    @Override
    public Conditioning encode(List<Subject> subjects) {
        return Conditioning.ofClasses(numbers(subjects.stream().map(Subject::prompt), 4));
    }

    @Override
    public boolean canDrop() {
        return true;
    }

    @Override
    public Conditioning drop(Conditioning conditioning, Tensor keep) {
        return Conditioning.ofClasses(
                Objects.requireNonNull(conditioning.classLabels()).mul(keep.view(-1, 1)));
    }

    /** {@code float32 (B, each)}: the first numbers of each colour. */
    static Tensor numbers(Stream<@Nullable String> names, int each) {
        return Tensors.ofDoubles(names.flatMap(name -> COLOURS.getOrDefault(name, List.of(0., 0., 0., 0.)).stream()
                                .limit(each))
                        .mapToDouble(Double::doubleValue)
                        .toArray())
                .view(-1, each);
    }
}
