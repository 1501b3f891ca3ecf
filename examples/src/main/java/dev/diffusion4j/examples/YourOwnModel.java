// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.examples;

import static org.bytedeco.pytorch.global.torch.cat;

import dev.diffusion4j.json.Records;
import dev.diffusion4j.layer.Activation;
import dev.diffusion4j.layer.Conv2d;
import dev.diffusion4j.model.Conditioning;
import dev.diffusion4j.model.ConfigDraft;
import dev.diffusion4j.model.DiffusionModel;
import dev.diffusion4j.model.ModelClass;
import dev.diffusion4j.model.ModelFamilies;
import dev.diffusion4j.model.ModelFamily;
import dev.diffusion4j.model.ModelRole;
import dev.diffusion4j.model.SampleShape;
import dev.diffusion4j.model.SampleSize;
import dev.diffusion4j.pipeline.LoadOptions;
import dev.diffusion4j.recipe.Recipe;
import dev.diffusion4j.recipe.RunListener;
import dev.diffusion4j.recipe.RunParts;
import dev.diffusion4j.recipe.RunSummary;
import dev.diffusion4j.recipe.TrainingRun;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.Tensors;
import java.nio.file.Path;
import java.util.function.BooleanSupplier;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;

/** A family of networks of your own: three convolutions, with the time in one more channel of the input. */
public final class YourOwnModel extends DiffusionModel {
    /** Its settings; they are saved with the model. */
    public record Config(SampleSize sampleSize, int inChannels, int width) {
        /** 28×28, grey. */
        public static final Config DEFAULT = new Config(SampleSize.square(28), 1, 16);
    }

    /** How folders and recipes name it, and how it is made; size and channels follow the data. */
    public static final ModelFamily FAMILY = ModelFamily.of(
            ModelClass.of("my.application", "YourOwnModel", ModelRole.DENOISER),
            Config.DEFAULT,
            YourOwnModel::new,
            ConfigDraft::fillShape);

    /** The library's families and this one: give them to whatever reads a folder or a recipe. */
    public static final ModelFamilies FAMILIES = ModelFamilies.BUILT_IN.with(FAMILY);

    private final Conv2d first;
    private final Conv2d second;
    private final Conv2d last;

    /** A network without content. */
    public YourOwnModel(Config config) {
        super(FAMILY.modelClass(), Records.toMap(config), new SampleShape(config.inChannels(), config.sampleSize(), 1));
        first = child("first", Conv2d.same(config.inChannels() + 1, config.width()));
        second = child("second", Conv2d.same(config.width(), config.width()));
        last = child("last", Conv2d.same(config.width(), config.inChannels()));
    }

    @Override
    public Tensor forward(Tensor sample, Tensor timestep, Conditioning conditioning) {
        return TensorScope.keepResult(() -> {
            Tensor time = timestep.mul(new Scalar(1e-3))
                    .to(Tensors.type(sample))
                    .view(-1, 1, 1, 1)
                    .expand(sample.size(0), 1, sample.size(2), sample.size(3));
            Tensor hidden = Activation.SILU.apply(first.forward(cat(new TensorVector(sample, time), 1)));
            return last.forward(Activation.SILU.apply(second.forward(hidden)));
        });
    }

    @Override
    public int numClasses() {
        return 0;
    }

    /** Draws from what {@link #train} saved: {@code DiffusionPipeline.load(folder, loading())}. */
    static LoadOptions loading() {
        return LoadOptions.DEFAULT.withFamilies(FAMILIES);
    }

    /** Trains in {@code folder}, or goes on where a training was stopped. */
    static RunSummary train(Path folder, int steps, BooleanSupplier stop) {
        Recipe recipe = Recipe.DEFAULT.with(changed -> {
            changed.model.kind = FAMILY.name();
            changed.training.maxSteps = steps;
            changed.training.batchSize = 16;
        });
        return TrainingRun.startOrResume(recipe, folder, RunParts.NONE.withFamilies(FAMILIES))
                .run(new RunListener() {}, stop);
    }
}
