// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.recipe;

import static org.bytedeco.pytorch.global.torch.cat;
import static org.bytedeco.pytorch.global.torch.zeros;

import dev.diffusion4j.base.AtomicFile;
import dev.diffusion4j.base.Problem;
import dev.diffusion4j.codec.PixelCodec;
import dev.diffusion4j.codec.SampleCodec;
import dev.diffusion4j.condition.Subject;
import dev.diffusion4j.data.TrainingData;
import dev.diffusion4j.data.loader.Batch;
import dev.diffusion4j.data.loader.BatchLoader;
import dev.diffusion4j.json.Json;
import dev.diffusion4j.metric.ClassifierFeatures;
import dev.diffusion4j.metric.FeatureExtractor;
import dev.diffusion4j.metric.KernelDistance;
import dev.diffusion4j.model.ModelFamilies;
import dev.diffusion4j.parallel.ProcessGroup;
import dev.diffusion4j.pipeline.DiffusionPipeline;
import dev.diffusion4j.pipeline.GenerationResult;
import dev.diffusion4j.pipeline.request.GenerationRequest;
import dev.diffusion4j.scheduler.SchedulerKind;
import dev.diffusion4j.tensor.RandomStream;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.World;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.BooleanSupplier;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.jspecify.annotations.Nullable;

/** The kernel distance between pictures that a network draws and held-back ones; the features of these are found once. */
final class KidMeasure implements AutoCloseable {
    private static final int BATCH = 64;
    /** Pictures of a data set lie in its range, of whatever channels. */
    private static final SampleCodec DATA = PixelCodec.signed(1);

    private final ValidationConfig.KidConfig config;
    private final SchedulerKind algorithm;
    private final TrainedPipeline trained;
    private final ProcessGroup group;
    private final FeatureExtractor extractor;
    private final Tensor real;
    private final KernelDistance floor;
    private final List<String> captions = new ArrayList<>();

    private KidMeasure(
            ValidationConfig.KidConfig config,
            SchedulerKind algorithm,
            TrainedPipeline trained,
            FeatureExtractor extractor,
            TrainingData data,
            TrainingData heldBack,
            ProcessGroup group) {
        this.group = group;
        this.config = config;
        this.algorithm = algorithm;
        this.trained = trained;
        this.extractor = extractor;
        int count = heldBack.dataset().size();
        try (BatchLoader loader = heldBack.inOrder(BATCH);
                BatchLoader others = data.loader(Math.min(BATCH, data.dataset().size()), config.seed(), 0)) {
            real = TensorScope.ownResult(() -> shuffled(features(loader, count, captions)));
            floor = TensorScope.compute(
                    () -> KernelDistance.ofBlocks(real, features(others, count, new ArrayList<>()), config.block()));
        }
    }

    /**
     * @param trained what is measured; borrowed, as are the others
     * @throws Problem (a wrong request) where there are fewer pictures than a block takes, the extractor is none, or the network draws
     *     words and no picture that is held back has a caption
     */
    static KidMeasure open(
            ValidationConfig.KidConfig config,
            SchedulerKind algorithm,
            TrainedPipeline trained,
            TrainingData data,
            TrainingData heldBack,
            ModelFamilies families,
            ProcessGroup group) {
        int held = heldBack.dataset().size();
        int drawn = config.count() == 0 ? held : config.count();
        if (Math.min(held, drawn) < config.block()) {
            throw Problem.request("validation.kid takes blocks of " + config.block() + " pictures, but there are "
                    + held + " held back and " + drawn
                    + " to be drawn: set validation.kid.block lower, or use more pictures");
        }
        FeatureExtractor extractor = openExtractor(Path.of(config.extractor()), families);
        try {
            KidMeasure measure = new KidMeasure(config, algorithm, trained, extractor, data, heldBack, group);
            measure.checkCaptions(heldBack);
            return measure;
        } catch (Throwable e) {
            extractor.close();
            throw e;
        }
    }

    private void checkCaptions(TrainingData heldBack) {
        if (captions.isEmpty() && trained.parts().conditioner().takes() == Subject.Kind.PROMPT) {
            real.close();
            throw Problem.request("validation.kid draws the captions of the pictures that are held back, but "
                    + heldBack.dataset().description() + " has none: omit validation.kid");
        }
    }

    private static FeatureExtractor openExtractor(Path path, ModelFamilies families) {
        RecipeClassifier classifier = RecipeClassifier.open("validation.kid.extractor", path, families);
        return new ClassifierFeatures(classifier.network(), classifier.weightsSha256());
    }

