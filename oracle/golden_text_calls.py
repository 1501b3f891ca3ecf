# SPDX-License-Identifier: Apache-2.0
"""Saves a tiny Stable Diffusion, and one of XL's form, whose text matters, and what diffusers draws with them:
golden/tiny-sd, golden/tiny-xl (weights in f16, read as f32 on both sides), golden/text_calls.safetensors and .json.

Usage: python oracle/golden_text_calls.py
"""
import json
import pathlib
import shutil

import numpy
import torch
from diffusers import (AutoencoderKL, DDIMScheduler, DPMSolverMultistepScheduler, EulerAncestralDiscreteScheduler,
                       EulerDiscreteScheduler, HeunDiscreteScheduler, LCMScheduler, PNDMScheduler, StableDiffusionImg2ImgPipeline,
                       StableDiffusionInpaintPipeline, StableDiffusionPipeline, StableDiffusionXLImg2ImgPipeline,
                       StableDiffusionXLInpaintPipeline, StableDiffusionXLPipeline, UNet2DConditionModel, UniPCMultistepScheduler)
from PIL import Image
from safetensors.torch import save_file
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection, CLIPTokenizer

GOLDEN = pathlib.Path(__file__).parent.parent / "core/src/test/resources/golden"
PROMPTS = ["a photo of a red cat", "the blue dog on a hill, 2 houses"]
NEGATIVE = "red house"
DECODED = {"sd-own", "sd-inpaint-ddim", "sd-img2img-euler_ancestral", "xl-own", "xl-img2img"}
BETAS = dict(beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", num_train_timesteps=1000)
SCHEDULERS = {
    "pndm": (PNDMScheduler, dict(skip_prk_steps=True, steps_offset=1)),
    "ddim": (DDIMScheduler, dict(clip_sample=False, set_alpha_to_one=False, steps_offset=1)),
    "euler": (EulerDiscreteScheduler, dict(steps_offset=1)),
    "euler_ancestral": (EulerAncestralDiscreteScheduler, dict(steps_offset=1)),
    "dpmsolver_multistep": (DPMSolverMultistepScheduler, dict(use_karras_sigmas=True, steps_offset=1)),
    "unipc": (UniPCMultistepScheduler, dict(steps_offset=1)),
    "lcm": (LCMScheduler, dict(steps_offset=1)),
    "heun": (HeunDiscreteScheduler, dict(steps_offset=1)),
}


def tokenizer(pad=None):
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    letters = [chr(b) for b in plain] + [chr(256 + n) for n in range(256 - len(plain))]
    merges = []
    for word in "cat dog red blue photo of a the house on hill".split():
        parts = [*word[:-1], word[-1] + "</w>"]
        while len(parts) > 1:
            if (parts[0], parts[1]) not in merges:
                merges.append((parts[0], parts[1]))
            parts = [parts[0] + parts[1], *parts[2:]]
    words = letters + [letter + "</w>" for letter in letters] + ["".join(pair) for pair in merges] + ["<|startoftext|>", "<|endoftext|>"]
    vocabulary = {word: number for number, word in enumerate(words)}
    kwargs = {} if pad is None else {"pad_token": pad}
    return CLIPTokenizer(vocab=vocabulary, merges=merges, model_max_length=77, **kwargs), vocabulary


def text_config(vocabulary, width, layers, act, projection):
    return CLIPTextConfig(
        vocab_size=len(vocabulary), hidden_size=width, intermediate_size=2 * width, num_hidden_layers=layers, num_attention_heads=2,
        max_position_embeddings=77, hidden_act=act, bos_token_id=vocabulary["<|startoftext|>"], eos_token_id=vocabulary["<|endoftext|>"],
        projection_dim=projection)


def loud(text, unet):
    """Untrained text hardly matters; so that a wrong word shows."""
    with torch.no_grad():
        for encoder in text:
            for name, value in encoder.named_parameters():
                if "token_embedding" in name:
                    value.mul_(15)
                elif "position_embedding" in name:
                    value.mul_(4)
                elif "proj" in name and "weight" in name or "fc" in name and "weight" in name:
                    value.mul_(2)
        for name, value in unet.named_parameters():
            if ".attn2." in name and name.endswith("weight"):
                value.mul_(2)


def autoencoder(**more):
    return AutoencoderKL(
        block_out_channels=(8, 8), down_block_types=("DownEncoderBlock2D",) * 2, up_block_types=("UpDecoderBlock2D",) * 2,
        latent_channels=4, norm_num_groups=4, layers_per_block=1, sample_size=16, **more)


def tiny_sd():
    torch.manual_seed(3)
    tokens, vocabulary = tokenizer()
    text = CLIPTextModel(text_config(vocabulary, 16, 3, "quick_gelu", 16))
    unet = UNet2DConditionModel(
        sample_size=8, block_out_channels=(8, 16), layers_per_block=1, norm_num_groups=4, cross_attention_dim=16, attention_head_dim=2,
        down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"), up_block_types=("UpBlock2D", "CrossAttnUpBlock2D"))
    loud([text], unet)
    pipe = StableDiffusionPipeline(
        vae=autoencoder(), text_encoder=text, tokenizer=tokens, unet=unet, scheduler=PNDMScheduler(**BETAS, skip_prk_steps=True, steps_offset=1),
        safety_checker=None, feature_extractor=None, requires_safety_checker=False)
    return saved(pipe, "tiny-sd", StableDiffusionPipeline)


def tiny_xl():
    torch.manual_seed(4)
    tokens, vocabulary = tokenizer()
    second, _ = tokenizer("!")
    one = CLIPTextModel(text_config(vocabulary, 8, 2, "quick_gelu", 8))
    two = CLIPTextModelWithProjection(text_config(vocabulary, 16, 3, "gelu", 12))
    unet = UNet2DConditionModel(
        sample_size=8, block_out_channels=(8, 16), layers_per_block=1, norm_num_groups=4, cross_attention_dim=24, attention_head_dim=(2, 4),
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"), up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        transformer_layers_per_block=(1, 2), use_linear_projection=True, addition_embed_type="text_time", addition_time_embed_dim=4,
        projection_class_embeddings_input_dim=12 + 6 * 4)
    loud([one, two], unet)
    pipe = StableDiffusionXLPipeline(
        vae=autoencoder(force_upcast=True), text_encoder=one, text_encoder_2=two, tokenizer=tokens, tokenizer_2=second, unet=unet,
        scheduler=EulerDiscreteScheduler(**BETAS, steps_offset=1), add_watermarker=False)
    return saved(pipe, "tiny-xl", StableDiffusionXLPipeline)


def saved(pipe, name, kind):
    folder = GOLDEN / name
    shutil.rmtree(folder, ignore_errors=True)
    pipe.to(torch.float16).save_pretrained(folder)
    for part in folder.glob("tokenizer*"):  # transformers 5 writes tokenizer.json alone; the older files stand beside it
        tokens = json.loads((part / "tokenizer.json").read_text())
        (part / "vocab.json").write_text(json.dumps(tokens["model"]["vocab"], ensure_ascii=False))
        merges = [pair if isinstance(pair, str) else " ".join(pair) for pair in tokens["model"]["merges"]]
        (part / "merges.txt").write_text("#version: 0.2\n" + "\n".join(merges) + "\n")
    return kind.from_pretrained(folder, torch_dtype=torch.float32)


def picture(width, height, seed):
    random = numpy.random.RandomState(seed)
    small = Image.fromarray(random.randint(0, 256, (4, 4, 3), dtype=numpy.uint8))
    return small.resize((width, height), Image.BICUBIC)


def mask(width, height):
    white = numpy.zeros((height, width), dtype=numpy.uint8)
    white[height // 4:, : width // 2] = 255
    return Image.fromarray(white)


def generators(count, seed):
    return [torch.Generator().manual_seed(seed + k) for k in range(count)]


def main():
    tensors, cases = {}, []

    def record(name, pipe, scheduler=None, **call):
        pipe.set_progress_bar_config(disable=True)
        more = None
        if scheduler is not None:
            kind, more = SCHEDULERS[scheduler]
            pipe.scheduler = kind(**BETAS, **more)
            more = {**BETAS, **more}
        prompts = call.pop("prompt", PROMPTS)
        seed = call.pop("seed", 5)
        kept = {key: value for key, value in call.items() if not isinstance(value, Image.Image)}
        if "image" in call:
            kept["picture"] = "picture-%dx%d" % call["image"].size
            tensors[kept["picture"]] = torch.from_numpy(numpy.asarray(call["image"]).copy())
            kept["masked"] = "mask_image" in call
        negative = call.pop("negative_prompt", None)
        if negative is not None:
            call["negative_prompt"] = [negative] * len(prompts)
        with torch.no_grad():
            latents = pipe(prompts, generator=generators(len(prompts), seed), output_type="latent", **call).images
            tensors[name + ".latents"] = latents.contiguous()
            if name in DECODED:
                tensors[name + ".pictures"] = pipe.vae.decode(latents / pipe.vae.config.scaling_factor).sample.contiguous()
        cases.append({"name": name, "pipeline": "tiny-xl" if "XL" in type(pipe).__name__ else "tiny-sd", "scheduler": scheduler, "config": more,
                      "prompts": prompts, "seed": seed, **kept})
        print(name, tuple(tensors[name + ".latents"].shape), float(tensors[name + ".latents"].std()))

    sd = tiny_sd()
    record("sd-own", sd, num_inference_steps=5)
    for scheduler in SCHEDULERS:
        record("sd-" + scheduler, sd, scheduler, num_inference_steps=5, guidance_scale=4.0, negative_prompt=NEGATIVE, height=24, width=16)
    same = tensors["sd-ddim.latents"]
    record("sd-other-words", sd, "ddim", num_inference_steps=5, guidance_scale=4.0, negative_prompt=NEGATIVE, height=24, width=16,
           prompt=["blue house", "cat"])
    print("words move the latents by", float((tensors["sd-other-words.latents"] - same).norm() / same.norm()))
    record("sd-unguided", sd, "euler", num_inference_steps=4, guidance_scale=1.0)
    record("sd-rescale", sd, "ddim", num_inference_steps=4, guidance_scale=7.5, guidance_rescale=0.7)
    record("sd-eta", sd, "ddim", num_inference_steps=4, eta=0.5)
    tensors["mask"] = torch.from_numpy(numpy.asarray(mask(16, 24)).copy())
    img2img = StableDiffusionImg2ImgPipeline(**sd.components, requires_safety_checker=False)
    for scheduler in ("pndm", "ddim", "euler_ancestral", "dpmsolver_multistep", "heun", "lcm"):
        record("sd-img2img-" + scheduler, img2img, scheduler, image=picture(21, 27, 1), strength=0.6, num_inference_steps=6,
               guidance_scale=4.0)
    inpaint = StableDiffusionInpaintPipeline(**sd.components, requires_safety_checker=False)
    for scheduler in ("ddim", "euler"):
        record("sd-inpaint-" + scheduler, inpaint, scheduler, image=picture(16, 24, 1), mask_image=mask(16, 24), height=24, width=16,
               strength=0.7, num_inference_steps=6, guidance_scale=4.0)
    record("sd-inpaint-whole", inpaint, "ddim", image=picture(16, 24, 1), mask_image=mask(16, 24), height=24, width=16,
           strength=1.0, num_inference_steps=4, guidance_scale=4.0)

    xl = tiny_xl()
    record("xl-own", xl, num_inference_steps=5)
    record("xl-negative", xl, "ddim", num_inference_steps=4, guidance_scale=6.0, negative_prompt=NEGATIVE, height=24, width=16)
    record("xl-unguided", xl, "euler_ancestral", num_inference_steps=4, guidance_scale=1.0)
    record("xl-second-prompt", xl, "dpmsolver_multistep", num_inference_steps=4, prompt_2=["blue", "a hill"])
    img2img = StableDiffusionXLImg2ImgPipeline(**xl.components, add_watermarker=False)
    record("xl-img2img", img2img, "euler", image=picture(16, 24, 1), strength=0.5, num_inference_steps=6)
    inpaint = StableDiffusionXLInpaintPipeline(**xl.components, add_watermarker=False)
    record("xl-inpaint", inpaint, "euler", image=picture(16, 24, 1), mask_image=mask(16, 24), height=24, width=16, strength=0.7,
           num_inference_steps=6)
    (GOLDEN / "text_calls.json").write_text(json.dumps(cases, indent=1) + "\n")
    save_file(tensors, GOLDEN / "text_calls.safetensors", metadata={"format": "pt"})


if __name__ == "__main__":
    main()
