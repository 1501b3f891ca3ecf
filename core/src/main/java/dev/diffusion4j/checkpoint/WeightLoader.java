// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.checkpoint;

import dev.diffusion4j.base.UserError;
import dev.diffusion4j.tensor.Shapes;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.Tensors;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;

/** Fills a network's tensors from a file, each exactly once. */
public final class WeightLoader {
    private static final int NAMED_IN_ERRORS = 5;

    private WeightLoader() {}

    /**
     * Reads every tensor of {@code source} into the target of the same name.
     *
     * @param targets the network's tensors by name, on the CPU, of any layout
     * @param rename the network's name for a name in the file (old spellings); identity for most files
     * @throws UserError (exit code 1) listing what is missing, left over or of the wrong shape; no target is changed then
     */
    public static void load(WeightSource source, Map<String, Tensor> targets, UnaryOperator<String> rename) {
        Map<String, String> fileNames = new LinkedHashMap<>();
        List<String> extra = new ArrayList<>();
        List<String> wrongShape = new ArrayList<>();
        List<String> twice = new ArrayList<>();
        source.tensors().forEach((fileName, info) -> {
            String name = rename.apply(fileName);
            Tensor target = targets.get(name);
            if (target == null) {
                extra.add(fileName);
            } else if (!Arrays.equals(Tensors.shape(target), info.sizes())) {
                wrongShape.add(fileName + " " + Shapes.text(info.sizes()) + " instead of " + Shapes.text(target));
            } else if (fileNames.put(name, fileName) != null) {
                twice.add(name);
            }
        });
        List<String> missing = targets.keySet().stream()
                .filter(name -> !fileNames.containsKey(name))
                .filter(name -> wrongShape.stream().noneMatch(line -> rename.apply(line.split(" ")[0]).equals(name)))
                .toList();
        List<String> problems = new ArrayList<>();
        report(problems, "missing", missing);
        report(problems, "not known to this network", extra);
        report(problems, "of the wrong shape", wrongShape);
        report(problems, "given twice", twice);
        if (!problems.isEmpty()) {
            throw UserError.failure(source + " does not fit the network: " + String.join("; ", problems));
        }
        try (NoGradGuard guard = new NoGradGuard()) {
            fileNames.forEach((name, fileName) -> read(source, fileName, java.util.Objects.requireNonNull(targets.get(name))));
        }
    }

    /** Files are row-major; a target of another layout is filled through a copy. */
    private static void read(WeightSource source, String fileName, Tensor target) {
        if (target.is_contiguous()) {
            source.read(fileName, target);
        } else {
            TensorScope.run(() -> target.copy_(source.read(fileName)));
        }
    }

    private static void report(List<String> problems, String what, List<String> names) {
        if (!names.isEmpty()) {
            String more = names.size() > NAMED_IN_ERRORS ? " and " + (names.size() - NAMED_IN_ERRORS) + " more" : "";
            problems.add(names.size() + " tensors are " + what + " ("
                    + String.join(", ", names.subList(0, Math.min(NAMED_IN_ERRORS, names.size()))) + more + ")");
        }
    }
}
