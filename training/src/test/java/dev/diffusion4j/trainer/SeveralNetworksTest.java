// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.trainer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.diffusion4j.checkpoint.Safetensors;
import dev.diffusion4j.data.DataConfig;
import dev.diffusion4j.data.SourceOptions;
import dev.diffusion4j.data.TrainingData;
import dev.diffusion4j.data.loader.BatchLoader;
import dev.diffusion4j.model.Conditioning;
import dev.diffusion4j.model.DiffusionModel;
import dev.diffusion4j.model.Model;
import dev.diffusion4j.model.SampleSize;
import dev.diffusion4j.model.basicunet.BasicUnet;
import dev.diffusion4j.model.basicunet.BasicUnetConfig;
import dev.diffusion4j.objective.Objective;
import dev.diffusion4j.objective.TrainingExamples;
import dev.diffusion4j.tensor.RandomStream;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.Tensors;
import dev.diffusion4j.tensor.World;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What learns may come from several networks, and its gradients may be exchanged between processes. */
class SeveralNetworksTest {
    private static final BasicUnetConfig CONFIG = new BasicUnetConfig(SampleSize.square(8), 1);

    @TempDir
    Path folder;

    /** The sum of what two networks make of a picture is to be the picture. */
    private record Both(DiffusionModel first, DiffusionModel second) implements Objective {
        @Override
        public Model model() {
            return first;
        }

        @Override
        public Map<String, Model> networks() {
            return Map.of("", first, "helper", second);
        }

        @Override
        public Task draw(TrainingExamples examples, RandomStream random) {
            return new Sum(examples.images());
        }

        private final class Sum implements Task {
            private final Tensor images;

            Sum(Tensor images) {
                this.images = images;
            }

            @Override
            public Task to(Device device) {
                return this; // the tests run on the CPU
            }

            @Override
            public long size() {
                return images.size(0);
            }

            @Override
            public Task slice(long start, long count) {
                return new Sum(images.narrow(0, start, count));
            }

            @Override
            public Tensor loss() {
                return TensorScope.keepResult(() -> {
                    Tensor time = Tensors.ofDoubles(0.0);
                    return first.forward(images, time, Conditioning.NONE)
                            .add(second.forward(images, time, Conditioning.NONE))
                            .sub(images)
                            .square()
                            .mean();
                });
            }
        }
    }

    /** The second of two processes, whose partner always has a gradient of zero. */
    private static final class WithAZero implements GradientExchange {
        private final World world;
        private final List<String> names = new ArrayList<>();
        private int calls;

        WithAZero(World world) {
            this.world = world;
        }

        @Override
        public World world() {
            return world;
        }

        @Override
        public void average(Map<String, Tensor> parameters) {
            calls++;
            names.addAll(parameters.keySet());
            try (NoGradGuard guard = new NoGradGuard()) {
                parameters.values().forEach(parameter -> parameter.grad().mul_(new Scalar(1.0 / world.size())));
            }
        }
    }

    private double[] train(GradientExchange exchange, Path checkpoints, List<String> freeze) {
        TrainerConfig config = TrainerConfig.DEFAULT.with(c -> {
            c.maxSteps = 2;
            c.batchSize = 4;
            c.gradientAccumulationSteps = 2;
            c.clipGradNorm = 1e9;
            c.freeze = freeze;
        });
        DataConfig pictures = DataConfig.DEFAULT.with(data -> data.imageSize = 8);
        List<Double> norms = new ArrayList<>();
        try (BasicUnet first = network(1);
                BasicUnet second = network(2);
                TrainingData data = TrainingData.open(pictures, SourceOptions.defaults());
                BatchLoader loader = data.loader(4, 0, 0);
                Trainer trainer = new Trainer(
                        new Both(first, second),
                        loader,
                        config,
                        Choices.DEFAULT,
                        new Checkpoints(checkpoints, 1),
                        exchange)) {
            trainer.run((report, state) -> norms.add(report.gradNorm()), () -> false);
        }
        return norms.stream().mapToDouble(Double::doubleValue).toArray();
    }

    private static BasicUnet network(long seed) {
        BasicUnet network = new BasicUnet(CONFIG);
        try (RandomStream random = new RandomStream(seed)) {
            network.initialize(random);
        }
        return network;
    }

    @Test
    void parameters_of_two_networks_learn_under_their_names_and_can_be_frozen_by_them() {
        train(GradientExchange.NONE, folder, List.of("helper"));
        try (Safetensors saved = Safetensors.open(folder.resolve("step-00000002/model.safetensors"));
                Safetensors moments = Safetensors.open(folder.resolve("step-00000002/optimizer.safetensors"));
                BasicUnet alone = network(1)) {
            TreeSet<String> names = new TreeSet<>(alone.stateDict().keySet());
            alone.stateDict().keySet().forEach(name -> names.add("helper." + name));
            assertThat(saved.tensors().keySet()).containsExactlyInAnyOrderElementsOf(names);
            assertThat(moments.tensors().keySet()).noneMatch(name -> name.contains("helper."));
        }
    }

    @Test
    void gradients_are_exchanged_once_an_update_between_their_sum_and_the_cut() {
        WithAZero exchange = new WithAZero(new World(1, 2));
        double[] halved = train(exchange, folder.resolve("second"), List.of());
        double[] whole = train(GradientExchange.NONE, folder.resolve("alone"), List.of());
        assertThat(exchange.calls).isEqualTo(2);
        assertThat(exchange.names).contains("helper.up_layers.0.weight", "up_layers.0.weight");
        assertThat(halved[0]).isEqualTo(whole[0] / 2, org.assertj.core.api.Assertions.within(1e-6 * whole[0]));
        assertThat(Files.exists(folder.resolve("second")))
                .as("the first process writes the checkpoints")
                .isFalse();
        assertThat(folder.resolve("alone/step-00000002")).isDirectory();
    }

    @Test
    void a_rank_lies_within_its_world() {
        assertThatIllegalArgumentException().isThrownBy(() -> new World(2, 2)).withMessageContaining("rank");
        assertThat(World.ALONE.isFirst()).isTrue();
    }
}
