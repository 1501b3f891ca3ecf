// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.recipe;

import dev.diffusion4j.adapter.LoraConfig;
import dev.diffusion4j.base.Problem;
import dev.diffusion4j.base.Worded;
import dev.diffusion4j.codec.SampleCodec;
import dev.diffusion4j.codec.TinyVaeCodec;
import dev.diffusion4j.codec.VaeCodec;
import dev.diffusion4j.data.ChannelMode;
import dev.diffusion4j.data.DataConfig;
import dev.diffusion4j.folder.Companions;
import dev.diffusion4j.folder.Component;
import dev.diffusion4j.folder.ComponentNetwork;
import dev.diffusion4j.folder.PipelinePlace;
import dev.diffusion4j.hub.HubProgress;
import dev.diffusion4j.model.LentModel;
import dev.diffusion4j.model.Model;
import dev.diffusion4j.model.ModelFamilies;
import dev.diffusion4j.model.ModelFamily;
import dev.diffusion4j.model.ModelRole;
import dev.diffusion4j.model.autoencoder.AutoencoderTiny;
import dev.diffusion4j.model.clip.ClipTextModel;
import dev.diffusion4j.model.unet2dcondition.UNet2DConditionModel;
import dev.diffusion4j.tensor.WeightMemory;
import dev.diffusion4j.trainer.ParameterGroup;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** The parts that a recipe's network stands beside: those of the folder that it starts from, and those that it names. */
final class RecipeParts {
    private static final String TEXT = "text_encoder";

    private RecipeParts() {}

    /**
     * Where they lie; nothing is read.
     *
     * @return {@code null} where there are none
     * @throws Problem (a failure) where a folder is not there or has no such part
     */
    static @Nullable Companions of(ModelSpec spec, ModelFamilies families) {
        String from = spec.from();
        Companions all =
                from == null ? Companions.none(families) : Companions.of(Pretrained.folder(from, families), families);
        for (Map.Entry<String, String> part : spec.parts().entrySet()) {
            all = all.with(part.getKey(), folder(part.getKey(), part.getValue()));
            String tokenizer = part.getKey().replace(TEXT, "tokenizer");
            if (part.getKey().startsWith(TEXT) && !spec.parts().containsKey(tokenizer)) {
                all = all.with(tokenizer, beside(folder(part.getKey(), part.getValue()), tokenizer));
            }
        }
        return all.components().isEmpty() ? null : all;
    }

    private static Path folder(String part, String place) {
        Path folder = PipelinePlace.folder(Path.of(place), null, HubProgress.SILENT)
                .toAbsolutePath()
                .normalize();
        if (!Files.isDirectory(folder)) {
            throw Problem.failure("model.parts." + part + ": there is no folder " + folder
                    + "; name a pipeline's folder, such as that of a finished run, or the part's own");
        }
        return folder;
    }

    /** A text encoder's own folder has its tokenizer within or beside it. */
    private static Path beside(Path folder, String tokenizer) {
        if (Files.exists(folder.resolve("model_index.json")) || Files.exists(folder.resolve("tokenizer_config.json"))) {
            return folder;
        }
        Path sibling = folder.resolveSibling(tokenizer);
        return Files.isDirectory(sibling) ? sibling : folder;
    }

    /** The parts that learn with the denoiser: those of {@code training.groups}, and with a LoRA's text targets all text encoders. */
    static Set<String> learning(Recipe recipe, @Nullable Companions beside) {
        Set<String> names = new TreeSet<>(recipe.training().groups().keySet());
        names.remove(ParameterGroup.DENOISER);
        if (adaptsText(recipe) && beside != null) {
            names.addAll(textEncoders(beside));
        }
        return names;
    }

    private static boolean adaptsText(Recipe recipe) {
        LoraConfig lora = recipe.lora();
        return lora != null && !lora.textTargets().isEmpty();
    }

    private static Set<String> textEncoders(Companions beside) {
        Set<String> names = new TreeSet<>(beside.components().keySet());
        names.removeIf(name -> !name.startsWith(TEXT));
        return names;
    }

