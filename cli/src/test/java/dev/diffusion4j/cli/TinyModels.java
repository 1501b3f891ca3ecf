// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.cli;

import dev.diffusion4j.folder.PipelineFolder;
import dev.diffusion4j.model.DiffusionModel;
import dev.diffusion4j.model.Model;
import dev.diffusion4j.model.ModelKind;
import dev.diffusion4j.pipeline.DiffusionPipeline;
import dev.diffusion4j.scheduler.SchedulerKind;
import dev.diffusion4j.tensor.RandomStream;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Model folders of a few kilobytes, with weights from a seed. */
final class TinyModels {
    private TinyModels() {}

    /** Grey pictures of 8×8 pixels, halved once. */
    static void save(Path folder, SchedulerKind scheduler, Map<String, ?> more) {
        Map<String, Object> config = new HashMap<>();
        config.put("sample_size", 8L);
        config.put("in_channels", 1L);
        config.put("out_channels", 1L);
        config.put("layers_per_block", 1L);
        config.put("block_out_channels", List.of(8L, 8L));
        config.put("norm_num_groups", 4L);
        config.put("attention_head_dim", 4L);
        config.put("down_block_types", List.of("DownBlock2D", "AttnDownBlock2D"));
        config.put("up_block_types", List.of("AttnUpBlock2D", "UpBlock2D"));
        config.putAll(more);
        DiffusionModel model = (DiffusionModel) ModelKind.UNET_2D.create(config);
        try (RandomStream random = new RandomStream(3)) {
            model.initialize(random);
        }
        try (DiffusionPipeline pipeline = DiffusionPipeline.of(model, scheduler.create(Map.of()))) {
            pipeline.save(folder);
        }
    }

    /** Looks at grey pictures of 8×8 pixels, knows four classes. */
    static void saveClassifier(Path folder) {
        Map<String, Object> config = Map.of("sample_size", 8L, "num_classes", 4L, "widths", List.of(4L), "hidden", 16L);
        saveClassifier(folder, config);
    }

    /** Any. */
    static void saveClassifier(Path folder, Map<String, ?> config) {
        try (Model model = ModelKind.CONV_CLASSIFIER.create(new HashMap<>(config));
                RandomStream random = new RandomStream(5)) {
            model.initialize(random);
            PipelineFolder.write(folder, model, null);
        }
    }
}
