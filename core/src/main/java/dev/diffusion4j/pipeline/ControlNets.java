// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.pipeline;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.folder.NetworkPlace;
import dev.diffusion4j.hub.HubProgress;
import dev.diffusion4j.model.Model;
import dev.diffusion4j.model.ModelFamily;
import dev.diffusion4j.model.controlnet.ControlNetModel;
import dev.diffusion4j.pipeline.request.Control;
import dev.diffusion4j.tensor.Placement;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Device;

/** The control networks that a pipeline and its views were asked for, each loaded once; it owns them. Thread-safe. */
final class ControlNets implements AutoCloseable {
    private static final List<ModelFamily> FAMILIES = List.of(ControlNetModel.FAMILY);

    private final List<Path> own;
    private final Map<Key, ControlNetModel> networks = new LinkedHashMap<>();
    private final Map<String, Path> folders = new LinkedHashMap<>();

    private record Key(Path folder, Placement placement) {}

    /** @param own the folders of those that are parts of the pipeline, for requests that name none */
    ControlNets(List<Path> own) {
        this.own = List.copyOf(own);
    }

    /**
     * The same requests, each with the place of its network.
     *
     * @throws Problem (a wrong request) where one names none, and the pipeline has no more of its own
     */
    List<Control> placed(List<Control> asked) {
        List<Control> all = new ArrayList<>();
        int next = 0;
        for (Control control : asked) {
            if (!control.isOwn()) {
                all.add(control);
                continue;
            }
            if (next == own.size()) {
                throw Problem.request("{control} " + control.picture() + " names no network, and this model has "
                        + (own.isEmpty() ? "none" : "only " + own.size())
                        + " of its own: name a folder or a model of the Hub before the picture");
            }
            all.add(control.withFolder(own.get(next++).toString()));
        }
        return all;
    }

    /**
     * The network of a place, ready to be used without gradients of its weights.
     *
     * @param place of {@link #placed}
     * @return borrowed
     * @throws Problem naming what is wrong with the folder or its files
     */
    synchronized ControlNetModel get(String place, Placement placement) {
        Path folder = folders.computeIfAbsent(
                place, missing -> NetworkPlace.folder(Path.of(missing), FAMILIES, null, HubProgress.SILENT));
        Key key = new Key(NetworkLoader.real(folder), placement);
        ControlNetModel known = networks.get(key);
        if (known != null) {
            return known;
        }
        Device device = placement.torchDevice();
        Model network = NetworkPlace.network(folder, FAMILIES).read(device, placement.dtype(), null);
        if (device.is_cpu()) {
            network.channelsLast(true);
            network.freeze();
        }
        ControlNetModel made = (ControlNetModel) network;
        networks.put(key, made);
        return made;
    }

    @Override
    public synchronized void close() {
        for (Model network : networks.values()) {
            network.close();
        }
        networks.clear();
    }
}
