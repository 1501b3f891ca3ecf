// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.tensor;

import static org.bytedeco.pytorch.global.torch.get_num_threads;

import dev.diffusion4j.base.AtomicFile;
import dev.diffusion4j.base.CacheFolder;
import dev.diffusion4j.base.Hashes;
import dev.diffusion4j.base.UserError;
import java.io.IOException;
import java.io.StringReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import java.util.Properties;
import java.util.function.Supplier;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.MemoryFormat;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.jspecify.annotations.Nullable;

/**
 * How fast this machine makes a 3×3 convolution and a matrix product, in f32 and bf16. Measured once (about a second) and kept
 * in the cache folder under a name made of the processor, the thread count and LibTorch's version.
 *
 * @param convF32 GFLOP/s of a 128→128 convolution at 32×32, batch 4, channels last
 * @param convBf16 the same in bf16
 * @param productF32 GFLOP/s of a 1024³ matrix product
 * @param productBf16 the same in bf16
 */
public record SpeedProbe(double convF32, double convBf16, double productF32, double productBf16) {
    /** bf16 must win by this factor before {@code auto} takes it. */
    private static final double CLEARLY = 1.3;

    private static @Nullable SpeedProbe current;

    /** The cached result of this machine, or a fresh one. */
    public static synchronized SpeedProbe current() {
        SpeedProbe known = current;
        if (known == null) {
            Path file = cacheFile();
            known = read(file);
            if (known == null) {
                known = measure();
                write(file, known);
            }
            current = known;
        }
        return known;
    }

    /** What was measured on this machine before; empty where nothing was. Measures nothing. */
    public static synchronized Optional<SpeedProbe> known() {
        return Optional.ofNullable(current != null ? current : read(cacheFile()));
    }

    /** How many times faster than in f32 convolutions are in bf16 here; 1 where the processor has no fast bf16. */
    public double bf16Factor() {
        return CpuFeatures.current().hasFastBf16() ? convBf16 / convF32 : 1;
    }

    /** Whether convolutions in bf16 are clearly faster here. */
    public boolean bf16IsFaster() {
        return bf16Factor() >= CLEARLY;
    }

    /** Measures anew, without the cache. */
    public static SpeedProbe measure() {
        NativeRuntime.configure();
        return TensorScope.compute(() -> {
            try (NoGradGuard guard = new NoGradGuard()) {
                return new SpeedProbe(
                        convolution(ScalarType.Float),
                        convolution(ScalarType.BFloat16),
                        product(ScalarType.Float),
                        product(ScalarType.BFloat16));
            }
        });
    }

    private static double convolution(ScalarType type) {
        Tensor input = torch.ones(4, 128, 32, 32).to(type).contiguous(MemoryFormat.ChannelsLast);
        Tensor weight = torch.ones(128, 128, 3, 3).to(type).contiguous(MemoryFormat.ChannelsLast);
        long[] one = {1, 1};
        TensorOptional noBias = new TensorOptional();
        double flop = 2.0 * 4 * 128 * 128 * 9 * 32 * 32;
        return flop / 1e9 / seconds(() -> torch.conv2d(input, weight, noBias, one, one, one, 1));
    }

    private static double product(ScalarType type) {
        Tensor matrix = torch.ones(1024, 1024).to(type);
        return 2.0 * 1024 * 1024 * 1024 / 1e9 / seconds(() -> matrix.mm(matrix));
    }

    /** Median of nine, after two for warming up. */
    private static double seconds(Supplier<Tensor> operation) {
        double[] times = new double[9];
        for (int i = -2; i < times.length; i++) {
            long start = System.nanoTime();
            operation.get().close();
            if (i >= 0) {
                times[i] = (System.nanoTime() - start) / 1e9;
            }
        }
        Arrays.sort(times);
        return times[times.length / 2];
    }

    private static Path cacheFile() {
        NativeRuntime.configure();
        CpuFeatures cpu = CpuFeatures.current();
        String machine = cpu.model() + "|" + String.join(",", cpu.flags()) + "|" + get_num_threads() + "|"
                + torch.show_config().getString();
        return CacheFolder.path().resolve("probe-" + Hashes.sha256(machine).substring(0, 16) + ".properties");
    }

    private static @Nullable SpeedProbe read(Path file) {
        try {
            Properties values = new Properties();
            values.load(new StringReader(Files.readString(file)));
            return new SpeedProbe(
                    Double.parseDouble(values.getProperty("conv_f32")),
                    Double.parseDouble(values.getProperty("conv_bf16")),
                    Double.parseDouble(values.getProperty("product_f32")),
                    Double.parseDouble(values.getProperty("product_bf16")));
        } catch (IOException | RuntimeException e) {
            return null; // not there, or not ours: measure again
        }
    }

    private static void write(Path file, SpeedProbe probe) {
        try {
            AtomicFile.write(
                    file,
                    "# GFLOP/s of this machine; delete to measure again\nconv_f32=" + probe.convF32 + "\nconv_bf16="
                            + probe.convBf16 + "\nproduct_f32=" + probe.productF32 + "\nproduct_bf16="
                            + probe.productBf16
                            + "\n");
        } catch (UserError e) {
            // a cache folder that cannot be written only costs a second next time
        }
    }
}
