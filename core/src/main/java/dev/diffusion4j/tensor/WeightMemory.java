// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.tensor;

import java.util.function.Supplier;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.DeviceOptional;
import org.bytedeco.pytorch.MemoryFormatOptional;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.DeviceType;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.jspecify.annotations.Nullable;

/**
 * In which format, and whether in memory at all, layers make their tensors: a property of the call, so that a network that computes in bf16
 * is never there in f32 as well.
 */
public final class WeightMemory {
    private static final WeightMemory USUAL = new WeightMemory(ScalarType.Float, false);
    private static final ThreadLocal<@Nullable WeightMemory> CURRENT = new ThreadLocal<>();

    private final ScalarType type;
    private final boolean shapesOnly;

    private WeightMemory(ScalarType type, boolean shapesOnly) {
        this.type = type;
        this.shapesOnly = shapesOnly;
    }

    /** Layers that {@code body} makes have tensors of that format, on the CPU. */
    public static <R> R madeAs(ScalarType type, Supplier<R> body) {
        return with(new WeightMemory(type, false), body);
    }

    /** Layers that {@code body} makes have tensors that take no memory: f32 shapes, which can neither be filled nor computed with. */
    public static <R> R shapesOnly(Supplier<R> body) {
        return with(new WeightMemory(ScalarType.Float, true), body);
    }

    private static <R> R with(WeightMemory made, Supplier<R> body) {
        WeightMemory outer = CURRENT.get();
        CURRENT.set(made);
        try {
            return body.get();
        } finally {
            if (outer == null) {
                CURRENT.remove();
            } else {
                CURRENT.set(outer);
            }
        }
    }

    /** Gives a weight the values, dtype, device and layout of another tensor; its handle, and whether it learns, stay. */
    public static void replace(Tensor weight, Tensor with) {
        StandIn card = StandIn.current();
        if (card != null && weight.is_cpu() != with.is_cpu()) {
            card.replace(weight, with);
        } else {
            weight.set_data(with);
        }
    }

    /** A weight as operations take it that can do without; the caller owns it. */
    public static TensorOptional optional(@Nullable Tensor weight) {
        TensorOptional optional = TensorScope.own(weight == null ? new TensorOptional() : new TensorOptional(weight));
        StandIn card = StandIn.current();
        if (card != null && weight != null) {
            card.follow(weight, optional);
        }
        return optional;
    }

    /** Memory for a layer's tensor, with any content; the caller owns it. */
    public static Tensor empty(long... shape) {
        NativeRuntime.configure();
        WeightMemory current = CURRENT.get();
        WeightMemory made = current == null ? USUAL : current;
        return TensorScope.ownResult(() -> {
            Device device = made.shapesOnly ? new Device(DeviceType.Meta) : Devices.cpu();
            TensorOptions options =
                    new TensorOptions().dtype(new ScalarTypeOptional(made.type)).device(new DeviceOptional(device));
            return torch.empty(shape, options, new MemoryFormatOptional());
        });
    }
}
