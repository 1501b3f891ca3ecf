// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.tensor;

import java.util.List;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.pytorch.Dispatcher;
import org.bytedeco.pytorch.GenericList;
import org.bytedeco.pytorch.IValue;
import org.bytedeco.pytorch.IValueVector;
import org.bytedeco.pytorch.LongList;
import org.bytedeco.pytorch.NumberType;
import org.bytedeco.pytorch.OperatorHandle;
import org.bytedeco.pytorch.OptionalType;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorList;
import org.bytedeco.pytorch.Type;

/**
 * A LibTorch operator that has no generated Java method, called by name through the dispatcher. Find it once and keep it.
 * Argument values are made with the static methods here; they belong to the current scope.
 */
public final class NativeOp {
    static {
        NativeRuntime.configure();
    }

    private static final Type.TypePtr TENSOR = TensorScope.own(new TensorList().elementType());
    private static final Type.TypePtr INT = TensorScope.own(new LongList().elementType());

    private final OperatorHandle handle;

    private NativeOp(OperatorHandle handle) {
        this.handle = handle;
    }

    /**
     * @param name such as {@code aten::_fused_adamw_}
     * @param overload such as {@code binary}; empty for the first
     */
    public static NativeOp find(String name, String overload) {
        return new NativeOp(TensorScope.ownResult(() -> Dispatcher.singleton().findSchemaOrThrow(name, overload)));
    }

    /** Calls it; the tensor that it gives, owned by the current scope. */
    public Tensor call(IValue... arguments) {
        return TensorScope.keepResult(() -> {
            IValueVector stack = new IValueVector(arguments);
            handle.callBoxed(stack);
            return new Tensor(stack.back().toTensor());
        });
    }

    /** Calls one that returns nothing, or nothing that is needed. */
    public void run(IValue... arguments) {
        StandIn card = StandIn.current();
        TensorScope.run(() -> {
            if (card != null) {
                card.run(handle, arguments);
            } else {
                handle.callBoxed(new IValueVector(arguments));
            }
        });
    }

    /** {@code Tensor[]}. */
    public static IValue tensors(List<Tensor> tensors) {
        GenericList list = new GenericList(TENSOR);
        list.reserve(tensors.size());
        for (Tensor tensor : tensors) {
            try (IValue value = new IValue(tensor)) {
                list.push_back(value);
            }
        }
        return new IValue(list);
    }

    /** {@code int[]}. */
    public static IValue ints(long... values) {
        GenericList list = new GenericList(INT);
        for (long value : values) {
            list.push_back(new IValue(value));
        }
        return new IValue(list);
    }

    /** An empty {@code Scalar?[]}. */
    public static IValue noScalars() {
        return new IValue(new GenericList(OptionalType.get(
                new Type.TypePtr(NumberType.getNumberIntTypePtr().get()))));
    }

    /** {@code None}. */
    public static IValue none() {
        return new IValue();
    }

    /** Keeps an argument alive outside every scope, for use in many calls. */
    public static <P extends Pointer> P keep(P value) {
        return TensorScope.own(value);
    }
}
