// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.processor;

import static org.bytedeco.pytorch.global.torch.cuda_device_count;
import static org.bytedeco.pytorch.global.torch.get_cpu_capability;
import static org.bytedeco.pytorch.global.torch.get_mkldnn_version;
import static org.bytedeco.pytorch.global.torch.get_num_threads;

import dev.diffusion4j.base.CpuFeatures;
import dev.diffusion4j.kernel.VectorSupport;
import dev.diffusion4j.tensor.Devices;
import dev.diffusion4j.tensor.NativeMode;
import dev.diffusion4j.tensor.NativeRuntime;
import dev.diffusion4j.tensor.Precision;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.bytedeco.pytorch.global.torch;

/**
 * What this machine offers, what was chosen, and what to change where something is slow.
 *
 * @param facts by name, in order
 * @param advice one line each; empty where all is well
 */
public record MachineReport(Map<String, Object> facts, List<String> advice) {
    /** OpenBLAS's names of processors with AVX512. */
    private static final Set<String> AVX512_KERNELS = Set.of("SKYLAKEX", "COOPERLAKE", "SAPPHIRERAPIDS");

    private static final List<String> TELLING =
            List.of("avx2", "avx512f", "avx512_vnni", "avx512_bf16", "amx_bf16", "amx_tile", "fma");

    public MachineReport {
        facts = java.util.Collections.unmodifiableMap(new LinkedHashMap<>(facts));
        advice = List.copyOf(advice);
    }

    /** Looks at this machine; measures its speeds anew, which takes a second or two, and keeps them for {@code auto}. */
    public static MachineReport make() {
        NativeRuntime.Status natives = NativeRuntime.configure();
        CpuFeatures cpu = CpuFeatures.current();
        SpeedProbe probe = SpeedProbe.refresh();
        Map<String, Object> facts = new LinkedHashMap<>();
        facts.put("processor", cpu.model());
        facts.put("features", String.join(" ", TELLING.stream().filter(cpu::has).toList()));
        facts.put("processors", (long) Runtime.getRuntime().availableProcessors());
        facts.put("threads", (long) get_num_threads());
        facts.put("java", System.getProperty("java.vm.name") + " " + Runtime.version());
        facts.put("vector_kernels", VectorSupport.isAvailable() ? VectorSupport.lanes() + " floats wide" : "off");
        facts.put("libtorch", libTorchVersion() + ", " + get_cpu_capability().getString());
        facts.put("onednn", get_mkldnn_version().getString());
        facts.put("blas", blas());
        facts.put("cuda", Devices.hasCuda() ? cards(cuda_device_count()) : "none");
        facts.put("settings", String.join("; ", natives.settings()));
        facts.put("convolution_f32_gflops", round(probe.convF32()));
        facts.put("convolution_bf16_gflops", round(probe.convBf16()));
        facts.put("product_f32_gflops", round(Math.max(probe.productF32(), probe.packedProductF32())));
        facts.put("product_bf16_gflops", round(Math.max(probe.productBf16(), probe.packedProductBf16())));
        facts.put(
                "auto_dtype", SpeedProbe.resolve(Precision.AUTO, Devices.cpu()).key());
        return new MachineReport(facts, advice(natives, cpu, probe));
    }

    private static double round(double value) {
        return Math.round(value * 10) / 10.0;
    }

    private static String libTorchVersion() {
        Matcher version = Pattern.compile("TORCH_VERSION=([\\d.]+)")
                .matcher(torch.show_config().getString());
        return version.find() ? version.group(1) : "unknown";
    }

    private static String cards(int count) {
        return count + (count == 1 ? " card" : " cards");
    }

    private static String blas() {
        String kernels = System.getenv("OPENBLAS_CORETYPE");
        return "OpenBLAS" + (kernels == null ? "" : " (" + kernels + " kernels)");
    }

    private static List<String> advice(NativeRuntime.Status natives, CpuFeatures cpu, SpeedProbe probe) {
        List<String> advice = new ArrayList<>();
        if (natives.mode() == NativeMode.KEEP) {
            advice.add(
                    "native settings are refused by -Ddiffusion4j.native=keep: convolutions and products may run several times "
                            + "slower");
        }
        natives.warnings().forEach(advice::add);
        int processors = Runtime.getRuntime().availableProcessors();
        if (get_num_threads() < processors) {
            advice.add(
                    "LibTorch uses " + get_num_threads() + " of " + processors + " processors: unset OMP_NUM_THREADS");
        }
        if (!VectorSupport.isAvailable()) {
            advice.add(
                    "training is faster with the module jdk.incubator.vector, which Java must be asked to add (the command does so)");
        }
        if (cpu.hasFastBf16() && !probe.bf16IsFaster()) {
            advice.add(
                    "the processor has bf16 instructions, but bf16 convolutions are hardly faster: the machine may be busy; "
                            + "run this again when it is idle");
        }
        String kernels = System.getenv("OPENBLAS_CORETYPE");
        if (kernels != null && cpu.has("avx512f") && !AVX512_KERNELS.contains(kernels.toUpperCase(Locale.ROOT))) {
            advice.add("OPENBLAS_CORETYPE=" + kernels
                    + " makes matrix products slower than this processor could: unset it");
        }
        if (!cpu.flags().isEmpty() && !cpu.has("avx2")) {
            advice.add("the processor has no AVX2: everything is slow");
        }
        return advice;
    }
}
