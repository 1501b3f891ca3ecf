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
import dev.diffusion4j.parallel.GroupOfThreads;
import dev.diffusion4j.parallel.ProcessGroup;
import dev.diffusion4j.tensor.RandomStream;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.Tensors;
import dev.diffusion4j.tensor.World;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import org.bytedeco.pytorch.Device;
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

    private double[] train(ProcessGroup group, Path checkpoints, List<String> freeze) {
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
                BatchLoader loader =
                        data.loader(group.world(), 4 / group.world().size(), 0, 0);
                Trainer trainer = new Trainer(
                        new Both(first, second),
                        loader,
                        config,
                        Choices.DEFAULT,
                        new Checkpoints(checkpoints, 1),
                        group)) {
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
        train(ProcessGroup.ALONE, folder, List.of("helper"));
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
    void two_processes_sum_the_gradients_of_all_networks_before_the_cut() {
        Path shared = folder.resolve("shared");
        List<double[]> norms = GroupOfThreads.run(2, group -> train(group, shared, List.of()));
        double[] whole = train(ProcessGroup.ALONE, folder.resolve("alone"), List.of());
        assertThat(norms.get(0)).isEqualTo(norms.get(1));
        assertThat(norms.get(0)).containsExactly(whole, org.assertj.core.api.Assertions.within(1e-6 * whole[0]));
        assertThat(folder.resolve("shared/step-00000002")).isDirectory();
    }

    @Test
    void a_rank_lies_within_its_world() {
        assertThatIllegalArgumentException().isThrownBy(() -> new World(2, 2)).withMessageContaining("rank");
        assertThat(World.ALONE.isFirst()).isTrue();
    }
}
