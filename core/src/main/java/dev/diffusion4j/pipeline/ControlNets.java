// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.pipeline;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.folder.NetworkPlace;
import dev.diffusion4j.folder.PartLease;
import dev.diffusion4j.folder.PartStore;
import dev.diffusion4j.hub.HubProgress;
import dev.diffusion4j.model.ModelFamily;
import dev.diffusion4j.model.controlnet.ControlNetModel;
import dev.diffusion4j.pipeline.request.Control;
import dev.diffusion4j.tensor.Placement;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;

/**
 * The control networks that a pipeline and its views were asked for, each leased once, when it is asked for first. They work in the steps of the
 * denoiser, so they are in memory with it and go with it. Thread-safe.
 */
final class ControlNets implements AutoCloseable {
    private static final List<ModelFamily> FAMILIES = List.of(ControlNetModel.FAMILY);

    private final List<Path> own;
    private final PartStore store;
    private final Map<Key, PartLease> leases = new LinkedHashMap<>();
    private final Map<String, Path> folders = new LinkedHashMap<>();

    private record Key(Path folder, Placement placement) {}

    /**
     * @param own the folders of those that are parts of the pipeline, for requests that name none
     * @param store which they are leased of
     */
    ControlNets(List<Path> own, PartStore store) {
        this.own = List.copyOf(own);
        this.store = store;
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
     * A lease of the network of a place, closed with this: of a network that is ready to be used without gradients of its weights.
     *
     * @param place of {@link #placed}
     * @throws Problem naming what is wrong with the folder
     */
    synchronized PartLease lease(String place, Placement placement) {
        Path folder = folders.computeIfAbsent(
                place, missing -> NetworkPlace.folder(Path.of(missing), FAMILIES, null, HubProgress.SILENT));
        return leases.computeIfAbsent(
                new Key(NetworkLoader.real(folder), placement), missing -> lease(folder, placement));
    }

    private PartLease lease(Path folder, Placement placement) {
        LoadOptions options = LoadOptions.DEFAULT.withDevice(placement.device()).withPrecision(placement.dtype());
        PartFiles.Network files = PartFiles.Network.of(NetworkPlace.network(folder, FAMILIES), options);
        return new NetworkLoader(files, null, options).lease(store);
    }

    /**
     * Runs {@code body} with the networks of some requests in memory, in their order.
     *
     * @throws Problem naming what is wrong with a folder or its files
     */
    <R> R use(List<Control> asked, Placement placement, Function<List<ControlNetModel>, R> body) {
        return use(
                placed(asked).stream()
                        .map(control -> lease(control.folder(), placement))
                        .toList(),
                List.of(),
                body);
    }

    private static <R> R use(
            List<PartLease> left, List<ControlNetModel> held, Function<List<ControlNetModel>, R> body) {
        if (left.isEmpty()) {
            return body.apply(held);
        }
        return left.get(0).use(network -> {
            List<ControlNetModel> more = new ArrayList<>(held);
            more.add((ControlNetModel) network);
            return use(left.subList(1, left.size()), more, body);
        });
    }

    /** Frees their memory as soon as no call uses them; the next one reads them again. */
    synchronized void drop() {
        leases.values().forEach(PartLease::drop);
    }

    /** The names of the folders of those that are in memory. */
    synchronized Set<String> loaded() {
        Set<String> names = new TreeSet<>();
        leases.forEach((key, lease) -> {
            if (lease.isLoaded()) {
                names.add(String.valueOf(key.folder.getFileName()));
            }
        });
        return names;
    }

    @Override
    public synchronized void close() {
        leases.values().forEach(PartLease::close);
        leases.clear();
    }
}
