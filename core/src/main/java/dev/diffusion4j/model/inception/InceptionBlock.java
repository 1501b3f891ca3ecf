// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.model.inception;

import static org.bytedeco.pytorch.global.torch.avg_pool2d;
import static org.bytedeco.pytorch.global.torch.cat;
import static org.bytedeco.pytorch.global.torch.max_pool2d;

import dev.diffusion4j.layer.Layer;
import dev.diffusion4j.tensor.TensorScope;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;

/** Branches side by side, their results one behind the other: Szegedy et al. (2016), figures 5, 6, 7 and 10. */
final class InceptionBlock extends Layer {
    private static final long[] THREE = {3, 3};
    private static final long[] TWO = {2, 2};
    private static final long[] ONE = {1, 1};
    private static final long[] NONE = {0, 0};

    /** What the branch without convolutions, or before its one convolution, takes of each 3×3. */
    enum Pool {
        /** Means; padding counts. */
        MEAN,
        /** Means; padding does not count. */
        MEAN_INSIDE,
        /** Maxima, size kept. */
        MAX,
        /** Maxima of every second place. */
        MAX_HALVED;

        Tensor apply(Tensor x) {
            return switch (this) {
                case MEAN -> avg_pool2d(x, THREE, ONE, ONE, false, true, new LongOptional());
                case MEAN_INSIDE -> avg_pool2d(x, THREE, ONE, ONE, false, false, new LongOptional());
                case MAX -> max_pool2d(x, THREE, ONE, ONE, ONE, false);
                case MAX_HALVED -> max_pool2d(x, THREE, TWO, NONE, ONE, false);
            };
        }
    }

    /** Steps one after the other; the last may be a fork of two side by side. */
    private record Branch(List<InceptionConv> steps, List<InceptionConv> fork) {}

    private final List<Branch> branches = new ArrayList<>();
    private final Pool pool;

    private InceptionBlock(Pool pool) {
        this.pool = pool;
    }

    private InceptionBlock branch(Map<String, InceptionConv> steps) {
        return fork(steps, Map.of());
    }

    private InceptionBlock fork(Map<String, InceptionConv> steps, Map<String, InceptionConv> fork) {
        steps.forEach(this::child);
        fork.forEach(this::child);
        branches.add(new Branch(List.copyOf(steps.values()), List.copyOf(fork.values())));
        return this;
    }

    /** Names and steps in turn, in their order. */
    private static Map<String, InceptionConv> steps(Object... namesAndSteps) {
        Map<String, InceptionConv> steps = new LinkedHashMap<>();
        for (int i = 0; i < namesAndSteps.length; i += 2) {
            steps.put((String) namesAndSteps[i], (InceptionConv) namesAndSteps[i + 1]);
        }
        return steps;
    }

    /** 35×35. */
    static InceptionBlock a(long in, long poolOut, Pool pool) {
        return new InceptionBlock(pool)
                .branch(steps("branch1x1", InceptionConv.point(in, 64)))
                .branch(steps(
                        "branch5x5_1", InceptionConv.point(in, 48), "branch5x5_2", InceptionConv.same(48, 64, 5, 5)))
                .branch(steps(
                        "branch3x3dbl_1", InceptionConv.point(in, 64),
                        "branch3x3dbl_2", InceptionConv.same(64, 96, 3, 3),
                        "branch3x3dbl_3", InceptionConv.same(96, 96, 3, 3)))
                .branch(steps("branch_pool", InceptionConv.point(in, poolOut)));
    }

    /** 35×35 to 17×17. */
    static InceptionBlock b(long in) {
        return new InceptionBlock(Pool.MAX_HALVED)
                .branch(steps("branch3x3", InceptionConv.valid(in, 384, 2)))
                .branch(steps(
                        "branch3x3dbl_1", InceptionConv.point(in, 64),
                        "branch3x3dbl_2", InceptionConv.same(64, 96, 3, 3),
                        "branch3x3dbl_3", InceptionConv.valid(96, 96, 2)));
    }

    /** 17×17. */
    static InceptionBlock c(long in, long inner, Pool pool) {
        return new InceptionBlock(pool)
                .branch(steps("branch1x1", InceptionConv.point(in, 192)))
                .branch(steps(
                        "branch7x7_1", InceptionConv.point(in, inner),
                        "branch7x7_2", InceptionConv.same(inner, inner, 1, 7),
                        "branch7x7_3", InceptionConv.same(inner, 192, 7, 1)))
                .branch(steps(
                        "branch7x7dbl_1", InceptionConv.point(in, inner),
                        "branch7x7dbl_2", InceptionConv.same(inner, inner, 7, 1),
                        "branch7x7dbl_3", InceptionConv.same(inner, inner, 1, 7),
                        "branch7x7dbl_4", InceptionConv.same(inner, inner, 7, 1),
                        "branch7x7dbl_5", InceptionConv.same(inner, 192, 1, 7)))
                .branch(steps("branch_pool", InceptionConv.point(in, 192)));
    }

    /** 17×17 to 8×8. */
    static InceptionBlock d(long in) {
        return new InceptionBlock(Pool.MAX_HALVED)
                .branch(steps(
                        "branch3x3_1", InceptionConv.point(in, 192), "branch3x3_2", InceptionConv.valid(192, 320, 2)))
                .branch(steps(
                        "branch7x7x3_1", InceptionConv.point(in, 192),
                        "branch7x7x3_2", InceptionConv.same(192, 192, 1, 7),
                        "branch7x7x3_3", InceptionConv.same(192, 192, 7, 1),
                        "branch7x7x3_4", InceptionConv.valid(192, 192, 2)));
    }

    /** 8×8. */
    static InceptionBlock e(long in, Pool pool) {
        return new InceptionBlock(pool)
                .branch(steps("branch1x1", InceptionConv.point(in, 320)))
                .fork(
                        steps("branch3x3_1", InceptionConv.point(in, 384)),
                        steps(
                                "branch3x3_2a", InceptionConv.same(384, 384, 1, 3),
                                "branch3x3_2b", InceptionConv.same(384, 384, 3, 1)))
                .fork(
                        steps(
                                "branch3x3dbl_1", InceptionConv.point(in, 448),
                                "branch3x3dbl_2", InceptionConv.same(448, 384, 3, 3)),
                        steps(
                                "branch3x3dbl_3a", InceptionConv.same(384, 384, 1, 3),
                                "branch3x3dbl_3b", InceptionConv.same(384, 384, 3, 1)))
                .branch(steps("branch_pool", InceptionConv.point(in, 192)));
    }

    /** (B, in, H, W) → (B, out, H', W'), a new tensor. */
    Tensor forward(Tensor x) {
        return TensorScope.keepResult(() -> {
            TensorVector results = new TensorVector();
            for (int i = 0; i < branches.size(); i++) {
                boolean pooled = pool != Pool.MAX_HALVED && i == branches.size() - 1;
                Tensor result = pooled ? pool.apply(x) : x;
                for (InceptionConv step : branches.get(i).steps) {
                    result = step.forward(result);
                }
                if (branches.get(i).fork.isEmpty()) {
                    results.push_back(result);
                }
                for (InceptionConv side : branches.get(i).fork) {
                    results.push_back(side.forward(result));
                }
            }
            if (pool == Pool.MAX_HALVED) {
                results.push_back(pool.apply(x));
            }
            return cat(results, 1);
        });
    }
}
