// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.testkit;

import static dev.diffusion4j.testkit.Closeness.assertClose;
import static org.assertj.core.api.Assertions.assertThat;

import dev.diffusion4j.checkpoint.Safetensors;
import dev.diffusion4j.checkpoint.WeightLoader;
import dev.diffusion4j.model.Conditioning;
import dev.diffusion4j.model.DiffusionModel;
import dev.diffusion4j.model.ModelFamily;
import dev.diffusion4j.model.SampleSize;
import dev.diffusion4j.tensor.BackwardTape;
import dev.diffusion4j.tensor.Devices;
import dev.diffusion4j.tensor.RandomStream;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.Tensors;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What every family of denoisers promises. */
public abstract class ModelContract {
    private static final int COUNT = 3;

    @TempDir
    Path folder;

    /** The family to test. */
    protected abstract ModelFamily family();

    /** The config of a small network of it. */
    protected abstract Map<String, @Nullable Object> config();

    /** A timestep that its networks were trained on. */
    protected double timestep() {
        return 500;
    }

    /**
     * What its networks are given besides sample and time.
     *
     * @param count pictures of the batch
     * @return one condition a picture, not all alike; tensors owned by the current scope
     */
    protected Conditioning conditioning(int count) {
        return Conditioning.NONE;
    }

    private DiffusionModel fresh(long seed) {
        DiffusionModel model = (DiffusionModel) family().create(config());
        try (RandomStream random = new RandomStream(seed)) {
            model.initialize(random);
        }
        return model;
    }

    private static Tensor samples(DiffusionModel model) {
        SampleSize size = model.sampleSize().orElse(SampleSize.square(16));
        try (RandomStream random = new RandomStream(7)) {
            return random.randn(COUNT, model.sampleChannels(), size.height(), size.width());
        }
    }

    @SuppressWarnings("try") // the guard works by being open
    private Tensor forward(DiffusionModel model, Tensor samples, Conditioning conditioning) {
        try (NoGradGuard guard = new NoGradGuard()) {
            return model.forward(samples, Tensors.ofDoubles(timestep()), conditioning);
        }
    }

    @Test
    void a_prediction_has_the_size_of_the_sample_and_the_channels_that_were_promised() {
        TensorScope.run(() -> {
            try (DiffusionModel model = fresh(1)) {
                Tensor samples = samples(model);
                Tensor predicted = forward(model, samples, conditioning(COUNT));
                assertThat(Tensors.shape(predicted))
                        .containsExactly(COUNT, model.outChannels(), samples.size(2), samples.size(3));
                for (float value : Tensors.floats(predicted)) {
                    assertThat(value).isFinite();
                }
            }
        });
    }

    @Test
    void a_picture_does_not_depend_on_the_others_of_its_batch() {
        TensorScope.run(() -> {
            try (DiffusionModel model = fresh(1)) {
                Tensor samples = samples(model);
                Conditioning all = conditioning(COUNT);
                Tensor together = forward(model, samples, all);
                for (int k = 0; k < COUNT; k++) {
                    Conditioning own = all.size() == 0 ? all : all.narrow(k, 1);
                    Tensor alone = forward(model, samples.narrow(0, k, 1), own);
                    assertClose("picture " + k, alone, together.narrow(0, k, 1), 1e-4);
                }
            }
        });
    }

    @Test
    void saved_and_loaded_it_has_the_same_bytes_and_predicts_the_same() {
        TensorScope.run(() -> {
            Path file = folder.resolve("weights.safetensors");
            try (DiffusionModel saved = fresh(1);
                    DiffusionModel loaded = fresh(2)) {
                Safetensors.write(file, saved.stateDict(), Map.of());
                try (Safetensors source = Safetensors.open(file)) {
                    WeightLoader.load(source, loaded.stateDict(), loaded::weightName);
                }
                Map<String, Tensor> weights = loaded.stateDict();
                saved.stateDict().forEach((name, weight) -> assertThat(weight.equal(weights.get(name)))
                        .as(name)
                        .isTrue());
                Tensor samples = samples(saved);
                assertThat(Tensors.floats(forward(loaded, samples, conditioning(COUNT))))
                        .isEqualTo(Tensors.floats(forward(saved, samples, conditioning(COUNT))));
                assertThat(loaded.config()).isEqualTo(saved.config());
            }
        });
    }

    @Test
    void every_weight_of_a_file_has_one_place() {
        try (DiffusionModel model = fresh(1)) {
            Set<String> places = new HashSet<>();
            for (String name : model.stateDict().keySet()) {
                assertThat(model.isIgnored(name)).as(name).isFalse();
                assertThat(places.add(model.weightName(name))).as(name).isTrue();
            }
            assertThat(places).isEqualTo(model.stateDict().keySet()).isNotEmpty();
        }
    }

    @Test
    void every_parameter_gets_a_gradient() {
        TensorScope.run(() -> {
            try (DiffusionModel model = fresh(1)) {
                model.requiresGrad(true);
                Tensor predicted = model.forward(samples(model), Tensors.ofDoubles(timestep()), conditioning(COUNT));
                predicted.square().sum().backward();
                model.namedParameters()
                        .forEach((name, weight) ->
                                assertThat(weight.grad().defined()).as(name).isTrue());
            }
        });
    }

    @Test
    void kept_in_bf16_it_predicts_and_passes_gradients_on_as_with_its_rounded_weights() {
        TensorScope.run(() -> {
            try (DiffusionModel kept = fresh(1);
                    DiffusionModel rounded = fresh(1)) {
                kept.store(ScalarType.BFloat16);
                rounded.convert(Devices.cpu(), ScalarType.BFloat16);
                rounded.convert(Devices.cpu(), ScalarType.Float);
                assertThat(bytes(kept)).isEqualTo(bytes(rounded) / 2);
                assertThat(Tensors.floats(forward(kept, samples(kept), conditioning(COUNT))))
                        .isEqualTo(Tensors.floats(forward(rounded, samples(kept), conditioning(COUNT))));
                assertClose("the sample's gradient", gradient(kept), gradient(rounded), 1e-5);
            }
        });
    }

    private static long bytes(DiffusionModel model) {
        return model.stateDict().values().stream().mapToLong(Tensor::nbytes).sum();
    }

    /** Of the sample, where no weight learns. */
    private Tensor gradient(DiffusionModel model) {
        model.requiresGrad(false);
        Tensor samples = samples(model).set_requires_grad(true);
        try (BackwardTape tape = BackwardTape.open()) {
            Tensor predicted = model.forward(samples, Tensors.ofDoubles(timestep()), conditioning(COUNT));
            tape.backward(tape.withSides(predicted.square().sum()));
        }
        return samples.grad();
    }

    @Test
    void nothing_is_left_once_it_is_closed() {
        Runnable once = () -> TensorScope.run(() -> {
            try (DiffusionModel model = fresh(1)) {
                forward(model, samples(model), conditioning(COUNT));
            }
        });
        once.run(); // what is made once is made
        long before = Pointer.totalCount();
        once.run();
        assertThat(Pointer.totalCount()).isLessThanOrEqualTo(before);
    }
}
