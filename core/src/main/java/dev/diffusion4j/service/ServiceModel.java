// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.service;

import dev.diffusion4j.pipeline.KeepNetworks;
import dev.diffusion4j.pipeline.LoadOptions;
import java.nio.file.Path;

/**
 * A model that a service draws with.
 *
 * @param place a model folder, the folder of a finished run, {@code org/name[@revision]} of the Hub, or a single file
 * @param loading how it is loaded; how long its networks stay is the service's to decide
 */
public record ServiceModel(Path place, LoadOptions loading) {
    public ServiceModel {
        loading = loading.withKeeping(KeepNetworks.STORE);
    }

    /** On the CPU in f32. */
    public static ServiceModel at(Path place) {
        return new ServiceModel(place, LoadOptions.DEFAULT);
    }
}
