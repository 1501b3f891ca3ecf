// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.pipeline;

import dev.diffusion4j.adapter.LoraChoice;
import dev.diffusion4j.adapter.LoraComponent;
import dev.diffusion4j.folder.PartContent;
import dev.diffusion4j.folder.PartLease;
import dev.diffusion4j.folder.PartLoader;
import dev.diffusion4j.folder.PartStore;
import dev.diffusion4j.model.Model;
import dev.diffusion4j.model.ModelFamilies;
import dev.diffusion4j.tensor.Devices;
import dev.diffusion4j.tensor.NativeMemory;
import dev.diffusion4j.tensor.Precision;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Supplier;
import org.bytedeco.pytorch.Device;
import org.jspecify.annotations.Nullable;

/**
 * Loads a network of a pipeline, ready to be used without gradients of its weights. Thread-safe.
 *
 * @param files of the network
 * @param component that adapters have something for, or {@code null}
 * @param options with a precision that is no choice any more
 */
record NetworkLoader(PartFiles.Network files, @Nullable LoraComponent component, LoadOptions options)
        implements PartLoader {
    private static final long MANY_PARAMETERS = 1 << 24;

    /** Leases the network, which a store holds once for all whose files and choices make equal ones; the caller closes the lease. */
    PartLease lease(PartStore store) {
        return store.lease(key(store), this);
    }

    /** Equal for loaders that make equal networks: what else is chosen, learnt words for example, does not change it. */
    private Object key(PartStore store) {
        Path place = real(files.place());
        Supplier<PartContent> content = files.content();
        return new Key(
                content == null ? place : store.placeOf(place, content.get()),
                files.name(),
                Devices.name(Devices.parse(options.device())),
                options.precision(),
                options.variant(),
                component == null ? List.of() : options.loras(),
                options.families(),
                options.config());
    }

    private record Key(
            Path place,
            String part,
            String device,
            Precision precision,
            @Nullable String variant,
            List<LoraChoice> loras,
            ModelFamilies families,
            @Nullable Path config) {}

    static Path real(Path place) {
        try {
            return place.toRealPath();
        } catch (IOException e) {
            return place.toAbsolutePath().normalize();
        }
    }

    @Override
    public Model load() {
        Model model = files.read();
        try {
            if (component != null) {
                PipelineAdapters.merge(component, model, options.loras());
            }
            makeReady(model, Devices.parse(options.device()));
            return model;
        } catch (Throwable e) {
            model.close();
            throw e;
        }
    }

    @Override
    public @Nullable Model outline() {
        return files.outline();
    }

    @Override
    public long bytes(Model network) {
        long ofNumber = options.precision() == Precision.BF16 ? Short.BYTES : Float.BYTES;
        return ofNumber * network.parameterCount();
    }

    /** Lays out the weights for drawing; they do not change any more. */
    private static void makeReady(Model model, Device device) {
        if (device.is_cpu()) {
            model.channelsLast(true);
            model.freeze();
        }
        if (model.parameterCount() > MANY_PARAMETERS) {
            NativeMemory.giveBack(); // what the conversion of the weights left behind
        }
    }
}
