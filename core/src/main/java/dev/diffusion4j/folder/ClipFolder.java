// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.folder;

import dev.diffusion4j.base.AtomicFile;
import dev.diffusion4j.json.Json;
import dev.diffusion4j.model.Model;
import dev.diffusion4j.model.clip.ClipModel;
import dev.diffusion4j.model.clip.ClipPictures;
import dev.diffusion4j.model.clip.ClipTextModel;
import dev.diffusion4j.tensor.Devices;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.Tensors;
import dev.diffusion4j.text.ClipTokenizer;
import dev.diffusion4j.text.TokenizerFolder;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * A CLIP as a folder: in the folder itself what transformers saves ({@code config.json}, {@code model.safetensors}, the tokenizer's files,
 * {@code preprocessor_config.json}), beside it {@code text_encoder/} and {@code tokenizer/}, its text half as a Stable Diffusion has it.
 * {@code model_index.json} names all three.
 */
public final class ClipFolder {
    /** The name of the part that is the text half. */
    public static final String TEXT_ENCODER = "text_encoder";

    /** The name of the part that cuts texts into tokens. */
    public static final String TOKENIZER = "tokenizer";

    static final String CLASS = ClipModel.FAMILY.name();

    private static final String WHOLE = "clip";
    private static final String PREPROCESSOR = "preprocessor_config.json";
    private static final long BICUBIC = 3; // Pillow's number

    private ClipFolder() {}

    /**
     * Writes a folder, or replaces the files of one; {@code model_index.json} last.
     *
     * @param model on any device; borrowed
     * @param pictures how it expects them
     */
    public static void write(Path folder, ClipModel model, ClipTokenizer tokenizer, ClipPictures pictures) {
        ComponentWriter writer = new ComponentWriter(folder, ComponentMap.empty(folder), SaveOptions.DEFAULT);
        writer.writeFlat(WHOLE, model);
        TokenizerFolder.write(folder, tokenizer);
        AtomicFile.write(folder.resolve(PREPROCESSOR), Json.pretty(preprocessor(pictures)));
        try (Model half = textHalf(model)) {
            writer.write(TEXT_ENCODER, half);
        }
        writer.write(TOKENIZER, tokenizer);
        writer.finish(PipelineFolder.ANY_PIPELINE);
    }

    private static Model textHalf(ClipModel model) {
        Model half = ClipTextModel.FAMILY.create(model.config());
        Map<String, Tensor> whole = model.stateDict();
        try (NoGradGuard guard = new NoGradGuard()) {
            half.stateDict()
                    .forEach((name, tensor) -> TensorScope.run(() -> tensor.copy_(
                            Objects.requireNonNull(whole.get(name)).to(Devices.cpu(), Tensors.type(tensor)))));
        }
        return half;
    }

    private static Map<String, @Nullable Object> preprocessor(ClipPictures pictures) {
        long size = pictures.size();
        Map<String, @Nullable Object> json = new LinkedHashMap<>();
        json.put("image_processor_type", "CLIPImageProcessor");
        json.put("do_convert_rgb", true);
        json.put("do_resize", true);
        json.put("size", Map.of("shortest_edge", size));
        json.put("resample", BICUBIC);
        json.put("do_center_crop", true);
        json.put("crop_size", Map.of("height", size, "width", size));
        json.put("do_rescale", true);
        json.put("rescale_factor", 1 / 255.0);
        json.put("do_normalize", true);
        json.put("image_mean", pictures.mean());
        json.put("image_std", pictures.deviation());
        return json;
    }
}
