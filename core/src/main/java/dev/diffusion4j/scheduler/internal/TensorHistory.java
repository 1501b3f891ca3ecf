// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.scheduler.internal;

import dev.diffusion4j.tensor.TensorScope;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.pytorch.Tensor;

/**
 * The last few tensors of a run, newest first. It holds handles of its own on their values (no copy, off the tape), so that the
 * originals may be closed; it frees what it drops.
 */
public final class TensorHistory implements AutoCloseable {
    private final int capacity;
    private final List<Tensor> tensors = new ArrayList<>();

    /** @param capacity how many are kept; the oldest goes when one more comes */
    public TensorHistory(int capacity) {
        this.capacity = capacity;
    }

    public void add(Tensor tensor) {
        tensors.add(0, TensorScope.ownResult(tensor::detach));
        if (tensors.size() > capacity) {
            tensors.remove(capacity).close();
        }
    }

    /** {@code age} 0 is the newest; owned by this history. */
    public Tensor get(int age) {
        return tensors.get(age);
    }

    /** All, newest first; owned by this history. */
    public List<Tensor> all() {
        return List.copyOf(tensors);
    }

    public int size() {
        return tensors.size();
    }

    /** Frees all. */
    @Override
    public void close() {
        tensors.forEach(Tensor::close);
        tensors.clear();
    }
}
