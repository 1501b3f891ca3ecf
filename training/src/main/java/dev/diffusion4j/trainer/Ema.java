// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.trainer;

import dev.diffusion4j.tensor.NativeOp;
import dev.diffusion4j.tensor.TensorScope;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.IValue;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;

/** The moving average of a network's tensors, buffers included where they are given; starts as their copy. */
public final class Ema implements AutoCloseable {
    private static final NativeOp LERP = NativeOp.find("aten::_foreach_lerp_", "Scalar");

    private final EmaConfig config;
    private final Map<String, Tensor> live;
    private final Map<String, Tensor> average = new LinkedHashMap<>();
    private long steps;

    /** @param live the network's tensors by name, borrowed; they keep their dtype and place */
    public Ema(Map<String, Tensor> live, EmaConfig config) {
        this.config = config;
        this.live = live;
        live.forEach((name, tensor) ->
                average.put(name, TensorScope.ownResult(() -> tensor.detach().clone())));
    }

    /** average ← decay·average + (1−decay)·live. */
    public void update() {
        steps++;
        double keep = config.decayAt(steps);
        TensorScope.run(() -> {
            try (NoGradGuard guard = new NoGradGuard()) {
                List<Tensor> targets = new ArrayList<>(average.values());
                List<Tensor> sources = new ArrayList<>();
                average.keySet().forEach(name -> sources.add(java.util.Objects.requireNonNull(live.get(name))));
                LERP.run(NativeOp.tensors(targets), NativeOp.tensors(sources), new IValue(new Scalar(1 - keep)));
            }
        });
    }

    /** Runs {@code body} with the average in the network's place. */
    public void whileApplied(Runnable body) {
        swap();
        try {
            body.run();
        } finally {
            swap();
        }
    }

    /** Exchanges the memory of both; handles and gradients stay. */
    private void swap() {
        TensorScope.run(() -> {
            try (NoGradGuard guard = new NoGradGuard()) {
                average.forEach((name, tensor) -> {
                    Tensor other = java.util.Objects.requireNonNull(live.get(name));
                    Tensor held = other.detach();
                    other.set_data(tensor);
                    tensor.set_data(held);
                });
            }
        });
    }

    /** The averages by the network's names; borrowed. */
    public Map<String, Tensor> state() {
        return java.util.Collections.unmodifiableMap(average);
    }

    /** The share of the old average that the last update kept. */
    public double lastDecay() {
        return config.decayAt(Math.max(1, steps));
    }

    /** Updates done so far. */
    public long steps() {
        return steps;
    }

    /** Continues counting there. */
    public void restoreSteps(long value) {
        steps = value;
    }

    @Override
    public void close() {
        average.values().forEach(Tensor::close);
    }
}
