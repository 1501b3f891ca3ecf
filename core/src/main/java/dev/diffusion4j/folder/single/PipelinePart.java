// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.folder.single;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.checkpoint.WeightLoader;
import dev.diffusion4j.checkpoint.WeightSource;
import dev.diffusion4j.folder.ComponentNetwork;
import dev.diffusion4j.model.Model;
import dev.diffusion4j.model.ModelFamilies;
import dev.diffusion4j.model.ModelFamily;
import dev.diffusion4j.tensor.Precision;
import dev.diffusion4j.tensor.WeightMemory;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Supplier;
import org.bytedeco.pytorch.Device;
import org.jspecify.annotations.Nullable;

/**
 * A network of a pipeline, wherever it lies; nothing of its weights has been read.
 *
 * @param name {@code unet}, {@code vae}, {@code text_encoder}, {@code text_encoder_2}
 * @param library {@code diffusers} or {@code transformers}
 * @param className its class there
 * @param config the keys of its {@code config.json}
 * @param weights under diffusers' names, in diffusers' shapes; borrowed
 */
public record PipelinePart(
        String name, String library, String className, Map<String, @Nullable Object> config, WeightSource weights) {

    public PipelinePart {
        config = Collections.unmodifiableMap(new LinkedHashMap<>(config));
    }

    /**
     * The network with its weights, of which no second copy is made. The caller owns it.
     *
     * @throws Problem (a failure) where the weights do not fit it, or the class is not known
     */
    public Model read(ModelFamilies families, Device device, Precision precision) {
        Model model = create(families, made -> WeightMemory.madeAs(precision.scalarType(), made));
        try {
            WeightLoader.load(weights, model.stateDict(), model::weightName, model::isIgnored);
            if (!device.is_cpu()) {
                model.convert(device, precision.scalarType());
            }
            return model;
        } catch (Throwable e) {
            model.close();
            throw e;
        }
    }

    /**
     * Compares the names and shapes of the weights with those of the network, without reading any.
     *
     * @throws Problem (a failure) naming what is missing or too much
     */
    public void check(ModelFamilies families) {
        try (Model model = create(families, WeightMemory::shapesOnly)) {
            WeightLoader.check(weights, model.stateDict(), model::weightName, model::isIgnored);
        }
    }

    /** The network as configured, without content; the caller owns it. */
    public Model create(ModelFamilies families) {
        return create(families, Supplier::get);
    }

    interface Making {
        Model make(Supplier<Model> body);
    }

    Model create(ModelFamilies families, Making making) {
        String where = "the config of " + weights;
        ModelFamily family = families.named(className, where);
        return making.make(() -> ComponentNetwork.create(family, config, where));
    }
}
