// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.tensor;

import static org.bytedeco.pytorch.global.torch.cat;
import static org.bytedeco.pytorch.global.torch.zeros_like;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.pytorch.AutoGradMode;
import org.bytedeco.pytorch.IValue;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorBase;
import org.bytedeco.pytorch.TensorTensorHook;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch.MemoryFormat;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.jspecify.annotations.Nullable;

/**
 * Lets Java code be a differentiable operation: it computes a value by its own means and says how the value's gradient becomes
 * its input's. Open one around a forward and its backward pass on the same thread; it owns what the gradients need.
 *
 * <p>LibTorch has no way to define such an operation from Java, so the value is put into the result of a view of the input, whose
 * own gradient is the identity, and a hook on that result does the work.
 */
public final class BackwardTape implements AutoCloseable {
    private static final NativeOp VIEW = NativeOp.find("aten::_unsafe_view", "");
    private static final ThreadLocal<@Nullable BackwardTape> CURRENT = new ThreadLocal<>();

    private final Deque<Pointer> owned = new ArrayDeque<>();
    private final List<Tensor> anchors = new ArrayList<>();
    private Deque<Pointer> handedBack = new ArrayDeque<>();
    private final @Nullable BackwardTape outer;
    private @Nullable Throwable failure;

    private BackwardTape(@Nullable BackwardTape outer) {
        this.outer = outer;
    }

    /** Begins recording on this thread. */
    public static BackwardTape open() {
        if (CURRENT.get() != null) {
            throw new IllegalStateException("this thread records already");
        }
        return nested();
    }

    /** As {@link #open}, in place of the tape that records until this one is closed. */
    private static BackwardTape nested() {
        BackwardTape tape = new BackwardTape(CURRENT.get());
        CURRENT.set(tape);
        return tape;
    }

    /** The tape of this thread, if it records. */
    public static Optional<BackwardTape> current() {
        return Optional.ofNullable(CURRENT.get());
    }

    /** Keeps another handle of a tensor until the tape is closed, or until {@link #release}. */
    public Tensor keep(Tensor tensor) {
        Tensor handle = TensorScope.ownResult(() -> new Tensor(tensor).detach());
        owned.push(handle);
        return handle;
    }

    /** Frees a kept tensor early. */
    public void release(Tensor kept) {
        kept.close();
    }

    /**
     * @param input on the graph
     * @param value of the input's shape and dtype; another layout is fine
     * @param backward from the gradient of the result to that of the input, both of that shape; called at most once
     * @return {@code value} on the graph, owned by the current scope
     */
    public Tensor record(Tensor input, Tensor value, UnaryOperator<Tensor> backward) {
        return TensorScope.keepResult(() -> {
            Tensor link = view(input);
            link.set_data(value);
            hook(link, backward);
            return link;
        });
    }

    /**
     * As {@link #record} for a value of fewer features than the input: (…, n) from (…, m), m &gt; n.
     *
     * @param backward from the gradient of the result, (…, n), to that of the input, (…, m)
     */
    public Tensor recordNarrower(Tensor input, Tensor value, UnaryOperator<Tensor> backward) {
        AtomicReference<@Nullable Tensor> result = new AtomicReference<>();
        hook(input, ignored -> handedOver(result));
        return TensorScope.keepResult(() -> {
            long last = input.dim() - 1;
            Tensor link = view(input.narrow(last, 0, value.size(last)));
            link.set_data(value);
            hook(link, gradient -> {
                Tensor own = TensorScope.ownResult(() -> backward.apply(gradient));
                owned.push(own);
                result.set(own);
                return gradient;
            });
            return link;
        });
    }

    /**
     * As {@link #record} for a value of any shape, such as a product's.
     *
     * @param input (n, m)
     * @param value (i, j)
     * @param backward from the gradient of the result, (i, j), to that of the input, (n, m)
     */
    public Tensor recordProduct(Tensor input, Tensor value, UnaryOperator<Tensor> backward) {
        AtomicReference<@Nullable Tensor> result = new AtomicReference<>();
        return TensorScope.keepResult(() -> {
            Tensor own = view(input); // the input may have other gradients besides
            hook(own, ignored -> handedOver(result));
            Tensor link = view(own.narrow(0, 0, 1).narrow(1, 0, 1).expand(Tensors.shape(value)));
            link.set_data(value);
            hook(link, gradient -> {
                Tensor made = TensorScope.ownResult(() -> backward.apply(gradient));
                owned.push(made);
                result.set(made);
                return gradient;
            });
            return link;
        });
    }

