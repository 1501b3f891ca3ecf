// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.bench.piece;

import dev.diffusion4j.tensor.NativeRuntime;
import dev.diffusion4j.tensor.TensorScope;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.MemoryFormat;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** What all benchmarks here have in common: mean milliseconds in one JVM, which has the command's flags. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public abstract class PieceBenchmark {
    static {
        NativeRuntime.configure();
    }

    /** A new tensor of ones that lives until it is closed. */
    static Tensor ones(ScalarType type, boolean channelsLast, long... shape) {
        MemoryFormat format = channelsLast ? MemoryFormat.ChannelsLast : MemoryFormat.Contiguous;
        return TensorScope.ownResult(
                () -> torch.ones(shape).to(type).contiguous(format).detach());
    }

    /** {@code f32} or {@code bf16}. */
    static ScalarType type(String key) {
        return key.equals("bf16") ? ScalarType.BFloat16 : ScalarType.Float;
    }

    /** Without a graph; the result is freed. */
    static void discard(Supplier<Tensor> operation) {
        TensorScope.run(() -> {
            try (NoGradGuard guard = new NoGradGuard()) {
                operation.get().close();
            }
        });
    }
}
