// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.pipeline;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.folder.ComponentNetwork;
import dev.diffusion4j.model.Model;
import dev.diffusion4j.model.controlnet.ControlNetModel;
import dev.diffusion4j.tensor.Placement;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.bytedeco.pytorch.Device;

/** The control networks that a pipeline and its views were asked for, each loaded once; it owns them. Thread-safe. */
final class ControlNets implements AutoCloseable {
    private final Map<Key, ControlNetModel> networks = new LinkedHashMap<>();

    private record Key(Path folder, Placement placement) {}

    /**
     * The network of a folder, ready to be used without gradients of its weights.
     *
     * @return borrowed
     * @throws Problem naming what is wrong with the folder or its files
     */
    synchronized ControlNetModel get(String place, Placement placement) {
        Path folder = Path.of(place);
        Key key = new Key(real(folder), placement);
        ControlNetModel known = networks.get(key);
        if (known != null) {
            return known;
        }
        Device device = placement.torchDevice();
        Model network =
                ComponentNetwork.ofFolder(folder, ControlNetModel.FAMILY).read(device, placement.dtype(), null);
        if (device.is_cpu()) {
            network.channelsLast(true);
            network.freeze();
        }
        ControlNetModel made = (ControlNetModel) network;
        networks.put(key, made);
        return made;
    }

    private static Path real(Path folder) {
        try {
            return folder.toRealPath();
        } catch (IOException e) {
            throw Problem.request("{control}: there is no folder " + folder);
        }
    }

    @Override
    public synchronized void close() {
        for (Model network : networks.values()) {
            network.close();
        }
        networks.clear();
    }
}
