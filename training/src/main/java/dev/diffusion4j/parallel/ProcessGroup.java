// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.parallel;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.Tensors;
import dev.diffusion4j.tensor.World;
import java.util.List;
import org.bytedeco.pytorch.Tensor;

/**
 * The processes that work on the same training. Each calls the same methods in the same order; what a method gives is the same in all
 * of them, to the last bit. Belongs to one thread, apart from {@link #beginSum}.
 *
 * <p>Every method ends with a {@link Problem} that names the process which is gone, hangs, or failed, and with what: a failure, or a wrong request
 * where that is why it failed.
 */
public interface ProcessGroup extends AutoCloseable {
    /** One process, which has nobody to wait for. */
    ProcessGroup ALONE = new OneProcess();

    /** Which process this is. */
    World world();

    /** Whether there are others. */
    default boolean isShared() {
        return world().size() > 1;
    }

    /** Which of the processes on its machine this is. */
    default int localRank() {
        return 0;
    }

    /** Whether a launcher has started the processes anew, to go on with what they were at. */
    default boolean isRestarted() {
        return false;
    }

    /** A sum that is on its way. */
    interface Pending {
        /** Waits for it. */
        void await();
    }

    /**
     * Begins to replace a tensor's values by their sum over all processes, in place; the tensor must not be touched until it is awaited.
     *
     * @param tensor of the same shape everywhere, contiguous, on the CPU; borrowed
     */
    Pending beginSum(Tensor tensor);

    /**
     * Replaces a tensor's values by those of the first process.
     *
     * @param tensor of the same shape and dtype everywhere, on the CPU; borrowed
     */
    void broadcast(Tensor tensor);

    /** What each process gives, by rank; for short texts. */
    List<String> gather(String own);

    /** What the first process gives, which the others need not know. */
    String ofFirst(String own);

    /** What the first process says. */
    default boolean isForFirst(boolean own) {
        return isShared() ? Boolean.parseBoolean(ofFirst(String.valueOf(own))) : own;
    }

    /** Has the first process do something while the others wait, however long it takes. */
    void first(Runnable work);

    /** Says to the others why this process ends before its time. */
    void fail(Throwable reason);

    /** The sums over all processes. */
    default double[] sum(double... values) {
        if (!isShared()) {
            return values;
        }
        return TensorScope.compute(() -> {
            Tensor all = Tensors.ofExactDoubles(values);
            beginSum(all).await();
            return Tensors.exactDoubles(all);
        });
    }

    /** Whether any process says so. */
    default boolean any(boolean own) {
        return isShared() ? sum(own ? 1 : 0)[0] > 0 : own;
    }

    @Override
    void close();
}
