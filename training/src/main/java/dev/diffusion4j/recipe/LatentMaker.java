// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.recipe;

import static org.bytedeco.pytorch.global.torch.cat;
import static org.bytedeco.pytorch.global.torch.get_num_threads;
import static org.bytedeco.pytorch.global.torch.set_num_threads;

import dev.diffusion4j.base.Interrupts;
import dev.diffusion4j.codec.KeptMoments;
import dev.diffusion4j.codec.SampleCodec;
import dev.diffusion4j.data.BrokenExampleException;
import dev.diffusion4j.data.TrainingData;
import dev.diffusion4j.data.transform.ImageTransform;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.Tensors;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.jspecify.annotations.Nullable;

/**
 * Encodes all pictures of a data set, several at a time. Each thread reads and encodes pictures of its own, one after the other, and
 * computes alone, so that no number depends on how many threads there are or where the work begins.
 */
final class LatentMaker implements LatentRows.Filling {
    /** Pixels that a thread encodes before it looks for more: 32 pictures of 64x64. */
    private static final int PIXELS = 32 * 64 * 64;

    private final TrainingData data;
    private final SampleCodec codec;
    private final int threads;
    private final RunListener listener;
    private final BooleanSupplier stop;

    /**
     * @param data borrowed
     * @param codec with its networks where they compute; borrowed
     * @param threads 1 where that is a card
     * @param stop asked again and again
     */
    LatentMaker(TrainingData data, SampleCodec codec, int threads, RunListener listener, BooleanSupplier stop) {
        this.data = data;
        this.codec = codec;
        this.threads = threads;
        this.listener = listener;
        this.stop = stop;
    }

    /** All pictures were to be encoded, but it was stopped before. */
    static final class Stopped extends CancellationException {
        private static final long serialVersionUID = 1;

        private Stopped() {
            super("stopped while pictures were encoded");
        }
    }

    /**
     * Of each picture the numbers of {@link KeptMoments}, and behind them those of its mirror image where pictures are mirrored;
     * {@code null} where it cannot be read.
     *
     * @throws Stopped where {@code stop} asked for it
     */
    @Override
    public void from(int first, Consumer<float @Nullable []> receiver) {
        int usual = get_num_threads();
        ExecutorService workers = Executors.newFixedThreadPool(threads, LatentMaker::worker);
        try {
            encode(first, workers, receiver);
        } finally {
            end(workers);
            set_num_threads(usual); // threads that are new to LibTorch begin with the setting made last
        }
    }

    private static Thread worker(Runnable body) {
        Thread thread = new Thread(
                () -> {
                    get_num_threads(); // which makes the setting made last, in a thread's first call
                    set_num_threads(1);
                    body.run();
                },
                "latents");
        thread.setDaemon(true);
        return thread;
    }

    private void encode(int first, ExecutorService workers, Consumer<float @Nullable []> receiver) {
        int count = data.dataset().size();
        int together = Math.max(
                1, PIXELS / (data.transform().height() * data.transform().width()));
        long start = System.nanoTime();
        Deque<Future<float[] @Nullable []>> waiting = new ArrayDeque<>();
        int next = first;
        int done = first;
        try {
            while (done < count) {
                if (stop.getAsBoolean()) {
                    throw new Stopped();
                }
                while (next < count && waiting.size() < 2 * threads) {
                    int from = next;
                    int to = Math.min(count, from + together);
                    waiting.add(workers.submit(() -> rows(from, to)));
                    next = to;
                }
                for (float @Nullable [] row : result(waiting.remove())) {
                    receiver.accept(row);
                    done++;
                }
                double seconds = (System.nanoTime() - start) / 1e9;
                listener.onLatents(done, count, seconds / (done - first) * (count - done));
            }
        } finally {
            waiting.forEach(rows -> rows.cancel(false));
        }
    }

    private static float[] @Nullable [] result(Future<float[] @Nullable []> rows) {
        try {
            return rows.get();
        } catch (InterruptedException e) {
            throw Interrupts.cancelled("while pictures were encoded");
        } catch (ExecutionException e) {
            Throwable cause = e.getCause() == null ? e : e.getCause();
            if (cause instanceof Error error) {
                throw error;
            }
            throw cause instanceof RuntimeException known ? known : new IllegalStateException(cause);
        }
    }

    /** Waits for what is being encoded: it uses what the caller frees. */
    private static void end(ExecutorService workers) {
        workers.shutdown();
        boolean interrupted = false;
        while (!workers.isTerminated()) {
            try {
                workers.awaitTermination(1, TimeUnit.DAYS);
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private float[] @Nullable [] rows(int from, int to) {
        ImageTransform plain = data.plainTransform();
        int length = plain.channels() * plain.height() * plain.width();
        float[] values = new float[length * (to - from)];
        float[] @Nullable [] rows = new float[to - from][];
        List<Integer> readable = new ArrayList<>();
        for (int i = from; i < to; i++) {
            if (prepare(i, plain, values, length * readable.size())) {
                readable.add(i - from);
            }
        }
        if (!readable.isEmpty()) {
            float[] all = moments(
                    Arrays.copyOf(values, length * readable.size()),
                    readable.size(),
                    plain.channels(),
                    plain.height(),
                    plain.width());
            int numbers = all.length / readable.size();
            for (int i = 0; i < readable.size(); i++) {
                rows[readable.get(i)] = Arrays.copyOfRange(all, i * numbers, (i + 1) * numbers);
            }
        }
        return rows;
    }

    /** Whether the picture can be read. */
    private boolean prepare(int index, ImageTransform plain, float[] into, int offset) {
        try {
            plain.apply(data.dataset().prepared(index, plain).image(), new Random(0), into, offset);
            return true;
        } catch (BrokenExampleException e) {
            return false;
        }
    }

    /** Picture by picture, each with its mirror image behind it. */
    private float[] moments(float[] values, long... shape) {
        return TensorScope.compute(() -> {
            try (NoGradGuard guard = new NoGradGuard()) {
                Tensor pictures = Tensors.of(values, shape);
                if (!data.config().randomFlip()) {
                    return Tensors.floats(KeptMoments.of(codec, pictures));
                }
                return Tensors.floats(KeptMoments.of(codec, inTurn(pictures, pictures.flip(3))));
            }
        });
    }

    /** (2·B, C, H, W), the first of the one, the first of the other, and so on. */
    private static Tensor inTurn(Tensor one, Tensor other) {
        return cat(new TensorVector(one.unsqueeze(1), other.unsqueeze(1)), 1)
                .reshape(2 * one.size(0), one.size(1), one.size(2), one.size(3));
    }
}
