// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.evaluation;

import dev.diffusion4j.base.Check;
import dev.diffusion4j.base.Problem;
import dev.diffusion4j.codec.VaeCodec;
import dev.diffusion4j.data.Split;
import dev.diffusion4j.data.drawn.Scene;
import dev.diffusion4j.data.drawn.SceneAttribute;
import dev.diffusion4j.data.source.ScenesSource;
import dev.diffusion4j.data.view.Subset;
import dev.diffusion4j.folder.PipelineFolder;
import dev.diffusion4j.image.Images;
import dev.diffusion4j.metric.DrawnPictures;
import dev.diffusion4j.metric.PictureSet;
import dev.diffusion4j.model.Model;
import dev.diffusion4j.model.ModelFamilies;
import dev.diffusion4j.model.ModelFamily;
import dev.diffusion4j.model.SampleSize;
import dev.diffusion4j.model.autoencoder.AutoencoderKl;
import dev.diffusion4j.pipeline.DiffusionPipeline;
import dev.diffusion4j.pipeline.request.GenerationRequest;
import dev.diffusion4j.tensor.Devices;
import dev.diffusion4j.tensor.Precision;
import dev.diffusion4j.tensor.TensorScope;
import java.awt.image.BufferedImage;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.function.BooleanSupplier;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Whether pictures show what their captions say: the first captions of {@code scenes:test}, whose forms in these colours no training
 * sees, are drawn, or their real pictures go through an autoencoder, and {@link AttributeJudges} look. Nothing is chosen.
 */
public final class AttributeEvaluation implements AutoCloseable {
    private final AttributeJudges judges;
    private final ScenesSource scenes;
    private final int count;
    private final long seed;
    private final PictureSet real;
    private final Map<SceneAttribute, long[]> realAnswers;

    /**
     * Shows the judges the real pictures first.
     *
     * @param judges owned
     * @param count of captions
     * @param seed of the scenes: which captions
     */
    public AttributeEvaluation(AttributeJudges judges, int count, long seed) {
        this.judges = judges;
        this.scenes = new ScenesSource(Split.TEST, judges.size().height(), seed, null);
        this.count = Check.inRange(count, 1, scenes.size(), "{count}");
        this.seed = seed;
        this.real = PictureSet.of(Subset.range(scenes, 0, count), null);
        this.realAnswers = judges.answers(real);
    }

    /** The captions, in order. */
    public List<String> captions() {
        return IntStream.range(0, count).mapToObj(scenes::caption).toList();
    }

    /** {@code request} for a picture of each caption. */
    public GenerationRequest request(GenerationRequest request) {
        return request.with(r -> r.count(count).prompts(captions()));
    }

    /**
     * Finds out, before anything is drawn, whether the pictures can be judged.
     *
     * @param request of {@link #request}
     * @throws Problem (a wrong request) where the model draws no prompts, or another size than the judges look at
     */
    public void check(DiffusionPipeline pipeline, GenerationRequest request) {
        checkSize(pipeline.check(request));
    }

    private void checkSize(SampleSize size) {
        if (!size.equals(judges.size())) {
            throw Problem.request("the judges of attributes look at pictures of "
                    + judges.size().text()
                    + " pixels, but those to be judged have " + size.text() + ": train judges of that size, or draw at"
                    + " theirs");
        }
    }

    /**
     * Judges pictures.
     *
     * @param drawn one for each caption, in order
     */
    public AttributeReport judge(Drawn drawn) {
        Map<String, @Nullable Object> how = new LinkedHashMap<>(drawn.how());
        how.remove("prompts"); // they are the captions
        try (PictureSet pictures = drawn.pictures()) {
            return report(pictures, how);
        }
    }

    private AttributeReport report(PictureSet pictures, Map<String, @Nullable Object> how) {
        List<Scene> truths = IntStream.range(0, count)
                .mapToObj(index -> scenes.scene(index).scene())
                .toList();
        return new AttributeReport(
                pictures.description(),
                pictures.contentHash(),
                count,
                seed,
                real.contentHash(),
                judges.size().height(),
                AttributeTable.of(truths, judges.answers(pictures), realAnswers),
                judges.hashes(),
                how);
    }

    /** Whether a model folder holds an {@link AutoencoderKl} and nothing that draws. */
    public static boolean isAutoencoder(Path model) {
        if (!Files.exists(model.resolve("model_index.json"))) {
            return false;
        }
        PipelineFolder folder = PipelineFolder.open(model);
        boolean draws = folder.components().components().values().stream()
                .flatMap(part -> part.family(ModelFamilies.BUILT_IN).stream())
                .anyMatch(ModelFamily::isDenoiser);
        return !draws && folder.modelFamily().name().equals(AutoencoderKl.FAMILY.name());
    }

    /**
     * Judges what an autoencoder leaves of the captions' real pictures.
     *
     * @param model of {@link #isAutoencoder}
     * @param name the model's, for people
     * @throws CancellationException where {@code stop} asked for it
     */
    public AttributeReport reconstructions(Path model, String name, BooleanSupplier stop) {
        PipelineFolder folder = PipelineFolder.open(model);
        Map<String, @Nullable Object> how = new LinkedHashMap<>();
        how.put("autoencoder", name);
        how.put("model_hash", folder.weightsSha256());
        try (Model network = folder.readModel(Devices.cpu(), Precision.F32, null)) {
            VaeCodec codec = new VaeCodec((AutoencoderKl) network);
            List<BufferedImage> seen = TensorScope.compute(() -> {
                try (NoGradGuard guard = new NoGradGuard()) {
                    return Images.fromSamples(real.map(pictures -> reconstructed(codec, pictures, stop)));
                }
            });
            String what = name + " (encoded and decoded)";
            try (PictureSet pictures = PictureSet.of(new DrawnPictures(what, seen, null), null)) {
                return report(pictures, how);
            }
        }
    }

    private static Tensor reconstructed(VaeCodec codec, Tensor picturesUnit, BooleanSupplier stop) {
        if (stop.getAsBoolean()) {
            throw new CancellationException("stopped while judging");
        }
        return codec.reconstruct(picturesUnit.mul(new Scalar(2.0)).sub(new Scalar(1.0)));
    }

    @Override
    public void close() {
        real.close();
        judges.close();
    }
}
