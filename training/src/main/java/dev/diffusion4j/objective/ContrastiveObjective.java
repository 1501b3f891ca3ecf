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
import java.util.Objects;
import java.util.function.Function;
import java.util.stream.IntStream;
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

    /**
     * The share of the pictures of two things whose caption is liker to them than the one in which these have changed places. Retrieval
     * hides whether that is learnt: the pictures of a batch hardly ever show the same two things.
     */
    public static final String ORDER = "order";

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
        return new Matching(pixels, ids(examples.captions()), Exchanged.of(examples.exchanged(), this::ids));
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

    /**
     * Captions in which two things have changed places.
     *
     * @param places {@code int64 (N)}, of their pictures in the batch
     * @param ids {@code int64 (N, L)}
     */
    private record Exchanged(Tensor places, Tensor ids) {
        /** {@code null} where there are none. */
        static @Nullable Exchanged of(
                List<@Nullable String> captions, Function<List<@Nullable String>, Tensor> tokenized) {
            long[] places = IntStream.range(0, captions.size())
                    .filter(i -> captions.get(i) != null)
                    .asLongStream()
                    .toArray();
            return places.length == 0
                    ? null
                    : new Exchanged(
                            Tensors.ofLongs(places),
                            tokenized.apply(
                                    captions.stream().filter(Objects::nonNull).toList()));
        }

        Exchanged to(Device device) {
            return new Exchanged(places.to(device, Tensors.type(places)), ids.to(device, Tensors.type(ids)));
        }
    }

    private final class Matching implements Task {
        private final Tensor pixels;
        private final Tensor ids;
        private final @Nullable Exchanged exchanged;
        private final Map<String, Double> shares = new LinkedHashMap<>();

        Matching(Tensor pixels, Tensor ids, @Nullable Exchanged exchanged) {
            this.pixels = pixels;
            this.ids = ids;
            this.exchanged = exchanged;
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
            return new Matching(
                    pixels.to(device, Tensors.type(pixels)),
                    ids.to(device, Tensors.type(ids)),
                    exchanged == null ? null : exchanged.to(device));
        }

        @Override
        public Tensor loss() {
            return TensorScope.keepResult(() -> {
                Tensor texts = model.embedTexts(ids);
                Tensor images = model.embedImages(pixels);
                Tensor logits = model.similarities(texts, images);
                Tensor same = same();
                Tensor targets = same.div(same.sum(ACROSS, true, new org.bytedeco.pytorch.ScalarTypeOptional()));
                shares.put(IMAGE_RETRIEVAL, right(logits, same));
                shares.put(TEXT_RETRIEVAL, right(logits.t(), same));
                if (exchanged != null) {
                    shares.put(ORDER, ordered(exchanged, images, logits));
                }
                return torch.cross_entropy_loss(logits, targets)
                        .add(torch.cross_entropy_loss(logits.t(), targets))
                        .div(new Scalar(2.0));
            });
        }

        /** Of the captions of {@code wrong}'s pictures, the share that is liker to theirs than the wrong one. */
        private double ordered(Exchanged wrong, Tensor images, Tensor logits) {
            return TensorScope.compute(() -> {
                Tensor own = logits.diagonal().index_select(0, wrong.places());
                Tensor other = model.similarities(model.embedTexts(wrong.ids()), images.index_select(0, wrong.places()))
                        .diagonal();
                return (double) own.gt(other).to(ScalarType.Float).mean().item_float();
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

        @Override
        public long count(String name) {
            return name.equals(ORDER) && exchanged != null ? exchanged.places().size(0) : size();
        }
    }
}
