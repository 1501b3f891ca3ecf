// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.diffusion4j.adapter.LoraChoice;
import dev.diffusion4j.checkpoint.Safetensors;
import dev.diffusion4j.model.Conditioning;
import dev.diffusion4j.model.DiffusionModel;
import dev.diffusion4j.model.ModelFamilies;
import dev.diffusion4j.model.ModelFamily;
import dev.diffusion4j.model.SampleShape;
import dev.diffusion4j.model.unet2d.UNet2DModel;
import dev.diffusion4j.tensor.RandomStream;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.testing.Golden;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** An error that is no exception, such as a class that is missing, leaves no native memory behind. */
class LoadFailureTest {
    @TempDir
    Path folder;

    /** What a load does when the error comes. */
    enum When {
        READING_WEIGHTS,
        ADDING_ADAPTERS,
        CHOOSING_THE_CONDITIONER
    }

    /** The network of golden/tiny-pipeline, some of whose methods cannot be linked. */
    private static final class Broken extends DiffusionModel {
        private final UNet2DModel network;
        private final When when;
        private final Set<String> named = new HashSet<>();

        Broken(Map<String, @Nullable Object> config, When when) {
            super(UNet2DModel.FAMILY.modelClass(), config, new SampleShape(1, null, 1));
            this.network = child("", UNet2DModel.fromConfig(config));
            this.when = when;
        }

        @Override
        public String weightName(String fileName) {
            boolean isAdapters = !named.add(fileName); // the weights' names came before
            if (when == (isAdapters ? When.ADDING_ADAPTERS : When.READING_WEIGHTS) && named.size() > 3) {
                throw new NoClassDefFoundError(when.name());
            }
            return network.weightName(fileName);
        }

        @Override
        public int numClasses() {
            throw new NoClassDefFoundError(When.CHOOSING_THE_CONDITIONER.name());
        }

        @Override
        public Tensor forward(Tensor sample, Tensor timestep, Conditioning conditioning) {
            return network.forward(sample, timestep, conditioning);
        }
    }

    private Path adapter() {
        Path file = folder.resolve("lora.safetensors");
        String layer = "unet.mid_block.attentions.0.to_v.lora_";
        TensorScope.run(() -> {
            try (RandomStream random = new RandomStream(1)) {
                Safetensors.write(
                        file,
                        Map.of(layer + "A.weight", random.randn(2, 16), layer + "B.weight", random.randn(16, 2)),
                        Map.of());
            }
        });
        return file;
    }

    @ParameterizedTest
    @EnumSource
    void everything_is_freed_when_an_error_ends_a_load(When when) {
        ModelFamily family = new ModelFamily(UNet2DModel.FAMILY.modelClass(), config -> new Broken(config, when), null);
        LoadOptions options = LoadOptions.DEFAULT
                .withFamilies(ModelFamilies.BUILT_IN.with(family))
                .withLoras(List.of(new LoraChoice(adapter(), 1)));
        fail(options, when); // what is made once stays
        long before = Pointer.totalCount();
        fail(options, when);
        assertThat(Pointer.totalCount()).isLessThanOrEqualTo(before);
    }

    private static void fail(LoadOptions options, When when) {
        assertThatExceptionOfType(NoClassDefFoundError.class)
                .isThrownBy(() -> DiffusionPipeline.load(Golden.path("tiny-pipeline"), options))
                .withMessage(when.name());
    }
}
