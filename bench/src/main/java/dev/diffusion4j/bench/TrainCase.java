// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.bench;

import dev.diffusion4j.data.CacheMode;
import dev.diffusion4j.data.ChannelMode;
import dev.diffusion4j.data.DataConfig;
import dev.diffusion4j.data.KeepMode;
import dev.diffusion4j.data.OnBroken;
import dev.diffusion4j.data.SourceOptions;
import dev.diffusion4j.data.TrainingData;
import dev.diffusion4j.data.loader.BatchLoader;
import dev.diffusion4j.data.transform.ResizeMode;
import dev.diffusion4j.folder.PipelineFolder;
import dev.diffusion4j.model.DiffusionModel;
import dev.diffusion4j.objective.DenoisingObjective;
import dev.diffusion4j.objective.LossType;
import dev.diffusion4j.objective.LossWeighting;
import dev.diffusion4j.tensor.Devices;
import dev.diffusion4j.tensor.MainHeap;
import dev.diffusion4j.tensor.Placement;
import dev.diffusion4j.tensor.Precision;
import dev.diffusion4j.trainer.AdamConfig;
import dev.diffusion4j.trainer.Checkpoints;
import dev.diffusion4j.trainer.Choices;
import dev.diffusion4j.trainer.Trainer;
import dev.diffusion4j.trainer.TrainerConfig;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** Training steps by the library's own {@link Trainer}, with the choices that {@code diffuse train} would make. */
final class TrainCase {
    private static final int WARM_UP = 6;

    private TrainCase() {}

    /** Arguments: pictures' folder, batch size, {@code adamw|adam}, {@code clip|noclip}, steps of a round. */
    static void run(Path folder, List<String> arguments, Rounds rounds) {
        MainHeap.call(() -> {
            train(folder, arguments, rounds);
            return 0;
        });
    }

    private static void train(Path folder, List<String> arguments, Rounds rounds) {
        int batchSize = Integer.parseInt(arguments.get(1));
        TrainerConfig config =
                config(batchSize, arguments.get(2), arguments.get(3).equals("clip"));
        int stepsOfRound = Integer.parseInt(arguments.get(4));
        PipelineFolder files = PipelineFolder.open(folder);
        Choices choices = Choices.forThisMachine(new Placement("cpu", config.dtype(), 0), batchSize, List.of());
        try (DiffusionModel model = (DiffusionModel) files.readModel(Devices.cpu(), Precision.F32, null);
                TrainingData data = TrainingData.open(pictures(arguments.get(0), model), SourceOptions.defaults());
                BatchLoader loader = data.loader(batchSize, 0, 0);
                Trainer trainer = new Trainer(
                        new DenoisingObjective(model, files.readScheduler(), LossType.MSE, LossWeighting.UNIFORM),
                        loader,
                        config,
                        choices,
                        new Checkpoints(folder.resolve("never-written"), 1))) {
            trainer.run(new Listener(rounds, choices, stepsOfRound)::onStep, () -> false);
        }
    }

    /** Makes rounds of steps: waits between them on the trainer's thread. */
    private static final class Listener {
        private final Rounds rounds;
        private final Choices choices;
        private final int stepsOfRound;
        private double seconds;
        private double loss;
        private int steps;

        Listener(Rounds rounds, Choices choices, int stepsOfRound) {
            this.rounds = rounds;
            this.choices = choices;
            this.stepsOfRound = stepsOfRound;
        }

        void onStep(dev.diffusion4j.trainer.StepReport report, dev.diffusion4j.trainer.TrainState state) {
            if (report.globalStep() < WARM_UP) {
                return;
            }
            if (report.globalStep() == WARM_UP) {
                String layout = choices.channelsLast() ? "channels last" : "contiguous";
                rounds.ready(
                        choices.dtype().key() + ", " + layout + ", " + choices.shards() + " shards",
                        choices.dtype().key());
                waitOrEnd();
                return;
            }
            seconds += report.seconds();
            loss = report.loss();
            if (++steps == stepsOfRound) {
                rounds.done(seconds / steps, Map.of("loss", loss));
                seconds = 0;
                steps = 0;
                waitOrEnd();
            }
        }

        private void waitOrEnd() {
            if (!rounds.next()) {
                System.exit(0);
            }
        }
    }

    private static TrainerConfig config(int batchSize, String optimizer, boolean clip) {
        AdamConfig adam = new AdamConfig(
                optimizer.equals("adam") ? AdamConfig.Variant.ADAM : AdamConfig.Variant.ADAMW,
                4e-4,
                0.9,
                0.999,
                1e-8,
                optimizer.equals("adam") ? 0 : 0.01,
                false);
        return TrainerConfig.DEFAULT.with(training -> {
            training.epochs = 1_000_000;
            training.batchSize = batchSize;
            training.optimizer = adam;
            training.clipGradNorm = clip ? 1.0 : null;
            training.checkpointEverySteps = Integer.MAX_VALUE;
            training.keepCheckpoints = 1;
        });
    }

    /** In the network's own size and colours. */
    private static DataConfig pictures(String folder, DiffusionModel model) {
        return new DataConfig(
                "folder:" + folder,
                model.sampleSize().orElseThrow().height(),
                model.sampleChannels() == 1 ? ChannelMode.GREY : ChannelMode.RGB,
                ResizeMode.EXACT,
                false,
                0,
                OnBroken.FAIL,
                CacheMode.MEMORY,
                0,
                true,
                1,
                false,
                0,
                false,
                null,
                null,
                null,
                KeepMode.LIVE,
                KeepMode.LIVE);
    }
}
