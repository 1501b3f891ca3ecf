// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.parallel;

import dev.diffusion4j.tensor.World;
import java.util.List;
import org.bytedeco.pytorch.Tensor;

/** A group of one: its own values are everybody's. */
final class OneProcess implements ProcessGroup {
    @Override
    public World world() {
        return World.ALONE;
    }

    @Override
    public Pending beginSum(Tensor tensor) {
        return () -> {};
    }

    @Override
    public void broadcast(Tensor tensor) {}

    @Override
    public List<String> gather(String own) {
        return List.of(own);
    }

    @Override
    public String ofFirst(String own) {
        return own;
    }

    @Override
    public void first(Runnable work) {
        work.run();
    }

    @Override
    public void fail(Throwable reason) {}

    @Override
    public void close() {}
}
