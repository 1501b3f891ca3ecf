// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.checkpoint;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.tensor.Shapes;
import dev.diffusion4j.tensor.Tensors;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;

/** Fills a network's tensors from a file, each exactly once. */
public final class WeightLoader {
    private static final int NAMED_IN_ERRORS = 5;

    private final Map<String, Tensor> targets;
    private final Map<String, String> fileNames = new LinkedHashMap<>();
    private final Set<String> seen = new HashSet<>();
    private final List<String> extra = new ArrayList<>();
    private final List<String> twice = new ArrayList<>();
    private final List<String> wrongShape = new ArrayList<>();
    private final List<String> wrongType = new ArrayList<>();

    private WeightLoader(Map<String, Tensor> targets) {
        this.targets = targets;
    }

    /**
     * Reads every tensor of {@code source} into the target of the same name. Floating formats are converted into each other;
     * floating, whole, complex and truth values are not.
     *
     * @param targets the network's tensors by name, of any layout and device
     * @param rename the network's name for a name in the file (old spellings); identity for most files
     * @throws Problem (a failure) listing what is missing, left over, given twice, or of the wrong shape or dtype; no target
     *     is changed then. Also where the file cannot be read to its end; some targets are changed then
     */
    public static void load(WeightSource source, Map<String, Tensor> targets, UnaryOperator<String> rename) {
        load(source, targets, rename, fileName -> false);
    }

    /** As {@link #load(WeightSource, Map, UnaryOperator)}, passing over what {@code ignored} says of the file's names. */
    public static void load(
            WeightSource source, Map<String, Tensor> targets, UnaryOperator<String> rename, Predicate<String> ignored) {
        WeightLoader loader = matched(source, targets, rename, ignored);
        try (NoGradGuard guard = new NoGradGuard()) {
            loader.fileNames.forEach(
                    (name, fileName) -> source.read(fileName, Objects.requireNonNull(targets.get(name))));
        }
    }

    /**
     * Compares without reading; the targets may be shapes without memory.
     *
     * @throws Problem (a failure) as {@link #load(WeightSource, Map, UnaryOperator, Predicate)}
     */
    public static void check(
            WeightSource source, Map<String, Tensor> targets, UnaryOperator<String> rename, Predicate<String> ignored) {
        matched(source, targets, rename, ignored);
    }

    private static WeightLoader matched(
            WeightSource source, Map<String, Tensor> targets, UnaryOperator<String> rename, Predicate<String> ignored) {
        WeightLoader loader = new WeightLoader(targets);
        source.tensors().forEach((fileName, info) -> {
            if (!ignored.test(fileName)) {
                loader.match(fileName, rename.apply(fileName), info);
            }
        });
        loader.refuseMisfits(source);
        return loader;
    }

    private void match(String fileName, String name, TensorInfo info) {
        Tensor target = targets.get(name);
        if (target == null) {
            extra.add(fileName);
        } else if (!seen.add(name)) {
            twice.add(name);
        } else if (!Arrays.equals(Tensors.shape(target), info.sizes())) {
            wrongShape.add(fileName + " " + Shapes.text(info.sizes()) + " instead of " + Shapes.text(target));
        } else if (DType.of(target).kind() != info.dtype().kind()) {
            wrongType.add(fileName + " " + info.dtype() + " instead of " + DType.of(target));
        } else {
            fileNames.put(name, fileName);
        }
    }

    private void refuseMisfits(WeightSource source) {
        List<String> problems = new ArrayList<>();
        report(
                problems,
                "missing",
                targets.keySet().stream().filter(name -> !seen.contains(name)).toList());
        report(problems, "not known to this network", extra);
        report(problems, "of the wrong shape", wrongShape);
        report(problems, "of the wrong dtype", wrongType);
        report(problems, "given twice", twice);
        if (!problems.isEmpty()) {
            throw Problem.failure(source + " does not fit the network: " + String.join("; ", problems));
        }
    }

    private static void report(List<String> problems, String what, List<String> names) {
        if (!names.isEmpty()) {
            String more = names.size() > NAMED_IN_ERRORS ? " and " + (names.size() - NAMED_IN_ERRORS) + " more" : "";
            String count = names.size() == 1 ? "1 tensor is " : names.size() + " tensors are ";
            problems.add(count + what + " ("
                    + String.join(", ", names.subList(0, Math.min(NAMED_IN_ERRORS, names.size()))) + more + ")");
        }
    }
}
