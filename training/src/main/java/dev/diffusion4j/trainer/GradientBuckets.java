// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.trainer;

import dev.diffusion4j.layer.Gradients;
import dev.diffusion4j.parallel.ProcessGroup;
import dev.diffusion4j.tensor.TensorScope;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorBase;
import org.bytedeco.pytorch.VoidTensorHook;
import org.jspecify.annotations.Nullable;

/**
 * Sums gradients over the processes of a training while the backward pass still runs: in pieces, the last layers' first, each as soon as
 * all its gradients are whole. See Li et al., PyTorch Distributed (2020), section 3.2.
 *
 * <p>A parameter may receive its gradient in several parts, from several threads. How many they are is counted in a first backward pass,
 * after which the sums are made, and expected from then on. Where more come than were expected, everybody sums again.
 */
final class GradientBuckets implements AutoCloseable {
    private static final long MOST_NUMBERS = 25L << 18; // 25 MiB, as PyTorch has it
    private static final long LEAST_NUMBERS = 1L << 18;
    private static final int PIECES = 6; // where there are few numbers, so that some sums overlap with the pass

    private final ProcessGroup group;
    private final List<GradientBucket> buckets = new ArrayList<>();
    private final List<Hook> hooks = new ArrayList<>();
    private final Map<Long, Integer> places = new HashMap<>();
    private final int[] bucketOf;
    private final int[] seen;
    private final int[] missing;
    private final ThreadLocal<@Nullable Integer> unfinished = new ThreadLocal<>();

    private int @Nullable [] expected;
    private @Nullable GradientSum earlier;
    private int next;
    private boolean isLate;
    private double waited;
    private @Nullable RuntimeException failure;

    /** @param parameters all that learn, in the same order in every process; borrowed */
    GradientBuckets(ProcessGroup group, Collection<Tensor> parameters) {
        this.group = group;
        this.bucketOf = new int[parameters.size()];
        this.seen = new int[parameters.size()];
        fill(new ArrayList<>(parameters));
        this.missing = new int[buckets.size()];
    }

    private void fill(List<Tensor> parameters) {
        long total = parameters.stream().mapToLong(Tensor::numel).sum();
        long most = Math.max(LEAST_NUMBERS, Math.min(MOST_NUMBERS, total / PIECES));
        List<Tensor> piece = new ArrayList<>();
        long length = 0;
        for (int i = parameters.size() - 1; i >= 0; i--) {
            Tensor parameter = parameters.get(i);
            if (!piece.isEmpty() && length + parameter.numel() > most) {
                buckets.add(new GradientBucket(piece));
                piece = new ArrayList<>();
                length = 0;
            }
            piece.add(parameter);
            length += parameter.numel();
            bucketOf[i] = buckets.size();
            places.put(identity(parameter), i);
            hooks.add(new Hook(i, parameter));
        }
        buckets.add(new GradientBucket(piece));
    }

    private static long identity(TensorBase tensor) {
        return tensor.unsafeGetTensorImpl().address();
    }

    /** Called by LibTorch on the thread that runs the backward pass. */
    private final class Hook implements AutoCloseable {
        private final Tensor parameter;
        private final VoidTensorHook body;
        private final int number;

        Hook(int place, Tensor parameter) {
            this.parameter = parameter;
            this.body = TensorScope.own(new VoidTensorHook() {
                @Override
                public void call(TensorBase gradient) {
                    if (earlier != null) {
                        arrives(place);
                    }
                }
            });
            this.number = parameter.register_hook(body);
        }

        @Override
        public void close() {
            parameter.remove_hook(number);
            body.close();
        }
    }

    /**
     * Before the backward pass of an update's last batch.
     *
     * @param before what the batches before it gave; borrowed until {@link #finish}
     */
    void begin(GradientSum before) {
        earlier = before;
        next = 0;
        isLate = false;
        failure = null;
        java.util.Arrays.fill(seen, 0);
        java.util.Arrays.fill(missing, 0);
        int[] known = expected;
        for (int i = 0; known != null && i < known.length; i++) {
            missing[bucketOf[i]] += known[i] > 0 ? 1 : 0;
        }
    }

    /** Runs a backward pass, or what contains one, on this thread. */
    <R> R watched(Supplier<R> body) {
        if (earlier == null) {
            return body.get();
        }
        R result = Gradients.watched(
                parameter -> {
                    arrived();
                    Integer place = places.get(identity(parameter));
                    if (place != null) {
                        count(place);
                    }
                },
                body);
        arrived();
        return result;
    }

    /** A hook is called before the gradient is added, and the next thing on the thread comes after that. */
    private void arrives(int place) {
        arrived();
        unfinished.set(place);
    }

    private void arrived() {
        Integer place = unfinished.get();
        if (place != null) {
            unfinished.remove();
            count(place);
        }
    }

    private synchronized void count(int place) {
        seen[place]++;
        int[] known = expected;
        if (known == null) {
            return;
        }
        if (seen[place] > known[place]) {
            isLate = true;
        } else if (seen[place] == known[place]) {
            missing[bucketOf[place]]--;
            try {
                beginReady();
            } catch (RuntimeException e) {
                failure = e; // of no use to the backward pass, which is in C++
            }
        }
    }

    /** In the order of the pieces, which must be the same in all processes. */
    private void beginReady() {
        while (failure == null && next < buckets.size() && missing[next] == 0) {
            buckets.get(next++).begin(group, java.util.Objects.requireNonNull(earlier));
        }
    }

    /**
     * Waits until all gradients are those of all processes.
     *
     * @param more numbers to be summed beside them
     * @return their sums
     */
    double[] finish(double... more) {
        long start = System.nanoTime();
        GradientSum before = java.util.Objects.requireNonNull(earlier);
        if (failure != null) {
            throw failure;
        }
        boolean isFirst = expected == null;
        while (next < buckets.size()) {
            buckets.get(next++).begin(group, before);
        }
        buckets.forEach(GradientBucket::await);
        double[] own = new double[more.length + 1];
        System.arraycopy(more, 0, own, 1, more.length);
        own[0] = isLate ? 1 : 0;
        double[] sums = group.sum(own);
        if (sums[0] > 0) {
            buckets.forEach(bucket -> bucket.begin(group, before));
            buckets.forEach(GradientBucket::await);
        }
        expected = isFirst || sums[0] > 0 ? seen.clone() : expected;
        buckets.forEach(GradientBucket::give);
        before.discard();
        earlier = null;
        waited = (System.nanoTime() - start) / 1e9;
        return java.util.Arrays.copyOfRange(sums, 1, sums.length);
    }

    /** Seconds of the last {@link #finish}: what of the exchange, and of the others' slowness, did not overlap with the backward pass. */
    double waited() {
        return waited;
    }

    @Override
    public void close() {
        earlier = null;
        buckets.forEach(GradientBucket::close);
        hooks.forEach(Hook::close);
    }
}
