// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.processor;

import static org.bytedeco.pytorch.global.torch.get_num_threads;

import dev.diffusion4j.base.AtomicFile;
import dev.diffusion4j.base.CacheFolder;
import dev.diffusion4j.base.CpuFeatures;
import dev.diffusion4j.base.Hashes;
import dev.diffusion4j.base.Problem;
import dev.diffusion4j.tensor.NativeRuntime;
import dev.diffusion4j.tensor.Precision;
import dev.diffusion4j.tensor.TensorScope;
import java.io.IOException;
import java.io.StringReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Properties;
import java.util.function.Function;
import java.util.function.Supplier;
import org.bytedeco.pytorch.Device;
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
 * @param packedProductF32 the product with the right matrix put in order before; 0 where that cannot be done
 * @param packedProductBf16 the same in bf16
 */
public record SpeedProbe(
        double convF32,
        double convBf16,
        double packedF32,
        double packedBf16,
        double productF32,
        double productBf16,
        double packedProductF32,
        double packedProductBf16) {
    /** bf16 must win by this factor before {@code auto} takes it. */
    private static final double CLEARLY = 1.3;

    /** The probe is rough, and an addition made on the way is worth something: a tie is a win. */
    private static final double PACKED_AT_LEAST = 0.8;

    private static final long[] INPUT = {4, 128, 32, 32};
    private static final long[] WEIGHT = {128, 128, 3, 3};
    private static final long[] ONE = {1, 1};
    private static final double CONV_GFLOP = 2e-9 * 4 * 128 * 128 * 9 * 32 * 32;
    private static final long PRODUCT = 1024;
    private static final double PRODUCT_GFLOP = 2e-9 * PRODUCT * PRODUCT * PRODUCT;
    private static final int WARM_UP = 2;
    private static final int ROUNDS = 9;
    /** Goes up when what is measured changes. */
    private static final int VERSION = 3;

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

    /** How many times faster than in f32 convolutions are in bf16 on this processor; 1 where the processor has no fast bf16. */
    public double bf16Factor() {
        return CpuFeatures.current().hasFastBf16() ? convBf16 / convF32 : 1;
    }

    /** GFLOP/s of the convolution in the dtype that {@code auto} takes. */
    public double best() {
        return bf16IsFaster() ? convBf16 : convF32;
    }

    /** Whether convolutions in bf16 are clearly faster on this processor. */
    public boolean bf16IsFaster() {
        return bf16Factor() >= CLEARLY;
    }

    /** {@code F32} or {@code BF16}: what {@code AUTO} stands for on a device, and the others as they are. */
    public static Precision resolve(Precision precision, Device device) {
        if (precision != Precision.AUTO) {
            return precision;
        }
        return device.is_cuda() || current().bf16IsFaster() ? Precision.BF16 : Precision.F32;
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

    /** Whether matrix products of this dtype of half the width are clearly faster than in f32. */
    public static boolean multipliesFast(ScalarType type) {
        return type == ScalarType.BFloat16
                && CpuFeatures.current().hasFastBf16()
                && current().productBf16 >= CLEARLY * current().productF32;
    }

    /** {@link #packs} for matrix products. */
    public static boolean packsProducts(ScalarType type) {
        if (!PackedLinear.isAvailable() || type != ScalarType.Float && type != ScalarType.BFloat16) {
            return false;
        }
        SpeedProbe probe = current();
        return type == ScalarType.Float
                ? probe.packedProductF32 > PACKED_AT_LEAST * probe.productF32
                : probe.packedProductBf16 > PACKED_AT_LEAST * probe.productBf16;
    }

    /**
     * Measures anew, without the cache: the best of nine rounds in which each operation has its turn, after two for warming up. What
     * else runs on the machine only ever slows, and slows all of them.
     */
    public static SpeedProbe measure() {
        NativeRuntime.configure();
        return TensorScope.compute(() -> {
            try (NoGradGuard guard = new NoGradGuard();
                    Packed convolutionF32 = Packed.convolution(ScalarType.Float);
                    Packed convolutionBf16 = Packed.convolution(ScalarType.BFloat16);
                    Packed productF32 = Packed.product(ScalarType.Float);
                    Packed productBf16 = Packed.product(ScalarType.BFloat16)) {
                double[] best = bestSeconds(List.of(
                        convolution(ScalarType.Float),
                        convolution(ScalarType.BFloat16),
                        convolutionF32.operation(),
                        convolutionBf16.operation(),
                        product(ScalarType.Float),
                        product(ScalarType.BFloat16),
                        productF32.operation(),
                        productBf16.operation()));
                return new SpeedProbe(
                        CONV_GFLOP / best[0],
                        CONV_GFLOP / best[1],
                        convolutionF32.speed(CONV_GFLOP, best[2]),
                        convolutionBf16.speed(CONV_GFLOP, best[3]),
                        PRODUCT_GFLOP / best[4],
                        PRODUCT_GFLOP / best[5],
                        productF32.speed(PRODUCT_GFLOP, best[6]),
                        productBf16.speed(PRODUCT_GFLOP, best[7]));
            }
        });
    }

    /**
     * Measures anew and keeps the best of it and of what was known: what {@code auto} goes by from now on, in this process and in
     * later ones. A busy machine so corrects nothing for the worse.
     */
    public static synchronized SpeedProbe refresh() {
        SpeedProbe fresh = measure();
        SpeedProbe best = known().map(fresh::best).orElse(fresh);
        write(cacheFile(), best);
        current = best;
        return best;
    }

    private SpeedProbe best(SpeedProbe other) {
        return new SpeedProbe(
                Math.max(convF32, other.convF32),
                Math.max(convBf16, other.convBf16),
                Math.max(packedF32, other.packedF32),
                Math.max(packedBf16, other.packedBf16),
                Math.max(productF32, other.productF32),
                Math.max(productBf16, other.productBf16),
                Math.max(packedProductF32, other.packedProductF32),
                Math.max(packedProductBf16, other.packedProductBf16));
    }

    private static double[] bestSeconds(List<Supplier<Tensor>> operations) {
        double[] best = new double[operations.size()];
        Arrays.fill(best, Double.POSITIVE_INFINITY);
        for (int round = -WARM_UP; round < ROUNDS; round++) {
            for (int i = 0; i < best.length; i++) {
                long start = System.nanoTime();
                operations.get(i).get().close();
                if (round >= 0) {
                    best[i] = Math.min(best[i], (System.nanoTime() - start) / 1e9);
                }
            }
        }
        return best;
    }

    private static Supplier<Tensor> convolution(ScalarType type) {
        Tensor input = ones(type, INPUT);
        Tensor weight = ones(type, WEIGHT);
        TensorOptional bias = new TensorOptional(torch.ones(WEIGHT[0]).to(type));
        return () -> torch.conv2d(input, weight, bias, ONE, ONE, ONE, 1);
    }

    /**
     * An operation with its weight put in order.
     *
     * @param weight freed by {@link #close}; {@code null} where the processor or the dtype does not allow it
     * @param operation something quick where there is no weight
     */
    private record Packed(@Nullable AutoCloseable weight, Supplier<Tensor> operation) implements AutoCloseable {
        static Packed convolution(ScalarType type) {
            Tensor input = ones(type, INPUT);
            Tensor bias = torch.ones(WEIGHT[0]).to(type);
            return of(
                    () -> new PackedConvolution(ones(type, WEIGHT), ONE, ONE, INPUT),
                    packed -> packed.forward(input, bias),
                    bias);
        }

        static Packed product(ScalarType type) {
            Tensor input = torch.ones(PRODUCT, PRODUCT).to(type);
            Tensor bias = torch.ones(PRODUCT).to(type);
            return of(() -> new PackedLinear(input, PRODUCT), packed -> packed.forward(input, bias), bias);
        }

        private static <P extends AutoCloseable> Packed of(Supplier<P> pack, Function<P, Tensor> use, Tensor instead) {
            try {
                P packed = pack.get();
                Packed made = new Packed(packed, () -> use.apply(packed));
                try {
                    use.apply(packed).close();
                    return made;
                } catch (Throwable e) {
                    made.close();
                    throw e;
                }
            } catch (RuntimeException e) {
                return new Packed(null, instead::clone);
            }
        }

        /** GFLOP/s of it; 0 where it cannot be done. */
        double speed(double gflop, double seconds) {
            return weight == null ? 0 : gflop / seconds;
        }

        @Override
        public void close() {
            if (weight != null) {
                try {
                    weight.close();
                } catch (Exception e) {
                    throw new IllegalStateException(e);
                }
            }
        }
    }

    private static Tensor ones(ScalarType type, long... shape) {
        return torch.ones(shape).to(type).contiguous(MemoryFormat.ChannelsLast);
    }

    private static Supplier<Tensor> product(ScalarType type) {
        Tensor matrix = torch.ones(PRODUCT, PRODUCT).to(type);
        return () -> matrix.mm(matrix);
    }

    private static Path cacheFile() {
        NativeRuntime.configure();
        CpuFeatures cpu = CpuFeatures.current();
        String machine = cpu.model() + "|" + String.join(",", cpu.flags()) + "|" + get_num_threads() + "|"
                + torch.show_config().getString();
        return CacheFolder.path()
                .resolve("probe-" + VERSION + "-" + Hashes.sha256(machine).substring(0, 16) + ".properties");
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
                    Double.parseDouble(values.getProperty("product_bf16")),
                    Double.parseDouble(values.getProperty("packed_product_f32")),
                    Double.parseDouble(values.getProperty("packed_product_bf16")));
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
                            + "\nproduct_f32=" + probe.productF32 + "\nproduct_bf16=" + probe.productBf16
                            + "\npacked_product_f32=" + probe.packedProductF32 + "\npacked_product_bf16="
                            + probe.packedProductBf16 + "\n");
        } catch (Problem e) {
            // a cache folder that cannot be written only costs a second next time
        }
    }
}