    /**
     * A value of which only the inputs are kept: what leads to it is computed again in the backward pass.
     *
     * @param inputs floating, at least one of them on the graph
     * @param body from the inputs, or tensors like them, to the value; it runs twice and gives the same both times. Gradients of weights
     *     that it uses add up in the weights' own places
     * @return on the graph, owned by the current scope
     */
    public Tensor recompute(List<Tensor> inputs, Function<List<Tensor>, Tensor> body) {
        List<Tensor> kept = inputs.stream().map(this::keep).toList();
        List<Boolean> learn = inputs.stream().map(Tensor::requires_grad).toList();
        return TensorScope.keepResult(() -> {
            Tensor value;
            try (BackwardTape inner = nested()) {
                value = TensorScope.keepResult(
                        () -> body.apply(leaves(kept, learn)).detach());
            }
            Tensor all = flat(inputs, learn, value.numel());
            long length = all.numel();
            AtomicReference<@Nullable Tensor> gradients = new AtomicReference<>();
            hook(all, ignored -> handedOver(gradients));
            Tensor part = VIEW.call(new IValue(all.narrow(0, 0, value.numel())), NativeOp.ints(Tensors.shape(value)));
            Tensor link = part.to(Tensors.type(value));
            link.set_data(value);
            hook(link, gradient -> {
                Tensor own = TensorScope.ownResult(() -> gradients(kept, learn, body, gradient, length));
                owned.push(own);
                gradients.set(own);
                kept.forEach(this::release);
                return gradient;
            });
            return link;
        });
    }

    /** What another hook has left, as a tensor of the current scope: it lives no longer than LibTorch needs it. */
    private static Tensor handedOver(AtomicReference<@Nullable Tensor> left) {
        try (Tensor own = java.util.Objects.requireNonNull(left.get())) {
            return new Tensor(own);
        }
    }

    private static List<Tensor> leaves(List<Tensor> kept, List<Boolean> learn) {
        List<Tensor> leaves = new ArrayList<>();
        for (int i = 0; i < kept.size(); i++) {
            leaves.add(kept.get(i).detach().set_requires_grad(learn.get(i)));
        }
        return leaves;
    }

    /** All numbers of a tensor, in the order in which another of its shape lies in memory. */
    private static Tensor line(Tensor like, Tensor tensor) {
        boolean isLast = like.dim() == 4 && !like.is_contiguous() && like.is_contiguous(MemoryFormat.ChannelsLast);
        return isLast ? tensor.permute(0, 2, 3, 1).reshape(-1) : tensor.reshape(-1);
    }

    /** All inputs that are on the graph one after the other, in f32, at least {@code least} numbers. */
    private static Tensor flat(List<Tensor> inputs, List<Boolean> learn, long least) {
        TensorVector parts = new TensorVector();
        long total = 0;
        for (int i = 0; i < inputs.size(); i++) {
            if (learn.get(i)) {
                parts.push_back(line(inputs.get(i), inputs.get(i)).to(ScalarType.Float));
                total += inputs.get(i).numel();
            }
        }
        if (total < least) {
            parts.push_back(parts.get(0).new_zeros(least - total));
        }
        return cat(parts, 0);
    }

    /** The gradients of what {@link #flat} makes one of. */
    private static Tensor gradients(
            List<Tensor> kept, List<Boolean> learn, Function<List<Tensor>, Tensor> body, Tensor gradient, long length) {
        try (BackwardTape inner = nested();
                AutoGradMode recording = new AutoGradMode(true)) {
            List<Tensor> leaves = leaves(kept, learn);
            Tensor value = body.apply(leaves);
            inner.backward(inner.withSides(value.to(ScalarType.Float)
                    .mul(gradient.to(ScalarType.Float))
                    .sum()));
            TensorVector parts = new TensorVector();
            long total = 0;
            for (int i = 0; i < leaves.size(); i++) {
                if (learn.get(i)) {
                    Tensor own = leaves.get(i).grad();
                    Tensor known = own.defined() ? own : zeros_like(leaves.get(i));
                    parts.push_back(line(kept.get(i), known).to(ScalarType.Float));
                    total += known.numel();
                }
            }
            if (total < length) {
                parts.push_back(parts.get(0).new_zeros(length - total));
            }
            return cat(parts, 0);
        }
    }

