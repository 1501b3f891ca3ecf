// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.objective;

import dev.diffusion4j.model.Model;
import dev.diffusion4j.model.clip.ClipModel;
import dev.diffusion4j.model.clip.ClipPictures;
import dev.diffusion4j.tensor.RandomStream;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.Tensors;
import dev.diffusion4j.text.ClipTokenizer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.jspecify.annotations.Nullable;

/**
 * Learn which caption belongs to which picture of a batch: the cross-entropy over a caption's pictures and over a picture's captions,
 * Radford et al. (2021), figure 3. Captions of the same tokens belong to each other's pictures too, in equal parts, as labels do in
 * Yang et al. (2022); where all captions differ that is the same loss.
 */
public final class ContrastiveObjective implements Objective {
    /** The share of the captions whose likest picture of the batch is theirs. */
    public static final String IMAGE_RETRIEVAL = "image_retrieval";
    /** The share of the pictures whose likest caption of the batch is theirs. */
    public static final String TEXT_RETRIEVAL = "text_retrieval";

    private static final long[] ACROSS = {1};

    private final ClipModel model;
    private final ClipTokenizer tokenizer;
    private final ClipPictures pictures;

    /**
     * @param model borrowed
     * @param pictures how it is given them
     */
    public ContrastiveObjective(ClipModel model, ClipTokenizer tokenizer, ClipPictures pictures) {
        this.model = model;
        this.tokenizer = tokenizer;
        this.pictures = pictures;
    }

    @Override
    public Model model() {
        return model;
    }

    /** Each example is compared with all others of the batch. */
    @Override
    public boolean isSeparable() {
        return false;
    }

    @Override
    public void afterUpdate() {
        model.limitScale();
    }

    /** The factor on similarities. */
    @Override
    public Map<String, Double> scalars(int epoch) {
        return Map.of("logit_scale", model.logitScale());
    }

    @Override
    public Task draw(TrainingExamples examples, RandomStream random) {
        Tensor pixels = TensorScope.keepResult(
                () -> pictures.normalise(examples.images().add(new Scalar(1.0)).div(new Scalar(2.0))));
        return new Matching(pixels, ids(examples.captions()));
    }

    /** (B, L), L the longest of them; what follows a text's end does not change its embedding. */
    private Tensor ids(List<@Nullable String> captions) {
        int length = model.typedConfig().textConfig().maxPositionEmbeddings();
        List<ClipTokenizer.Tokens> all = new ArrayList<>();
        captions.forEach(caption -> all.add(tokenizer.tokens(caption == null ? "" : caption, length)));
        int longest = all.stream().mapToInt(ClipTokenizer.Tokens::used).max().orElse(length);
        long[] ids = all.stream()
                .flatMapToInt(tokens -> java.util.Arrays.stream(tokens.ids(), 0, longest))
                .asLongStream()
                .toArray();
        return Tensors.ofLongs(ids).view(captions.size(), longest);
    }

    private final class Matching implements Task {
        private final Tensor pixels;
        private final Tensor ids;
        private final Map<String, Double> shares = new LinkedHashMap<>();

        Matching(Tensor pixels, Tensor ids) {
            this.pixels = pixels;
            this.ids = ids;
        }

        @Override
        public long size() {
            return pixels.size(0);
        }

        @Override
        public Task slice(long start, long count) {
            throw new UnsupportedOperationException("a batch of captions and pictures is compared as a whole");
        }

        @Override
        public Task to(Device device) {
            return new Matching(pixels.to(device, Tensors.type(pixels)), ids.to(device, Tensors.type(ids)));
        }

        @Override
        public Tensor loss() {
            return TensorScope.keepResult(() -> {
                Tensor logits = model.similarities(model.embedTexts(ids), model.embedImages(pixels));
                Tensor same = same();
                Tensor targets = same.div(same.sum(ACROSS, true, new org.bytedeco.pytorch.ScalarTypeOptional()));
                shares.put(IMAGE_RETRIEVAL, right(logits, same));
                shares.put(TEXT_RETRIEVAL, right(logits.t(), same));
                return torch.cross_entropy_loss(logits, targets)
                        .add(torch.cross_entropy_loss(logits.t(), targets))
                        .div(new Scalar(2.0));
            });
        }

        /** (B, B), 1 where two captions have the same tokens. */
        private Tensor same() {
            return ids.unsqueeze(0).eq(ids.unsqueeze(1)).all(2).to(ScalarType.Float);
        }

        /** The share of the rows whose highest score stands where {@code same} is 1. */
        private double right(Tensor logits, Tensor same) {
            return TensorScope.compute(() -> {
                Tensor likest = torch.argmax(logits, new LongOptional(1), true);
                return (double) same.gather(1, likest).mean().item_float();
            });
        }

        @Override
        public Map<String, Double> tracked() {
            return shares;
        }
    }
}
