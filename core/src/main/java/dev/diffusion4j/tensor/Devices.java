// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.tensor;

import static org.bytedeco.pytorch.global.torch.cuda_device_count;
import static org.bytedeco.pytorch.global.torch.cuda_is_available;

import dev.diffusion4j.base.Problem;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.DeviceOptional;

/** Where tensors live and are computed. */
public final class Devices {
    /** Made at first use, when LibTorch is there. */
    private static final class Cpu {
        private static final Device DEVICE = TensorScope.own(new Device("cpu"));
    }

    private Devices() {}

    /** The processor; a shared object, never closed. */
    public static Device cpu() {
        NativeRuntime.configure();
        return Cpu.DEVICE;
    }

    /** Whether LibTorch was built with CUDA and finds a card. */
    public static boolean hasCuda() {
        NativeRuntime.configure();
        return StandIn.current() != null || cuda_is_available();
    }

    /**
     * {@code cpu}, {@code cuda}, {@code cuda:1} or {@code auto} (CUDA where there is one, else the CPU).
     *
     * @return a device that outlives every scope
     * @throws Problem (a wrong request) where there is no such device
     */
    public static Device parse(String name) {
        return switch (name) {
            case "cpu" -> cpu();
            case "auto" -> hasCuda() ? card("cuda") : cpu();
            default -> {
                if (!name.matches("cuda(:\\d{1,3})?")) {
                    throw Problem.request("unknown device '" + name + "'; choose cpu, cuda, cuda:N or auto");
                }
                if (!hasCuda()) {
                    throw Problem.request(
                            "device '" + name
                                    + "' is not there: this LibTorch sees no CUDA card; use {device} cpu, or add the CUDA natives, with CUDA's own libraries where the loader finds them");
                }
                int cards = StandIn.current() != null ? 1 : cuda_device_count();
                if (name.indexOf(':') > 0 && Integer.parseInt(name.substring(name.indexOf(':') + 1)) >= cards) {
                    throw Problem.request(
                            "device '" + name + "' is not there: the last CUDA card here is cuda:" + (cards - 1));
                }
                yield card(name);
            }
        };
    }

    private static Device card(String name) {
        StandIn known = StandIn.current();
        return known != null ? known.device() : TensorScope.own(new Device(name));
    }

    /**
     * The name of the device that one of several processes on a machine takes: where any card would do, the one of its own number.
     *
     * @param name as {@link #parse} takes it
     * @param localRank from 0
     */
    public static String ofProcess(String name, int localRank) {
        boolean isAny = name.equals("cuda") || name.equals("auto") && hasCuda();
        return isAny ? "cuda:" + localRank : name;
    }

    /** {@code "cpu"}, {@code "cuda:0"}: how the device is named in logs and metadata. */
    public static String name(Device device) {
        if (StandIn.current() != null && !device.is_cpu()) {
            return "cuda:0";
        }
        try (BytePointer text = device.str()) {
            return text.getString();
        }
    }

    static DeviceOptional optional(Device device) {
        return new DeviceOptional(device);
    }
}