    /**
     * Rows in the loader's order, {@code count} at most.
     *
     * @param words takes the captions that there are
     */
    private Tensor features(BatchLoader loader, int count, List<String> words) {
        TensorVector rows = new TensorVector();
        for (int done = 0; done < count; ) {
            Batch batch = loader.next();
            int taken = Math.min(batch.size(), count - done);
            batch.captions().stream().limit(taken).filter(Objects::nonNull).forEach(words::add);
            rows.push_back(TensorScope.keepResult(
                    () -> extractor.features(DATA.pictures(batch.images().narrow(0, 0, taken)))));
            done += taken;
        }
        return cat(rows, 0);
    }

    private Tensor shuffled(Tensor rows) {
        try (RandomStream random = new RandomStream(config.seed())) {
            return rows.index_select(0, random.randperm(rows.size(0)));
        }
    }

    /** What decides the figures, into a file; a figure that was measured otherwise cannot be put beside them. */
    void describe(Path file) {
        Map<String, @Nullable Object> values = new LinkedHashMap<>();
        values.put("extractor", extractor.name());
        values.put("weights_sha256", extractor.weightsHash());
        values.put("size", (long) extractor.size());
        values.put("resize", extractor.resize().key());
        values.put("held_back", real.size(0));
        values.put("drawn", (long) count());
        values.put("steps", (long) config.steps());
        values.put("seed", config.seed());
        values.put("block", (long) config.block());
        values.put("kid_of_training_pictures", floor.mean());
        values.put("kid_of_training_pictures_stderr", floor.subsets() > 1 ? floor.standardError() : null);
        String text = Json.pretty(values);
        if (Files.exists(file) && !Json.pretty(Json.readObject(file)).equals(text)) {
            throw Problem.failure("the run measured val_kid as " + file
                    + " says, and would now measure it otherwise (another extractor or other pictures): put back what it"
                    + " was, or begin a new run");
        }
        AtomicFile.write(file, text);
    }

    private int count() {
        return config.count() == 0 ? (int) real.size(0) : config.count();
    }

    /**
     * {@code val_kid} and {@code val_kid_stderr} of the network as it is. Several processes draw some of the pictures each, and do not stop
     * half-way, since each would have to.
     *
     * @throws java.util.concurrent.CancellationException where {@code stop} asked for it
     */
    Map<String, Double> measure(BooleanSupplier stop) {
        return TensorScope.compute(() -> {
            KernelDistance distance = KernelDistance.ofBlocks(real, drawn(stop), config.block());
            Map<String, Double> values = new LinkedHashMap<>();
            values.put("val_kid", distance.mean());
            if (distance.subsets() > 1) {
                values.put("val_kid_stderr", distance.standardError());
            }
            return values;
        });
    }

    private Tensor drawn(BooleanSupplier stop) {
        if (!group.isShared()) {
            return drawn(0, count(), stop);
        }
        World world = group.world();
        int first = (int) ((long) count() * world.rank() / world.size());
        int end = (int) ((long) count() * (world.rank() + 1) / world.size());
        Tensor all = zeros(count(), real.size(1));
        if (end > first) {
            all.narrow(0, first, end - first).copy_(drawn(first, end, () -> false));
        }
        group.beginSum(all).await();
        return all;
    }

    /** Of the pictures {@code begin … end−1}. */
    private Tensor drawn(int begin, int end, BooleanSupplier stop) {
        TensorVector rows = new TensorVector();
        try (DiffusionPipeline own = trained.open();
                DiffusionPipeline pipeline = own.withScheduler(algorithm, Map.of())) {
            for (int start = begin; start < end; start += BATCH) {
                int first = start;
                int count = Math.min(BATCH, end - first);
                rows.push_back(TensorScope.keepResult(() -> {
                    try (GenerationResult result = Drawing.generate(pipeline, request(first, count), stop)) {
                        Tensor pictures = result.pictures();
                        return extractor.features(
                                pictures.clamp_min(new Scalar(0.0)).clamp_max(new Scalar(1.0)));
                    }
                }));
            }
        }
        return cat(rows, 0);
    }

    /** Of classes in turn where the network takes classes, of the captions of what is held back where it takes words. */
    private GenerationRequest request(int first, int count) {
        GenerationRequest plain = GenerationRequest.of(
                r -> r.count(count).batchSize(BATCH).seed(config.seed() + first).steps(config.steps()));
        IntStream pictures = IntStream.range(first, first + count);
        return switch (trained.parts().conditioner().takes()) {
            case NOTHING -> plain;
            case CLASS ->
                plain.with(r ->
                        r.classes(pictures.mapToObj(i -> i % trained.classes()).toList()));
            case PROMPT ->
                plain.with(r -> r.prompts(pictures.mapToObj(i -> captions.get(i % captions.size()))
                        .toList()));
        };
    }

    @Override
    public void close() {
        real.close();
        extractor.close();
    }
}
