// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.folder.single;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.checkpoint.WeightSource;
import dev.diffusion4j.model.unet2dcondition.OriginalUNet;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Where the parts of a single file are, by what the names of its tensors begin with. */
final class FoundParts {
    private static final String UNET_KEY = "input_blocks.0.0.weight";
    private static final String VAE_KEY = "decoder.conv_in.weight";
    private static final int NAMED_IN_MESSAGES = 3;

    /** Averages of the weights, tables of the noise, the training's losses, notes: in files that trainings saved, and not used for drawing. */
    private static final Pattern LEFT_OUT = Pattern.compile(
            "model_ema\\..+|.*loss\\..+|betas|alphas_cumprod.*|sqrt_.+|log_one_minus_.+|posterior_.+|lvlb_weights|logvar|scale_factor"
                    + "|denoiser\\..+|global_step|(cond_stage_model|conditioner\\.embedders\\.\\d)\\.(model\\.)?(logit_scale|attn_mask|visual\\..+)"
                    + "|v_pred|ztsnr|optimizer.*|callbacks\\..+|lr_schedulers\\..+");

    private final WeightSource file;
    private final Set<String> names;
    private final Map<String, WeightSource> texts = new LinkedHashMap<>();
    private final List<String> others;
    private @Nullable WeightSource unet;
    private @Nullable WeightSource vae;

    /** @param file that is closed by its owner */
    FoundParts(WeightSource file) {
        this.file = file;
        names = file.tensors().keySet();
        Set<String> begins = new LinkedHashSet<>();
        if (names.contains(SingleLayout.UNET + "." + UNET_KEY)) {
            unet = file.under(SingleLayout.UNET);
            begins.add(SingleLayout.UNET + ".");
        } else if (names.contains(UNET_KEY)) {
            unet = file;
            begins.add("");
        }
        for (String begin : SingleLayout.VAE) {
            if (vae == null && names.contains(begin + "." + VAE_KEY)) {
                vae = file.under(begin);
                begins.add(begin + ".");
            }
        }
        if (vae == null && names.contains(VAE_KEY)) {
            vae = file;
            begins.add("");
        }
        for (SingleLayout layout : SingleLayout.values()) {
            layout.textPlaces().values().stream()
                    .filter(begin -> names.stream().anyMatch(name -> name.startsWith(begin + ".")))
                    .forEach(begin -> {
                        texts.put(begin, file.under(begin));
                        begins.add(begin + ".");
                    });
        }
        others = names.stream()
                .filter(name -> begins.stream().noneMatch(name::startsWith))
                .filter(name -> !isLeftOut(name))
                .toList();
    }

    static boolean isLeftOut(String name) {
        return LEFT_OUT.matcher(name).matches();
    }

    Optional<WeightSource> unet() {
        return Optional.ofNullable(unet);
    }

    Optional<WeightSource> vae() {
        return Optional.ofNullable(vae);
    }

    Optional<WeightSource> text(String begin) {
        return Optional.ofNullable(texts.get(begin));
    }

    /** Whether the file keeps averages of the weights beside them. */
    boolean hasAverages() {
        return names.stream().anyMatch(name -> name.startsWith("model_ema."));
    }

    /** Tensors that belong to no part and that no training leaves in such a file. */
    List<String> others() {
        return others;
    }

    static String first(List<String> names) {
        String some = names.stream().limit(NAMED_IN_MESSAGES).collect(Collectors.joining(", "));
        return names.size() > NAMED_IN_MESSAGES ? some + " and " + (names.size() - NAMED_IN_MESSAGES) + " more" : some;
    }

    /**
     * Which kind of file it is: by its text encoders, or else by its denoiser; an autoencoder alone is taken for one of Stable Diffusion 1, as
     * diffusers takes it.
     *
     * @throws Problem (a failure) naming the first tensors of a file that is of no kind known here
     */
    SingleLayout layout() {
        if (unet == null && vae == null && texts.isEmpty()) {
            throw unknown(new ArrayList<>(names));
        }
        if (names.contains("edm_mean")) {
            throw Problem.failure(file + " is a Playground 2.5 ('edm_mean'), which is not supported");
        }
        for (SingleLayout layout :
                List.of(SingleLayout.XL_REFINER, SingleLayout.XL, SingleLayout.SD2, SingleLayout.SD1)) {
            if (layout.textPlaces().values().stream().anyMatch(texts::containsKey)) {
                return layout;
            }
        }
        return unet == null ? SingleLayout.SD1 : ofUnet(unet);
    }

    private SingleLayout ofUnet(WeightSource weights) {
        Set<String> own = weights.tensors().keySet();
        OriginalUNet plan = OriginalUNet.ofOriginal(own).orElseThrow(() -> unknown(new ArrayList<>(own)));
        if (own.contains("label_emb.0.0.weight")) {
            int lowest = 1 + (plan.levels() - 1) * (plan.layersPerBlock() + 1);
            boolean attendsBelow = own.contains("input_blocks." + lowest + ".1.norm.weight");
            return attendsBelow ? SingleLayout.XL : SingleLayout.XL_REFINER;
        }
        boolean isMatrix = Optional.ofNullable(weights.tensors().get("middle_block.1.proj_in.weight"))
                .filter(info -> info.shape().size() == 2)
                .isPresent();
        return isMatrix ? SingleLayout.SD2 : SingleLayout.SD1;
    }

    private Problem unknown(List<String> first) {
        if (first.stream().anyMatch(name -> name.startsWith("lora_") || name.contains(".lora"))) {
            return Problem.failure(file + " is a LoRA, not a model: give it as {loras}");
        }
        return Problem.failure(file + " has a layout that is not known (its first tensors are " + first(first)
                + "): a Stable Diffusion 1, 2 or XL in its original layout was expected");
    }
}
