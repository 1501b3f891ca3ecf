// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.model.crossattn;

import static org.bytedeco.pytorch.global.torch.cat;
import static org.bytedeco.pytorch.global.torch.max_pool2d;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.json.Records;
import dev.diffusion4j.layer.Activation;
import dev.diffusion4j.layer.Conv2d;
import dev.diffusion4j.layer.ConvTranspose2d;
import dev.diffusion4j.layer.Embedding;
import dev.diffusion4j.layer.Linear;
import dev.diffusion4j.layer.SinusoidalProjection;
import dev.diffusion4j.model.Conditioning;
import dev.diffusion4j.model.ConfigDraft;
import dev.diffusion4j.model.DiffusionModel;
import dev.diffusion4j.model.ModelClass;
import dev.diffusion4j.model.ModelFamily;
import dev.diffusion4j.model.ModelRole;
import dev.diffusion4j.model.PromptWords;
import dev.diffusion4j.model.SampleShape;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.Tensors;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.jspecify.annotations.Nullable;

/**
 * A small U-Net whose every block attends to a prompt: the tokens of a text (B, L, D), or a class looked up in a table as one
 * token. Weight names as in the lesson that it is from.
 */
public final class CrossAttentionUnet extends DiffusionModel {
    /** How files name it, and how it is made and fitted to data. */
    public static final ModelFamily FAMILY = ModelFamily.of(
            ModelClass.of("diffusion4j", "CrossAttentionUnet", ModelRole.DENOISER),
            CrossAttentionConfig.DEFAULT,
            CrossAttentionUnet::new,
            CrossAttentionUnet::fit);

    private final CrossAttentionConfig config;
    private final SinusoidalProjection time;
    private final Linear timeLinear;
    private final @Nullable Embedding classes;
    private final @Nullable Embedding words;
    private final @Nullable Embedding places;
    private final @Nullable PromptWords prompts;
    private final List<ConvBlock> encoder = new ArrayList<>();
    private final List<ConvTranspose2d> enlarge = new ArrayList<>();
    private final List<ConvBlock> decoder = new ArrayList<>();
    private final Conv2d output;

    /** A network without content. */
    public CrossAttentionUnet(CrossAttentionConfig config) {
        super(
                FAMILY.modelClass(),
                Records.toMap(config),
                new SampleShape(config.inChannels(), config.sampleSize(), 1 << (config.levels() - 1)));
        this.config = config;
        List<Integer> widths = config.blockOutChannels();
        time = child("time_emb.0", new SinusoidalProjection(config.timeEmbedDim(), false, 1));
        timeLinear = child("time_emb.1", new Linear(config.timeEmbedDim(), config.timeEmbedDim()));
        if (config.maxTokens() == 0) {
            classes = child("cls_emb", new Embedding(config.numClasses(), config.contextDim()));
            words = null;
            places = null;
            prompts = null;
        } else {
            classes = null;
            words = child("word_emb", new Embedding(config.words().size() + 1L, config.contextDim()));
            places = child("place_emb", new Embedding(config.maxTokens(), config.contextDim()));
            prompts = new PromptWords(config.words(), config.maxTokens());
        }
        int in = config.inChannels();
        for (int i = 0; i < config.levels(); i++) {
            encoder.add(child("enc_convs." + i, new ConvBlock(in, widths.get(i), config)));
            in = widths.get(i);
        }
        for (int i = 0; i < config.levels() - 1; i++) {
            enlarge.add(child("deconvs." + i, new ConvTranspose2d(in >> i, in >> (i + 1), 2)));
        }
        for (int i = 0; i < config.levels() - 1; i++) {
            decoder.add(child("dec_convs." + i, new ConvBlock(in >> i, in >> (i + 1), config)));
        }
        output = child("output", Conv2d.pointwise(widths.get(0), config.inChannels()));
    }

    private static void fit(ConfigDraft draft) {
        draft.fillShape();
        if (draft.getLong("max_tokens", 0) > 0) {
            draft.put("num_classes", 0L);
            if (draft.get("words") == null) {
                draft.put("words", draft.target().words().get());
            }
        } else {
            draft.fillClasses("num_classes");
        }
    }

    @Override
    public Tensor forward(Tensor sample, Tensor timestep, Conditioning conditioning) {
        return TensorScope.keepResult(() -> {
            Tensor when = Activation.RELU.applyToTemporary(timeLinear.forward(time.forward(timestep)
                    .expand(sample.size(0), config.timeEmbedDim())
                    .to(Tensors.type(sample))));
            Tensor tokens = tokens(sample, conditioning);
            Deque<Tensor> skips = new ArrayDeque<>();
            Tensor x = sample;
            for (ConvBlock block : encoder) {
                x = block.forward(x, when, tokens);
                if (skips.size() < encoder.size() - 1) {
                    skips.push(x);
                    x = max_pool2d(x, 2);
                }
            }
            for (int i = 0; i < decoder.size(); i++) {
                Tensor both = cat(new TensorVector(skips.pop(), enlarge.get(i).forward(x)), 1);
                x = decoder.get(i).forward(both, when, tokens);
            }
            return output.forward(x);
        });
    }

    private static @Nullable Tensor given(Conditioning conditioning) {
        Tensor states = conditioning.get(Conditioning.ENCODER_HIDDEN_STATES);
        Tensor tokens = conditioning.get(Conditioning.TOKENS);
        return states != null ? states : tokens != null ? tokens : conditioning.classLabels();
    }

    /** (B, L, D), zeros where the prompt is dropped. */
    private Tensor tokens(Tensor sample, Conditioning conditioning) {
        Tensor labels = given(conditioning);
        if (labels == null) {
            throw Problem.request(
                    prompts == null
                            ? "this network draws a class: give {class}"
                            : "this network draws what words describe: give {prompt}");
        }
        return TensorScope.keepResult(() -> {
            Tensor tokens = labels.is_floating_point() ? labels : lookUp(labels);
            Tensor typed = tokens.to(Tensors.type(sample));
            Tensor keep = conditioning.keep();
            return keep == null
                    ? typed
                    : typed.mul(keep.to(Tensors.type(sample)).unsqueeze(1).unsqueeze(2));
        });
    }

    /** Classes {@code int64 (B)} or words {@code int64 (B, L)} to (B, L, D). */
    private Tensor lookUp(Tensor labels) {
        if (words != null && places != null) {
            return words.forward(labels).add(places.weight());
        }
        return java.util.Objects.requireNonNull(classes).forward(labels).unsqueeze(1);
    }

    @Override
    public Optional<PromptWords> prompts() {
        return Optional.ofNullable(prompts);
    }

    @Override
    public int numClasses() {
        return prompts == null ? config.numClasses() : 0;
    }

    @Override
    public boolean canDropContext() {
        return true;
    }
}
