// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.pipeline;

import dev.diffusion4j.adapter.LoraApplied;
import dev.diffusion4j.adapter.LoraComponent;
import dev.diffusion4j.folder.ComponentNetwork;
import dev.diffusion4j.model.DiffusionModel;
import dev.diffusion4j.model.Model;
import dev.diffusion4j.tensor.Devices;
import dev.diffusion4j.tensor.NativeMemory;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Supplier;
import org.bytedeco.pytorch.Device;

/** Loads a denoiser, ready to draw. Thread-safe. */
final class NetworkLoader implements Supplier<Model>, MergedLoras {
    private static final long MANY_PARAMETERS = 1 << 24;

    private final ComponentNetwork network;
    private final Device device;
    private final LoadOptions options;
    private volatile List<LoraApplied> applied = List.of();

    /** @param options with a precision that is no choice any more */
    NetworkLoader(ComponentNetwork network, Device device, LoadOptions options) {
        this.network = network;
        this.device = device;
        this.options = options;
    }

    @Override
    public List<LoraApplied> applied() {
        return applied;
    }

    /** Equal for loaders that make equal networks. */
    Object key() {
        return new Key(
                real(network.component().folder()),
                options.withDevice(Devices.name(device))
                        .withParts(PartsReader.OWN)
                        .withVae(null)
                        .withRefiner(null));
    }

    private record Key(Path folder, LoadOptions options) {}

    static Path real(Path folder) {
        try {
            return folder.toRealPath();
        } catch (IOException e) {
            return folder.toAbsolutePath().normalize();
        }
    }

    @Override
    public DiffusionModel get() {
        DiffusionModel model = (DiffusionModel) network.read(device, options.precision(), options.variant());
        try {
            applied = PipelineAdapters.merge(LoraComponent.UNET, model, options.loras());
            makeReady(model, device);
            return model;
        } catch (Throwable e) {
            model.close();
            throw e;
        }
    }

    /** Lays out the weights for drawing; they do not change any more. */
    static void makeReady(Model model, Device device) {
        if (device.is_cpu()) {
            model.channelsLast(true);
            model.freeze();
        }
        if (model.parameterCount() > MANY_PARAMETERS) {
            NativeMemory.giveBack(); // what the conversion of the weights left behind
        }
    }
}
