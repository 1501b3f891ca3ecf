// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.tensor;

import static org.bytedeco.pytorch.global.torch.make_generator_cpu;

import dev.diffusion4j.base.Check;
import java.util.function.Function;
import org.bytedeco.pytorch.Generator;
import org.bytedeco.pytorch.GeneratorOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.jspecify.annotations.Nullable;

/**
 * One seeded stream of random numbers, equal to {@code torch.Generator("cpu").manual_seed(seed)} draw by draw. Its state can
 * be saved and restored. Not thread-safe; results are owned by the current scope.
 */
public final class RandomStream implements SeededStream {
    private final Generator generator;
    private final GeneratorOptional optional;
    private final @Nullable Part part;

    /** Examples {@code start … start+count−1} of {@code total}. */
    private record Part(long start, long count, long total) {
        long[] whole(long[] shape) {
            long[] all = shape.clone();
            all[0] = total;
            return all;
        }
    }

    /** Seeds must be ≥ 0. */
    public RandomStream(long seed) {
        this(generator(notNegative(seed)));
    }

    /** By all 64 bits of a seed, read without a sign: up to 2⁶⁴−1, as {@code torch.manual_seed} takes them. */
    static RandomStream ofUnsigned(long bits) {
        return new RandomStream(generator(bits));
    }

    private RandomStream(Generator generator) {
        this.generator = generator;
        this.optional = TensorScope.own(new GeneratorOptional(generator));
        this.part = null;
    }

    private RandomStream(RandomStream whole, Part part) {
        this.generator = whole.generator;
        this.optional = whole.optional;
        this.part = part;
    }

    /**
     * The same stream for somebody who has only some of the examples that are drawn for: what is drawn for {@code count} examples, one
     * behind the other along the first axis, is drawn for all {@code total}, and those from {@code start} on are given. Borrows this.
     */
    public RandomStream forSome(long start, long count, long total) {
        Check.that(start >= 0 && count > 0 && start + count <= total, "examples must be some of " + total);
        return count == total ? this : new RandomStream(this, new Part(start, count, total));
    }

    private Tensor drawn(long[] shape, Function<long[], Tensor> draw) {
        if (part == null || shape.length == 0 || shape[0] != part.count) {
            return draw.apply(shape);
        }
        return TensorScope.keepResult(() ->
                draw.apply(part.whole(shape)).narrow(0, part.start, part.count).contiguous());
    }

    private static Generator generator(long bits) {
        NativeRuntime.configure();
        return TensorScope.own(make_generator_cpu(bits));
    }

    private static long notNegative(long seed) {
        Check.that(seed >= 0, "{seed} must be >= 0, but was " + seed);
        return seed;
    }

    @Override
    public Tensor randn(long... shape) {
        return drawn(shape, all -> torch.randn(all, optional));
    }

    @Override
    public Tensor randn(NoiseDtype dtype, long... shape) {
        return dtype == NoiseDtype.F32
                ? randn(shape)
                : TensorScope.keepResult(
                        () -> drawn(shape, all -> torch.randn(all, optional, new TensorOptions(dtype.scalarType())))
                                .to(ScalarType.Float));
    }

    /** U[0, 1), {@code float32}. */
    public Tensor rand(long... shape) {
        return drawn(shape, all -> torch.rand(all, optional));
    }

    /** Whole numbers 0 … {@code high}−1, {@code int64}. */
    public Tensor randint(long high, long... shape) {
        return drawn(shape, all -> torch.randint(high, all, optional, new TensorOptions(ScalarType.Long)));
    }

    /** A permutation of 0 … {@code n}−1, {@code int64 (n)}. */
    public Tensor randperm(long n) {
        return torch.randperm(n, optional, new TensorOptions(ScalarType.Long));
    }

    /** Fills {@code target} in place with U[low, high). */
    public void uniform(Tensor target, double low, double high) {
        target.uniform_(low, high, optional);
    }

    /** Fills {@code target} in place with N(mean, std²). */
    public void normal(Tensor target, double mean, double std) {
        target.normal_(mean, std, optional);
    }

    /** Everything that decides the next draws; give it to {@link #restore}. */
    public byte[] state() {
        return TensorScope.compute(() -> Tensors.bytes(generator.get_state()));
    }

    /** Continues where {@link #state()} was taken. */
    public void restore(byte[] state) {
        TensorScope.run(() -> generator.set_state(Tensors.ofBytes(state)));
    }

    GeneratorOptional generator() {
        return optional;
    }

    @Override
    public void close() {
        if (part == null) { // else both are another's
            optional.close();
            generator.close();
        }
    }
}
