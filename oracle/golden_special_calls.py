# SPDX-License-Identifier: Apache-2.0
"""Tiny networks for the calls that ask for one of their own, and what diffusers draws with them and the other parts of golden/tiny-sd and
golden/tiny-xl: golden/tiny-nets (weights in f16, read as f32 on both sides), golden/special_calls.safetensors and .json.

Usage: python oracle/golden_special_calls.py
"""
import json
import shutil
import tempfile

import numpy
import torch
from diffusers import (DDIMScheduler, DiffusionPipeline, LatentConsistencyModelImg2ImgPipeline, LatentConsistencyModelPipeline, LCMScheduler,
                       StableDiffusionInpaintPipeline, StableDiffusionInstructPix2PixPipeline, StableDiffusionPipeline,
                       StableDiffusionXLInpaintPipeline, UNet2DConditionModel)
from PIL import Image
from safetensors.torch import save_file

from golden_text_calls import BETAS, GOLDEN, NEGATIVE, PROMPTS, SCHEDULERS, generators, loud, mask, picture

NETS = GOLDEN / "tiny-nets"
CHAOS = 1e-4  # what a change of 1e-6 in the weights may do to latents
SD_UNET = dict(
    sample_size=8, block_out_channels=(8, 8), layers_per_block=1, norm_num_groups=4, cross_attention_dim=16, attention_head_dim=2,
    down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"), up_block_types=("UpBlock2D", "CrossAttnUpBlock2D"))
XL_UNET = dict(
    sample_size=8, block_out_channels=(8, 8), layers_per_block=1, norm_num_groups=4, cross_attention_dim=24, attention_head_dim=(2, 2),
    down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"), up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
    transformer_layers_per_block=(1, 2), use_linear_projection=True, addition_embed_type="text_time", addition_time_embed_dim=4,
    projection_class_embeddings_input_dim=12 + 6 * 4)


def network(kind, name, seed, **config):
    """Made, saved in f16, and read again as f32."""
    torch.manual_seed(seed)
    made = kind(**config)
    loud([], made)
    made.to(torch.float16).save_pretrained(NETS / name)
    return kind.from_pretrained(NETS / name, torch_dtype=torch.float32)


class Calls:
    def __init__(self):
        self.tensors, self.cases = {}, []
        self.base = {name: DiffusionPipeline.from_pretrained(GOLDEN / name, torch_dtype=torch.float32) for name in ("tiny-sd", "tiny-xl")}

    def parts(self, base, **more):
        parts = {**self.base[base].components, **more}
        if base == "tiny-sd":
            parts["requires_safety_checker"] = False
        else:
            parts["add_watermarker"] = False
        return parts

    def kept(self, image):
        name = "picture-%dx%d-%d" % (*image.size, numpy.asarray(image).sum() % 997)
        self.tensors[name] = torch.from_numpy(numpy.asarray(image).copy())
        return name

    def record(self, name, pipe, base, net, scheduler=None, prompts=PROMPTS, seed=5, negative=None, **call):
        pipe.set_progress_bar_config(disable=True)
        config = None
        if scheduler is not None:
            kind, more = SCHEDULERS[scheduler]
            config = {**BETAS, **more}
            pipe.scheduler = kind(**config)
        case = {"name": name, "base": base, "net": net, "scheduler": scheduler, "config": config, "prompts": prompts, "seed": seed}
        for key, value in call.items():
            case[key] = self.kept(value) if isinstance(value, Image.Image) else value
        if negative is not None:
            case["negative_prompt"] = negative
            call["negative_prompt"] = [negative] * len(prompts)

        def drawn(prompts=prompts):
            with torch.no_grad():
                return pipe(prompts, generator=generators(len(prompts), seed), output_type="latent", **call).images

        latents = drawn()
        weight = pipe.unet.conv_in.weight
        before = weight.detach().clone()
        with torch.no_grad():
            weight.mul_(1 + 1e-6)
        moved = float((drawn() - latents).norm() / latents.norm())
        with torch.no_grad():
            weight.copy_(before)
        assert moved < CHAOS, (name, moved)
        self.tensors[name + ".latents"] = latents.contiguous()
        self.cases.append(case)
        words = float((drawn(["blue house", "cat"]) - latents).norm() / latents.norm())
        print(name, tuple(latents.shape), "std %.4f" % float(latents.std()), "1e-6 moves it by %.1e, words by %.2f" % (moved, words), flush=True)


def distilled(calls):
    unet = network(UNet2DConditionModel, "lcm", 21, **SD_UNET, time_cond_proj_dim=256)
    parts = calls.parts("tiny-sd", unet=unet, scheduler=LCMScheduler(**BETAS))
    text = LatentConsistencyModelPipeline(**parts)
    calls.record("lcm-own", text, "tiny-sd", "lcm", "lcm")
    calls.record("lcm-scale", text, "tiny-sd", "lcm", "lcm", guidance_scale=2.0, num_inference_steps=3, height=24, width=16)
    start = LatentConsistencyModelImg2ImgPipeline(**parts)
    calls.record("lcm-img2img", start, "tiny-sd", "lcm", "lcm", image=picture(21, 27, 1), strength=0.6, num_inference_steps=3)
    plain = StableDiffusionPipeline(**parts)
    calls.record("lcm-ddim", plain, "tiny-sd", "lcm", "ddim", guidance_scale=3.0, num_inference_steps=5)


def inpainting(calls):
    own = dict(image=picture(16, 24, 1), mask_image=mask(16, 24), height=24, width=16)
    unet = network(UNet2DConditionModel, "inpaint", 22, **SD_UNET, in_channels=9)
    pipe = StableDiffusionInpaintPipeline(**calls.parts("tiny-sd", unet=unet))
    calls.record("inpaint-own", pipe, "tiny-sd", "inpaint", num_inference_steps=5, **own)
    for scheduler in ("ddim", "euler", "euler_ancestral", "dpmsolver_multistep"):
        calls.record("inpaint-" + scheduler, pipe, "tiny-sd", "inpaint", scheduler, num_inference_steps=6, strength=0.7, guidance_scale=4.0,
                     negative=NEGATIVE, **own)
    calls.record("inpaint-resized", pipe, "tiny-sd", "inpaint", "euler", num_inference_steps=4, guidance_scale=1.0,
                 image=picture(21, 27, 3), mask_image=mask(21, 27))
    unet = network(UNet2DConditionModel, "xl-inpaint", 23, **XL_UNET, in_channels=9)
    pipe = StableDiffusionXLInpaintPipeline(**calls.parts("tiny-xl", unet=unet))
    calls.record("xl-inpaint-own", pipe, "tiny-xl", "xl-inpaint", num_inference_steps=5, **own)
    calls.record("xl-inpaint-ddim", pipe, "tiny-xl", "xl-inpaint", "ddim", num_inference_steps=4, strength=1.0, negative=NEGATIVE, **own)


def instruct(calls):
    unet = network(UNet2DConditionModel, "instruct", 24, **SD_UNET, in_channels=8)
    pipe = StableDiffusionInstructPix2PixPipeline(**calls.parts("tiny-sd", unet=unet))
    image = picture(21, 27, 1)
    calls.record("instruct-own", pipe, "tiny-sd", "instruct", image=image)
    for scheduler in ("ddim", "euler", "euler_ancestral", "heun"):
        calls.record("instruct-" + scheduler, pipe, "tiny-sd", "instruct", scheduler, num_inference_steps=5, image=image,
                     guidance_scale=4.0, image_guidance_scale=2.0, negative=NEGATIVE)
    calls.record("instruct-unguided", pipe, "tiny-sd", "instruct", "ddim", num_inference_steps=4, image=image, guidance_scale=4.0,
                 image_guidance_scale=0.5)


def main():
    shutil.rmtree(NETS, ignore_errors=True)
    calls = Calls()
    distilled(calls)
    inpainting(calls)
    instruct(calls)
    (GOLDEN / "special_calls.json").write_text(json.dumps(calls.cases, indent=1) + "\n")
    save_file(calls.tensors, GOLDEN / "special_calls.safetensors", metadata={"format": "pt"})


if __name__ == "__main__":
    main()
