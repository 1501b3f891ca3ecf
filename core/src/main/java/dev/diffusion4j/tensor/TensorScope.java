// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.tensor;

import java.util.List;
import java.util.function.Function;
import java.util.function.Supplier;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerScope;

/**
 * Decides when native memory is freed. A body runs in a scope; when it ends, all native objects that it made die, except what
 * it returns, which then belongs to the scope around it (or, where there is none, to the caller, who closes it). Scopes nest,
 * belong to one thread, and free everything when the body throws.
 *
 * <pre>{@code
 * try (Tensor mean = TensorScope.keepResult(() -> x.mul(x).mean())) { … }
 * }</pre>
 */
public final class TensorScope {
    private TensorScope() {}

    /** Runs {@code body} and frees every native object made in it. */
    public static void run(Runnable body) {
        try (PointerScope scope = open()) {
            body.run();
        }
    }

    /** Runs {@code body} and frees every native object made in it; the result is a plain value. */
    public static <R> R compute(Supplier<R> body) {
        try (PointerScope scope = open()) {
            return body.get();
        }
    }

    /** Runs {@code body} and frees every native object made in it but the returned one. */
    public static <P extends Pointer> P keepResult(Supplier<P> body) {
        PointerScope outer = PointerScope.getInnerScope();
        try (PointerScope scope = open()) {
            P result = body.get();
            handOver(result, outer);
            return result;
        }
    }

    /** As {@link #keepResult}, but the result belongs to no scope: the caller owns and closes it. */
    public static <P extends Pointer> P ownResult(Supplier<P> body) {
        try (PointerScope scope = open()) {
            P result = body.get();
            result.retainReference();
            return result;
        }
    }

    /** As {@link #keepResult} for a value that holds several native objects, which {@code parts} lists. */
    public static <R> R keepAll(Supplier<R> body, Function<R, ? extends List<? extends Pointer>> parts) {
        PointerScope outer = PointerScope.getInnerScope();
        try (PointerScope scope = open()) {
            R result = body.get();
            for (Pointer part : parts.apply(result)) {
                handOver(part, outer);
            }
            return result;
        }
    }

    /**
     * Makes the caller the owner of {@code pointer}: it outlives every scope and is freed by one {@code close()}. For weights,
     * buffers and other objects with a long life.
     */
    public static <P extends Pointer> P own(P pointer) {
        pointer.retainReference();
        return pointer;
    }

    /** Within which LibTorch is there. */
    private static PointerScope open() {
        NativeRuntime.configure();
        return new PointerScope();
    }

    private static void handOver(Pointer result, @org.jspecify.annotations.Nullable PointerScope outer) {
        if (outer == null) {
            result.retainReference();
        } else {
            outer.attach(result);
        }
    }
}