    /** The text encoders whose weights stay as they are while something learns through them: a LoRA in them, or a word. */
    static Set<String> passing(Recipe recipe, Companions beside) {
        DreamBoothConfig dreambooth = recipe.dreambooth();
        if (adaptsText(recipe)) {
            return textEncoders(beside);
        }
        if (dreambooth == null || !dreambooth.learnsWord()) {
            return Set.of();
        }
        Set<String> names = textEncoders(beside);
        names.removeAll(learning(recipe, beside));
        return names;
    }

    /**
     * Those of a run that was set up, as they were then.
     *
     * @return {@code null} where there are none
     * @throws Problem (a failure) where a folder is gone, or a part's weights are others
     */
    static @Nullable Companions ofRun(ModelSpec spec, ModelFamilies families) {
        if (spec.partsSha256().isEmpty()) {
            return null;
        }
        Companions beside;
        try {
            beside = of(spec, families);
        } catch (Problem e) {
            throw Problem.failure(
                    "the run needs the "
                            + String.join(" and the ", spec.partsSha256().keySet()) + " that it was set up with: "
                            + Worded.marked(e) + "; put them back",
                    e);
        }
        Objects.requireNonNull(beside).hashes().forEach((name, hash) -> {
            String before = spec.partsSha256().get(name);
            if (before != null && !before.equals(hash)) {
                throw Problem.failure("the weights of the " + name + " in "
                        + Objects.requireNonNull(beside.components().get(name)).folder()
                        + " are no longer those that the run was set up with: put them back, or start anew in another"
                        + " folder");
            }
        });
        return beside;
    }

    /** The autoencoder without memory, of which its sizes can be asked, owned by the caller; {@code null} where there is none. */
    static @Nullable Model autoencoder(@Nullable Companions beside) {
        if (beside == null) {
            return null;
        }
        Component component = beside.components().get(ModelRole.AUTOENCODER.component());
        return component == null ? null : outline(component, beside.families());
    }

    private static Model outline(Component component, ModelFamilies families) {
        ModelFamily family = families.named(component.className(), String.valueOf(component.pipelineFolder()));
        return WeightMemory.shapesOnly(new ComponentNetwork(component, family)::create);
    }

    /** What encodes by an autoencoder, which is borrowed; {@code null} for none. */
    static @Nullable SampleCodec codec(@Nullable Model autoencoder) {
        if (autoencoder == null) {
            return null;
        }
        return autoencoder instanceof AutoencoderTiny
                ? new TinyVaeCodec(LentModel.of(autoencoder))
                : new VaeCodec(LentModel.of(autoencoder));
    }

    /** Gives the pictures the codec's channels where the recipe leaves them open. */
    static void fit(DataConfig.Draft data, @Nullable SampleCodec codec) {
        if (codec != null && data.channels == ChannelMode.AUTO) {
            data.channels = codec.pictureChannels() == 1 ? ChannelMode.GREY : ChannelMode.RGB;
        }
    }

    /** Numbers of a prompt's token that its text encoders give side by side; 0 where there are none. */
    static int textFeatures(@Nullable Companions beside) {
        int features = 0;
        if (beside == null) {
            return features;
        }
        for (Component component : beside.components().values()) {
            if (component.name().startsWith(TEXT)) {
                try (Model encoder = outline(component, beside.families())) {
                    features += encoder instanceof ClipTextModel text
                            ? text.typedConfig().hiddenSize()
                            : 0;
                }
            }
        }
        return features;
    }

    /**
     * Looks whether a network that asks prompts has what encodes them.
     *
     * @throws Problem (a wrong request) where it has none, or one of another width
     */
    static void checkText(Model model, @Nullable Companions beside, ModelSpec spec) {
        if (!(model instanceof UNet2DConditionModel unet) || !unet.asksPrompt()) {
            return;
        }
        int given = textFeatures(beside);
        if (given == 0) {
            throw Problem.request("a " + UNet2DConditionModel.FAMILY.name() + " asks a prompt, but "
                    + (spec.from() == null ? "this recipe" : spec.from())
                    + " has no text encoder: name a folder that has one with model.parts.text_encoder");
        }
        if (given > 0 && given != unet.promptFeatures()) {
            throw Problem.request("the network takes " + unet.promptFeatures()
                    + " numbers of a prompt's token, but the text encoder gives " + given
                    + (spec.from() == null
                            ? ": omit model.config.cross_attention_dim"
                            : ": take another text encoder"));
        }
    }
}
