// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.tensor;

import static org.bytedeco.pytorch.global.torch.is_autocast_cache_enabled;
import static org.bytedeco.pytorch.global.torch.is_autocast_enabled;
import static org.bytedeco.pytorch.global.torch.set_autocast_cache_enabled;
import static org.bytedeco.pytorch.global.torch.set_autocast_dtype;
import static org.bytedeco.pytorch.global.torch.set_autocast_enabled;

import dev.diffusion4j.base.Check;
import java.util.function.Supplier;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.DeviceType;

/**
 * Where a part of a pipeline or of a training computes, and in what.
 *
 * @param device {@code cpu}, {@code cuda}, {@code cuda:N} or {@code auto}
 * @param dtype what it computes in
 * @param threads LibTorch's threads in all; 0 for as many as LibTorch starts by itself
 */
public record Placement(String device, Precision dtype, int threads) {
    /** On the CPU, in bf16 where that is clearly faster. */
    public static final Placement DEFAULT = new Placement("cpu", Precision.AUTO, 0);

    public Placement {
        checkDevice(device);
        Check.notNegative(threads, "threads");
    }

    /**
     * Looks whether a name is one of a device, there or not.
     *
     * @throws IllegalArgumentException where it is none
     */
    public static void checkDevice(String device) {
        Check.that(
                device.matches("cpu|auto|cuda(:\\d{1,3})?"),
                "unknown {device} '" + device + "'; choose cpu, cuda, cuda:N or auto");
    }

    /**
     * LibTorch's name of the device; a shared object, never closed.
     *
     * @throws dev.diffusion4j.base.Problem (a wrong request) where there is no such device
     */
    public Device torchDevice() {
        return Devices.parse(device);
    }

    /**
     * Runs {@code body} on this thread so that operations which gain from it compute in {@link #dtype}, on tensors that stay f32.
     * Not for {@code auto}, which must be chosen first.
     */
    public <R> R autocast(Supplier<R> body) {
        if (dtype == Precision.F32) {
            return body.get();
        }
        DeviceType type = torchDevice().type();
        set_autocast_dtype(type, dtype.scalarType());
        set_autocast_enabled(type, true);
        try {
            return withoutCache(body);
        } finally {
            set_autocast_enabled(type, false);
        }
    }

    /**
     * LibTorch keeps casts of weights that learn in one map for all threads. Where two share the weights, each would now and then compute with
     * the other's cast, and its gradient take the way through the other's graph: sums in another order, or in fewer digits, from run to run.
     */
    private static <R> R withoutCache(Supplier<R> body) {
        boolean outer = is_autocast_cache_enabled();
        set_autocast_cache_enabled(false);
        try {
            return body.get();
        } finally {
            set_autocast_cache_enabled(outer);
        }
    }

    /** Runs {@code body} on this thread in its tensors' own dtype, within {@link #autocast} too. */
    public static <R> R withoutAutocast(Supplier<R> body) {
        boolean onCpu = is_autocast_enabled(DeviceType.CPU);
        boolean onCard = is_autocast_enabled(DeviceType.CUDA);
        set_autocast_enabled(DeviceType.CPU, false);
        set_autocast_enabled(DeviceType.CUDA, false);
        try {
            return body.get();
        } finally {
            set_autocast_enabled(DeviceType.CPU, onCpu);
            set_autocast_enabled(DeviceType.CUDA, onCard);
        }
    }

    /** Whether a thread computes in fewer digits where that gains, to be taken up again later on the same thread. */
    public record Autocast(boolean onCpu, boolean onCard) {
        /** Of this thread now. */
        public static Autocast current() {
            return new Autocast(is_autocast_enabled(DeviceType.CPU), is_autocast_enabled(DeviceType.CUDA));
        }

        /** Whether operations on a tensor are cast. */
        public boolean reaches(Tensor tensor) {
            return tensor.is_cuda() ? onCard : onCpu;
        }

        /** Runs {@code body} so. */
        public <R> R run(Supplier<R> body) {
            Autocast outer = current();
            set_autocast_enabled(DeviceType.CPU, onCpu);
            set_autocast_enabled(DeviceType.CUDA, onCard);
            try {
                return withoutCache(body);
            } finally {
                set_autocast_enabled(DeviceType.CPU, outer.onCpu);
                set_autocast_enabled(DeviceType.CUDA, outer.onCard);
            }
        }
    }
}
