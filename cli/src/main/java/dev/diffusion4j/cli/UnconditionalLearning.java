// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.cli;

import dev.diffusion4j.base.Problem;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** How long and how is learnt: flags of {@code train_unconditional.py}. */
final class UnconditionalLearning {
    /** The script's; the library's own default is another. */
    private static final double EMA_POWER = 0.75;

    @Option(
            names = {"--train_batch_size", "--train-batch-size"},
            paramLabel = "N",
            description = "Pictures of a forward pass; default 16.")
    @Nullable
    Integer trainBatchSize;

    @Option(
            names = {"--num_epochs", "--num-epochs"},
            paramLabel = "N",
            description = "Passes over the data; default 100.")
    @Nullable
    Integer numEpochs;

    @Option(
            names = {"--gradient_accumulation_steps", "--gradient-accumulation-steps"},
            paramLabel = "N",
            description = "Forward passes of an update; default 1.")
    @Nullable
    Integer gradientAccumulationSteps;

    @Option(
            names = {"--learning_rate", "--learning-rate"},
            paramLabel = "X",
            description = "Default 1e-4.")
    @Nullable
    Double learningRate;

    @Option(
            names = {"--lr_scheduler", "--lr-scheduler"},
            paramLabel = "NAME",
            description =
                    "linear, cosine (default), cosine_with_restarts, polynomial, constant or constant_with_warmup.")
    @Nullable
    String lrScheduler;

    @Option(
            names = {"--lr_warmup_steps", "--lr-warmup-steps"},
            paramLabel = "N",
            description = "Updates in which the learning rate grows from 0; default 500.")
    @Nullable
    Integer lrWarmupSteps;

    @Option(
            names = {"--adam_beta1", "--adam-beta1"},
            paramLabel = "X",
            description = "Default 0.95.")
    @Nullable
    Double adamBeta1;

    @Option(
            names = {"--adam_beta2", "--adam-beta2"},
            paramLabel = "X",
            description = "Default 0.999.")
    @Nullable
    Double adamBeta2;

    @Option(
            names = {"--adam_weight_decay", "--adam-weight-decay"},
            paramLabel = "X",
            description = "Default 1e-6.")
    @Nullable
    Double adamWeightDecay;

    @Option(
            names = {"--adam_epsilon", "--adam-epsilon"},
            paramLabel = "X",
            description = "Default 1e-8.")
    @Nullable
    Double adamEpsilon;

    @Option(
            names = {"--use_ema", "--use-ema"},
            description = "Draw and save the averaged weights.")
    boolean useEma;

    @Option(
            names = {"--ema_inv_gamma", "--ema-inv-gamma"},
            paramLabel = "X",
            description = "Default 1.")
    @Nullable
    Double emaInvGamma;

    @Option(
            names = {"--ema_power", "--ema-power"},
            paramLabel = "X",
            description = "Default 0.75.")
    @Nullable
    Double emaPower;

    @Option(
            names = {"--ema_max_decay", "--ema-max-decay"},
            paramLabel = "X",
            description = "Default 0.9999.")
    @Nullable
    Double emaMaxDecay;

    @Option(
            names = {"--mixed_precision", "--mixed-precision"},
            paramLabel = "no|bf16",
            description = "What the network computes in; default no. fp16 is refused.")
    @Nullable
    String mixedPrecision;

    @Option(
            names = {"--prediction_type", "--prediction-type"},
            paramLabel = "NAME",
            description = "What the network predicts: epsilon (default) or sample.")
    @Nullable
    String predictionType;

    @Option(
            names = {"--ddpm_num_steps", "--ddpm-num-steps"},
            paramLabel = "N",
            description = "Timesteps of the training; default 1000.")
    @Nullable
    Integer ddpmNumSteps;

    @Option(
            names = {"--ddpm_beta_schedule", "--ddpm-beta-schedule"},
            paramLabel = "NAME",
            description = "linear (default), scaled_linear or squaredcos_cap_v2.")
    @Nullable
    String ddpmBetaSchedule;

    @Option(
            names = {"--local_rank", "--local-rank"},
            paramLabel = "N",
            description = "Set by launchers of several processes; only -1 works.")
    @Nullable
    Integer localRank;

    @Option(
            names = {"--enable_xformers_memory_efficient_attention", "--enable-xformers-memory-efficient-attention"},
            description = "Accepted: attention needs little memory anyway.")
    boolean enableXformersMemoryEfficientAttention;

    /** @throws Problem (a wrong request) on what this machine or version cannot do */
    void addTo(Changes changes) {
        if (localRank != null && localRank != -1) {
            throw Problem.request("training runs in one process: omit --local_rank " + localRank);
        }
        changes.set("training.batch_size", trainBatchSize)
                .set("training.epochs", numEpochs)
                .set("training.gradient_accumulation_steps", gradientAccumulationSteps)
                .set("training.optimizer.learning_rate", learningRate)
                .set("training.learning_rate_schedule.name", lrScheduler)
                .set("training.learning_rate_schedule.warmup_steps", lrWarmupSteps)
                .set("training.optimizer.beta1", adamBeta1)
                .set("training.optimizer.beta2", adamBeta2)
                .set("training.optimizer.weight_decay", adamWeightDecay)
                .set("training.optimizer.epsilon", adamEpsilon)
                .set("training.dtype", dtype())
                .set("scheduler.config.num_train_timesteps", ddpmNumSteps)
                .set("scheduler.config.beta_schedule", ddpmBetaSchedule);
        if (useEma) {
            changes.set("training.ema.form", "warmup")
                    .set("training.ema.power", emaPower != null ? emaPower : EMA_POWER)
                    .set("training.ema.inv_gamma", emaInvGamma)
                    .set("training.ema.decay", emaMaxDecay);
        }
        addPrediction(changes);
    }

    private void addPrediction(Changes changes) {
        if (predictionType == null || predictionType.equals("epsilon")) {
            return;
        }
        if (!predictionType.equals("sample")) {
            throw Problem.request("--prediction_type must be epsilon or sample, but was '" + predictionType + "'");
        }
        changes.set("scheduler.config.prediction_type", predictionType).set("objective.weighting", "snr");
    }

    private @Nullable String dtype() {
        if (mixedPrecision == null) {
            return null;
        }
        return switch (mixedPrecision) {
            case "no" -> "f32";
            case "bf16" -> "bf16";
            case "fp16" ->
                throw Problem.request(
                        "--mixed_precision fp16 is for graphics cards, and training runs on the CPU: take bf16"
                                + " or no");
            default -> throw Problem.request("--mixed_precision must be no or bf16, but was '" + mixedPrecision + "'");
        };
    }
}
