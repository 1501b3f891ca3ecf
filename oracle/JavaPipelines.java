// SPDX-License-Identifier: Apache-2.0
import dev.diffusion4j.pipeline.request.GenerationRequest;
import dev.diffusion4j.pipeline.request.NoiseMode;
import dev.diffusion4j.checkpoint.Safetensors;
import dev.diffusion4j.image.ImageGrid;
import dev.diffusion4j.json.Json;
import dev.diffusion4j.json.Records;
import dev.diffusion4j.model.DiffusionModel;
import dev.diffusion4j.model.ModelKind;
import dev.diffusion4j.pipeline.DiffusionPipeline;
import dev.diffusion4j.image.PngFile;
import dev.diffusion4j.pipeline.GenerationResult;
import dev.diffusion4j.folder.SaveOptions;
import dev.diffusion4j.scheduler.SchedulerKind;
import dev.diffusion4j.scheduler.StepOptions;
import dev.diffusion4j.tensor.RandomStream;
import dev.diffusion4j.tracking.TensorBoardTracker;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Saves what oracle/check_java_pipelines.py then loads in Python: for each case of a JSON file a pipeline folder and the samples
 * that were drawn from it; and an event file for TensorBoard. Run as one source file: java -cp … JavaPipelines.java CASES OUT
 */
final class JavaPipelines {
    private JavaPipelines() {}

    public static void main(String[] arguments) throws IOException {
        Path out = Path.of(arguments[1]);
        for (Map.Entry<String, Object> entry :
                Json.parseObject(Files.readString(Path.of(arguments[0])), arguments[0]).entrySet()) {
            save(out.resolve(entry.getKey()), Json.object(entry.getValue()));
        }
        events(out.resolve("events"));
    }

    private static void save(Path folder, Map<String, Object> spec) {
        DiffusionModel model = (DiffusionModel) ModelKind.UNET_2D.create(Json.object(spec.get("model")));
        try (RandomStream random = new RandomStream(7)) {
            model.initialize(random);
        }
        SchedulerKind kind = SchedulerKind.ofClass((String) spec.get("scheduler"), folder.toString());
        try (DiffusionPipeline pipeline = DiffusionPipeline.of(model, kind.create(Json.object(spec.get("config"))))) {
            Object shard = spec.get("shard");
            SaveOptions options = new SaveOptions(
                    (String) spec.get("variant"),
                    shard == null ? SaveOptions.DEFAULT.maxShardBytes() : ((Long) shard).longValue());
            pipeline.save(folder, options);
        }
        // drawn from what was saved, so that a variant is rounded here too
        try (DiffusionPipeline pipeline = DiffusionPipeline.load(folder)) {
            GenerationRequest request = GenerationRequest.of(r -> r.count(3)
                    .seed(7)
                    .steps(((Long) spec.get("steps")).intValue())
                    .eta(((Number) spec.get("eta")).doubleValue())
                    .batchSize(3)
                    .classes(pipeline.numClasses() > 0 ? List.of(0, 1, 2) : null)
                    .stepOptions(Records.with(StepOptions.DEFAULT, Json.object(spec.get("step_options")))));
            for (NoiseMode mode : NoiseMode.values()) {
                try (GenerationResult result = pipeline.generate(request.with(r -> r.noise(mode)))) {
                    result.saveTensors(folder.resolve(mode.key() + ".safetensors"));
                    if (mode == NoiseMode.PER_IMAGE && result.samples().size(1) != 2) {
                        for (int i = 0; i < result.images().size(); i++) {
                            Path file = folder.resolve(String.format("pictures/%04d.png", i));
                            PngFile.write(file, result.images().get(i));
                        }
                    }
                }
            }
        }
    }

    private static void events(Path folder) {
        try (TensorBoardTracker tracker = new TensorBoardTracker(folder, 0)) {
            for (int step = 0; step < 200; step++) {
                tracker.scalars(step, Map.of("loss", 1.0 / (step + 1), "lr", 1e-4 * step));
            }
            List<java.awt.image.BufferedImage> cells = new ArrayList<>();
            for (int i = 0; i < 6; i++) {
                cells.add(new java.awt.image.BufferedImage(8, 6, java.awt.image.BufferedImage.TYPE_3BYTE_BGR));
                cells.get(i).setRGB(i, 2, 0xff8040);
            }
            tracker.image(100, "samples", ImageGrid.of(cells, 3));
            tracker.image(200, "samples", ImageGrid.of(cells, 2));
        }
    }
}
