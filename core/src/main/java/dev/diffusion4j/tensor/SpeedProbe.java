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
 * @param packedF32 the convolution with its weight put in order before; 0 where that cannot be done
 * @param packedBf16 the same in bf16
 * @param productF32 GFLOP/s of a 1024³ matrix product
 * @param productBf16 the same in bf16
 */
public record SpeedProbe(
        double convF32, double convBf16, double packedF32, double packedBf16, double productF32, double productBf16) {
    /** bf16 must win by this factor before {@code auto} takes it. */
    private static final double CLEARLY = 1.3;

    /** The probe is rough, and an addition made on the way is worth something: a tie is a win. */
    private static final double PACKED_AT_LEAST = 0.8;

    private static final long[] INPUT = {4, 128, 32, 32};
    private static final long[] WEIGHT = {128, 128, 3, 3};
    private static final long[] ONE = {1, 1};
    private static final double CONV_GFLOP = 2e-9 * 4 * 128 * 128 * 9 * 32 * 32;

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

    /** Whether convolutions in bf16 are clearly faster here. */
    public boolean bf16IsFaster() {
        return CpuFeatures.current().hasFastBf16() && convBf16 >= CLEARLY * convF32;
    }

    /** Whether convolutions of this dtype gain, or at least do not lose, by putting their weight in order once. */
    public static boolean packs(ScalarType type) {
        if (!PackedConvolution.isAvailable() || type != ScalarType.Float && type != ScalarType.BFloat16) {
            return false;
        }
        SpeedProbe probe = current();
        return type == ScalarType.Float
                ? probe.packedF32 > PACKED_AT_LEAST * probe.convF32
                : probe.packedBf16 > PACKED_AT_LEAST * probe.convBf16;
    }

    /** Measures anew, without the cache. */
    public static SpeedProbe measure() {
        NativeRuntime.configure();
        return TensorScope.compute(() -> {
            try (NoGradGuard guard = new NoGradGuard()) {
                return new SpeedProbe(
                        convolution(ScalarType.Float),
                        convolution(ScalarType.BFloat16),
                        packedConvolution(ScalarType.Float),
                        packedConvolution(ScalarType.BFloat16),
                        product(ScalarType.Float),
                        product(ScalarType.BFloat16));
            }
        });
    }

    private static double convolution(ScalarType type) {
        Tensor input = ones(type, INPUT);
        Tensor weight = ones(type, WEIGHT);
        TensorOptional bias = new TensorOptional(torch.ones(WEIGHT[0]).to(type));
        return CONV_GFLOP / seconds(() -> torch.conv2d(input, weight, bias, ONE, ONE, ONE, 1));
    }

    private static double packedConvolution(ScalarType type) {
        Tensor input = ones(type, INPUT);
        Tensor bias = torch.ones(WEIGHT[0]).to(type);
        try (PackedConvolution packed = new PackedConvolution(ones(type, WEIGHT), ONE, ONE, INPUT)) {
            return CONV_GFLOP / seconds(() -> packed.forward(input, bias));
        } catch (RuntimeException e) {
            return 0; // not on this processor, or not in this dtype
        }
    }

    private static Tensor ones(ScalarType type, long... shape) {
        return torch.ones(shape).to(type).contiguous(MemoryFormat.ChannelsLast);
    }

    private static double product(ScalarType type) {
        Tensor matrix = torch.ones(1024, 1024).to(type);
        return 2.0 * 1024 * 1024 * 1024 / 1e9 / seconds(() -> matrix.mm(matrix));
    }

    /** The best of nine, after two for warming up: what else runs on the machine only ever slows. */
    private static double seconds(Supplier<Tensor> operation) {
        double best = Double.POSITIVE_INFINITY;
        for (int i = -2; i < 9; i++) {
            long start = System.nanoTime();
            operation.get().close();
            if (i >= 0) {
                best = Math.min(best, (System.nanoTime() - start) / 1e9);
            }
        }
        return best;
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
                    Double.parseDouble(values.getProperty("packed_f32")),
                    Double.parseDouble(values.getProperty("packed_bf16")),
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
                            + probe.convBf16 + "\npacked_f32=" + probe.packedF32 + "\npacked_bf16=" + probe.packedBf16
                            + "\nproduct_f32=" + probe.productF32 + "\nproduct_bf16="
                            + probe.productBf16
                            + "\n");
        } catch (UserError e) {
            // a cache folder that cannot be written only costs a second next time
        }
    }
}