    /** Receives the gradient of a second, small input. */
    public static final class SideGradient {
        private @Nullable Tensor gradient;

        private SideGradient() {}

        /** @param value of the second input's shape and dtype; copied */
        public void set(Tensor value) {
            gradient = TensorScope.ownResult(() -> value.clone());
        }
    }

    /**
     * As {@link #record} with a second, small input, whose gradient {@code backward} sets. The loss must then be passed through
     * {@link #withSides}.
     *
     * @param side on the graph, made after nothing that depends on the result
     */
    public Tensor recordWith(
            Tensor input, Tensor side, Tensor value, BiFunction<Tensor, SideGradient, Tensor> backward) {
        SideGradient sideGradient = new SideGradient();
        ScalarType type = Tensors.type(side);
        // LibTorch works through the nodes that are ready latest first, so the side's node, which is older than the
        // result's,
        // comes after it
        hook(side, ignored -> {
            Tensor set = java.util.Objects.requireNonNull(sideGradient.gradient);
            owned.push(set);
            return set.to(type);
        });
        Tensor anchor =
                TensorScope.ownResult(() -> side.reshape(-1).narrow(0, 0, 1).to(ScalarType.Float));
        owned.push(anchor);
        anchors.add(anchor);
        return record(input, value, gradient -> backward.apply(gradient, sideGradient));
    }

    /** The loss with all second inputs in its graph; the value is unchanged. Owned by the current scope. */
    public Tensor withSides(Tensor loss) {
        if (anchors.isEmpty()) {
            return loss;
        }
        return TensorScope.keepResult(() -> {
            TensorVector all = new TensorVector();
            anchors.forEach(all::push_back);
            return loss.add(cat(all, 0).sum().mul(new Scalar(0.0)));
        });
    }

    /**
     * The backward pass from {@code loss}, which has passed through {@link #withSides}. What a recorded operation throws comes out as it
     * is; LibTorch would make another exception of it.
     */
    public void backward(Tensor loss) {
        try {
            loss.backward();
        } catch (RuntimeException e) {
            Throwable cause = failure;
            failure = null;
            if (cause instanceof Error error) {
                throw error;
            }
            throw cause instanceof RuntimeException known ? known : e;
        }
    }

    private static Tensor view(Tensor input) {
        return VIEW.call(new IValue(input), NativeOp.ints(Tensors.shape(input)));
    }

    private void hook(Tensor tensor, UnaryOperator<Tensor> body) {
        Hook hook = TensorScope.own(new Hook(body));
        owned.push(hook);
        tensor.register_hook(hook);
    }

    /** Called by LibTorch on the thread that runs the backward pass, which is the one that recorded. */
    private final class Hook extends TensorTensorHook {
        private final UnaryOperator<Tensor> body;

        Hook(UnaryOperator<Tensor> body) {
            this.body = body;
        }

        @Override
        public TensorBase call(TensorBase gradient) {
            // LibTorch has taken over what the hooks before returned
            Deque<Pointer> taken = handedBack;
            handedBack = new ArrayDeque<>();
            taken.forEach(Pointer::close);
            try {
                Tensor result = TensorScope.ownResult(() -> body.apply(new Tensor(gradient)));
                handedBack.push(result);
                return result;
            } catch (RuntimeException | Error e) {
                failure = e;
                throw e;
            }
        }
    }

    /** Frees everything that is left. */
    @Override
    public void close() {
        if (outer == null) {
            CURRENT.remove();
        } else {
            CURRENT.set(outer);
        }
        handedBack.forEach(Pointer::close);
        owned.forEach(Pointer::close);
        handedBack.clear();
        owned.clear();
    }
}
