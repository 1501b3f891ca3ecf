// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.examples;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.codec.PixelCodec;
import dev.diffusion4j.condition.Conditioner;
import dev.diffusion4j.condition.Subject;
import dev.diffusion4j.model.Conditioning;
import dev.diffusion4j.model.DiffusionModel;
import dev.diffusion4j.model.ModelKind;
import dev.diffusion4j.objective.DenoisingObjective;
import dev.diffusion4j.objective.DenoisingSettings;
import dev.diffusion4j.objective.LossType;
import dev.diffusion4j.objective.LossWeighting;
import dev.diffusion4j.objective.TrainingExamples;
import dev.diffusion4j.pipeline.DiffusionPipeline;
import dev.diffusion4j.scheduler.Scheduler;
import dev.diffusion4j.scheduler.SchedulerKind;
import dev.diffusion4j.tensor.RandomStream;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.Tensors;
import dev.diffusion4j.trainer.AdamConfig;
import dev.diffusion4j.trainer.AdamOptimizer;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.bytedeco.pytorch.Tensor;

/** A condition of your own: a colour's name becomes numbers, which a U-Net adds to its time embedding. */
public final class YourOwnConditioner implements Conditioner {
    /** Red, green, blue, and a 1 that says that there is a colour; where there is none, all four are 0. */
    private static final Map<String, List<Double>> COLOURS = new TreeMap<>(Map.of(
            "red", List.of(1., -1., -1., 1.),
            "green", List.of(-1., 1., -1., 1.),
            "blue", List.of(-1., -1., 1., 1.)));

    @Override
    public void check(List<Subject> subjects, String field) {
        for (Subject subject : subjects) {
            if (subject.prompt() == null || !COLOURS.containsKey(subject.prompt())) {
                throw Problem.request(
                        field, String.valueOf(subject.prompt()), "be one of " + String.join(", ", COLOURS.keySet()));
            }
        }
    }

    /** {@code float32 (B, 4)}. */
    @Override
    public Conditioning encode(List<Subject> subjects) {
        double[] numbers = subjects.stream()
                .flatMap(subject -> COLOURS.getOrDefault(subject.prompt(), List.of(0., 0., 0., 0.)).stream())
                .mapToDouble(Double::doubleValue)
                .toArray();
        return Conditioning.ofClasses(Tensors.ofDoubles(numbers).view(subjects.size(), 4));
    }

    @Override
    public boolean canDrop() {
        return true;
    }

    @Override
    public Conditioning drop(Conditioning conditioning, Tensor keep) {
        Tensor colours = conditioning.classLabels();
        return colours == null ? conditioning : Conditioning.ofClasses(colours.mul(keep.view(-1, 1)));
    }

    /** Learns what the three colours look like; draw with {@code withConditioner} and {@code prompt("red")}. */
    static DiffusionPipeline train(int steps) {
        Scheduler scheduler = SchedulerKind.DDIM.create(Map.of("prediction_type", "sample"));
        DiffusionModel model = (DiffusionModel) ModelKind.UNET_2D.create(Map.of(
                "sample_size",
                8,
                "class_embed_type",
                "identity",
                "time_embedding_dim",
                4,
                "layers_per_block",
                1,
                "norm_num_groups",
                4,
                "block_out_channels",
                List.of(16),
                "down_block_types",
                List.of("DownBlock2D"),
                "up_block_types",
                List.of("UpBlock2D")));
        DenoisingObjective objective = new DenoisingObjective(
                model,
                scheduler,
                new YourOwnConditioner(),
                PixelCodec.signed(3),
                DenoisingSettings.of(LossType.MSE, LossWeighting.UNIFORM));
        List<String> names = List.copyOf(COLOURS.keySet());
        try (RandomStream random = new RandomStream(0)) {
            model.initialize(random);
            model.requiresGrad(true);
            try (AdamOptimizer optimizer = new AdamOptimizer(model.namedParameters(), AdamConfig.DEFAULT)) {
                for (int step = 0; step < steps; step++) {
                    TensorScope.run(
                            () -> objective.draw(examples(names), random).loss().backward());
                    optimizer.step(3e-3, 1);
                    optimizer.clearGradients();
                }
            }
        }
        model.requiresGrad(false);
        return DiffusionPipeline.of(model, scheduler);
    }

    /** A plain picture of each colour. */
    private static TrainingExamples examples(List<String> names) {
        double[] numbers = names.stream()
                .flatMap(name -> COLOURS.get(name).subList(0, 3).stream())
                .mapToDouble(Double::doubleValue)
                .toArray();
        Tensor pictures = Tensors.ofDoubles(numbers).view(names.size(), 3, 1, 1).expand(names.size(), 3, 8, 8);
        long[] noClass = new long[names.size()];
        Arrays.fill(noClass, -1);
        return new TrainingExamples(pictures, Tensors.ofLongs(noClass), names, 0);
    }
}
