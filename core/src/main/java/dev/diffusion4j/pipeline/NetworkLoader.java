// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.pipeline;

import dev.diffusion4j.folder.ComponentNetwork;
import dev.diffusion4j.model.DiffusionModel;
import dev.diffusion4j.model.Model;
import dev.diffusion4j.tensor.Devices;
import dev.diffusion4j.tensor.NativeMemory;
import java.io.IOException;
import java.nio.file.Path;
import java.util.function.Supplier;
import org.bytedeco.pytorch.Device;

/**
 * Loads a denoiser, ready to draw.
 *
 * @param options with a precision that is no choice any more
 */
record NetworkLoader(ComponentNetwork network, Device device, LoadOptions options) implements Supplier<Model> {
    private static final long MANY_PARAMETERS = 1 << 24;

    /** Equal for loaders that make equal networks. */
    Object key() {
        return new Key(
                real(network.component().folder()),
                options.withDevice(Devices.name(device)).withParts(PartsReader.OWN));
    }

    private record Key(Path folder, LoadOptions options) {}

    private static Path real(Path folder) {
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
            PipelineAdapters.merge(model, options.loras());
        } catch (RuntimeException e) {
            model.close();
            throw e;
        }
        if (device.is_cpu()) {
            model.channelsLast(true);
            model.freeze();
        }
        if (model.parameterCount() > MANY_PARAMETERS) {
            NativeMemory.giveBack(); // what the conversion of the weights left behind
        }
        return model;
    }
}
