// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.drawing;

import dev.diffusion4j.folder.NetworkPlace;
import dev.diffusion4j.folder.PipelinePlace;
import dev.diffusion4j.folder.single.SingleFile;
import dev.diffusion4j.hub.HubProgress;
import dev.diffusion4j.model.ModelFamily;
import dev.diffusion4j.model.autoencoder.AutoencoderKl;
import dev.diffusion4j.model.autoencoder.AutoencoderTiny;
import dev.diffusion4j.model.controlnet.ControlNetModel;
import dev.diffusion4j.pipeline.LoadOptions;
import dev.diffusion4j.pipeline.request.Control;
import dev.diffusion4j.pipeline.request.GenerationRequest;
import java.nio.file.Path;
import java.util.List;

/** The networks beside a model that are on the Hub, fetched, so that their places are folders of this machine. */
final class FetchedParts {
    private static final List<ModelFamily> AUTOENCODERS = List.of(AutoencoderKl.FAMILY, AutoencoderTiny.FAMILY);
    private static final List<ModelFamily> CONTROLS = List.of(ControlNetModel.FAMILY);

    private FetchedParts() {}

    /** @throws dev.diffusion4j.base.Problem where one cannot be had */
    static LoadOptions of(LoadOptions loading, HubProgress progress) {
        Path refiner = loading.refiner();
        Path vae = loading.vae();
        LoadOptions own = vae == null || SingleFile.isOne(vae)
                ? loading
                : loading.withVae(NetworkPlace.folder(vae, AUTOENCODERS, loading.variant(), progress));
        return refiner == null ? own : own.withRefiner(PipelinePlace.folder(refiner, loading.variant(), progress));
    }

    /** @throws dev.diffusion4j.base.Problem where one cannot be had */
    static GenerationRequest of(GenerationRequest request, HubProgress progress) {
        List<Control> there = request.inputs().control().stream()
                .map(control -> control.isOwn() ? control : fetched(control, progress))
                .toList();
        return request.with(r -> r.control(there));
    }

    private static Control fetched(Control control, HubProgress progress) {
        return control.withFolder(NetworkPlace.folder(Path.of(control.folder()), CONTROLS, null, progress)
                .toString());
    }
}
