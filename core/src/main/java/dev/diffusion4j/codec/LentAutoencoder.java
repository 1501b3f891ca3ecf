// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.codec;

import dev.diffusion4j.model.LentModel;
import dev.diffusion4j.model.Model;
import dev.diffusion4j.model.ModelRole;
import dev.diffusion4j.model.PassCost;
import dev.diffusion4j.model.SampleSize;
import java.util.Map;
import java.util.function.BiFunction;
import java.util.function.Function;
import org.bytedeco.pytorch.Tensor;

/**
 * An autoencoder that is lent to a codec: pictures go through it one after the other, in tiles if that is asked for.
 *
 * @param network borrowed
 * @param type of it
 * @param tiles that it works in
 * @param tiled whether it does
 */
record LentAutoencoder<A extends Model>(LentModel network, Class<A> type, Tiles tiles, boolean tiled) {

    /** The same, working in tiles. */
    LentAutoencoder<A> inTiles() {
        return new LentAutoencoder<>(network, type, tiles, true);
    }

    /** Of the network without its weights where it can be made so. */
    <R> R ask(Function<A, R> question) {
        return network.ask(model -> question.apply(type.cast(model)));
    }

    /**
     * The results of a batch.
     *
     * @param whole of one picture or latent
     * @param inTiles the same in tiles
     * @return a new tensor owned by the current scope
     */
    Tensor run(Tensor batch, BiFunction<A, Tensor, Tensor> whole, BiFunction<A, Tensor, Tensor> inTiles) {
        BiFunction<A, Tensor, Tensor> pass = tiled ? inTiles : whole;
        return network.use(model -> OneByOne.run(batch, one -> pass.apply(type.cast(model), one)));
    }

    /** @param pass what a whole picture of that size costs */
    PassCost cost(SampleSize picture, BiFunction<A, SampleSize, PassCost> pass) {
        return ask(own -> tiled ? tiles.cost(picture, size -> pass.apply(own, size)) : pass.apply(own, picture));
    }

    /** The part that a pipeline's folder keeps; borrowed. */
    Map<String, Model> parts() {
        return Map.of(ModelRole.AUTOENCODER.component(), network.use(model -> model));
    }
}
