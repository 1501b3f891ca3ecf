// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.layer;

import dev.diffusion4j.kernel.AttentionKernel;
import java.util.ArrayDeque;
import java.util.Deque;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.pytorch.Tensor;

/** Runs an {@link AttentionKernel} over the heads of all pictures; tensors are {@code float32 (B, channels, stride)}. */
final class AttentionPasses {
    private final int tokens;
    private final int stride;
    private final int heads;
    private final int channels;
    private final Deque<Worker> idle = new ArrayDeque<>();

    /** Scratch memory of one thread. */
    private final class Worker {
        final AttentionKernel kernel = new AttentionKernel(tokens);
        final float[] qkv = new float[3 * channels * stride];
        final float[] gradients = new float[3 * channels * stride];
        final float[] out = new float[channels * stride];
        final float[] gradient = new float[channels * stride];
        final float[] logSums = new float[heads * stride];
    }

    AttentionPasses(int tokens, int heads) {
        this.tokens = tokens;
        this.stride = AttentionKernel.stride(tokens);
        this.heads = heads;
        this.channels = heads * AttentionKernel.HEAD;
    }

    int stride() {
        return stride;
    }

    private Worker borrow() {
        synchronized (idle) {
            Worker worker = idle.poll();
            if (worker != null) {
                return worker;
            }
        }
        return new Worker();
    }

    private void giveBack(Worker worker) {
        synchronized (idle) {
            idle.push(worker);
        }
    }

    /**
     * @param qkv (B, 3·channels, stride): all of q, all of k, all of v
     * @param out (B, channels, stride), receives the result
     * @param logSums (B, heads, stride), receives ln Σ e^score
     */
    void forward(Tensor qkv, Tensor out, Tensor logSums) {
        FloatPointer from = qkv.data_ptr_float();
        FloatPointer to = out.data_ptr_float();
        FloatPointer sums = logSums.data_ptr_float();
        Parallel.run((int) qkv.size(0), (first, last, part) -> {
            Worker worker = borrow();
            for (int i = first; i < last; i++) {
                at(from, i, worker.qkv).get(worker.qkv);
                for (int head = 0; head < heads; head++) {
                    int q = head * AttentionKernel.HEAD * stride;
                    worker.kernel.forward(
                            worker.qkv,
                            q,
                            q + channels * stride,
                            q + 2 * channels * stride,
                            worker.out,
                            q,
                            worker.logSums,
                            head * stride);
                }
                at(to, i, worker.out).put(worker.out);
                at(sums, i, worker.logSums).put(worker.logSums);
            }
            giveBack(worker);
        });
    }

    /**
     * @param gradient of the result, (B, channels, stride)
     * @param gradients (B, 3·channels, stride), receives those of q, k and v
     */
    void backward(Tensor qkv, Tensor out, Tensor logSums, Tensor gradient, Tensor gradients) {
        FloatPointer from = qkv.data_ptr_float();
        FloatPointer results = out.data_ptr_float();
        FloatPointer sums = logSums.data_ptr_float();
        FloatPointer of = gradient.data_ptr_float();
        FloatPointer to = gradients.data_ptr_float();
        Parallel.run((int) qkv.size(0), (first, last, part) -> {
            Worker worker = borrow();
            for (int i = first; i < last; i++) {
                at(from, i, worker.qkv).get(worker.qkv);
                at(results, i, worker.out).get(worker.out);
                at(sums, i, worker.logSums).get(worker.logSums);
                at(of, i, worker.gradient).get(worker.gradient);
                for (int head = 0; head < heads; head++) {
                    int q = head * AttentionKernel.HEAD * stride;
                    worker.kernel.backward(
                            worker.qkv,
                            q,
                            q + channels * stride,
                            q + 2 * channels * stride,
                            worker.out,
                            worker.gradient,
                            q,
                            worker.logSums,
                            head * stride,
                            worker.gradients);
                }
                at(to, i, worker.gradients).put(worker.gradients);
            }
            giveBack(worker);
        });
    }

    private static FloatPointer at(FloatPointer base, int picture, float[] size) {
        return new FloatPointer(base).position((long) picture * size.length);
    }
}
