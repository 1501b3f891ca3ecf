# SPDX-License-Identifier: Apache-2.0
"""Tiny networks for the calls that ask for one of their own, and what diffusers draws with them and the other parts of golden/tiny-sd and
golden/tiny-xl: golden/tiny-nets (weights in f16, read as f32 on both sides), golden/special_calls.safetensors and .json.

Usage: python oracle/golden_special_calls.py
"""
import inspect
import json
import shutil

import numpy
import torch
from diffusers import (ControlNetModel, DiffusionPipeline, LatentConsistencyModelImg2ImgPipeline, LatentConsistencyModelPipeline, LCMScheduler,
                       StableDiffusionControlNetImg2ImgPipeline, StableDiffusionControlNetInpaintPipeline, StableDiffusionControlNetPipeline,
                       StableDiffusionInpaintPipeline, StableDiffusionInstructPix2PixPipeline, StableDiffusionPipeline,
                       StableDiffusionXLControlNetImg2ImgPipeline, StableDiffusionXLControlNetInpaintPipeline,
                       StableDiffusionXLControlNetPipeline, StableDiffusionXLInpaintPipeline, UNet2DConditionModel)
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
    if kind is UNet2DConditionModel:
        loud([], made)
    else:
        with torch.no_grad():
            for weight in (value for value in made.parameters() if not value.any()):  # its last convolutions are made zero
                weight.normal_(0, 0.1)
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

    def controlled(self, case, call, control, named):
        """control: (network, picture[, scale, start, end]) of each; without a scale it is the call's own."""
        case["control"] = [dict(zip(("net", "picture", "scale", "start", "end"), [one[0], self.kept(one[1]), *one[2:]])) for one in control]
        columns = [list(column) if len(control) > 1 else column[0] for column in zip(*control)]
        names = ["control_image" if named else "image", "controlnet_conditioning_scale", "control_guidance_start", "control_guidance_end"]
        call.update(zip(names, columns[1:]))

    def record(self, name, pipe, base, net, scheduler=None, prompts=PROMPTS, seed=5, negative=None, control=(), **call):
        pipe.set_progress_bar_config(disable=True)
        config = None
        if scheduler is not None:
            kind, more = SCHEDULERS[scheduler]
            config = {**BETAS, **more}
            pipe.scheduler = kind(**config)
        case = {"name": name, "base": base, "net": net, "scheduler": scheduler, "config": config, "prompts": prompts, "seed": seed}
        for key, value in call.items():
            case[key] = self.kept(value) if isinstance(value, Image.Image) else value
        if control:
            self.controlled(case, call, control, "control_image" in inspect.signature(pipe.__call__).parameters)
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


def controlling(calls):
    shared = dict(layers_per_block=1, norm_num_groups=4, conditioning_embedding_out_channels=(4, 8))
    sd = dict(**shared, block_out_channels=(8, 16), cross_attention_dim=16, attention_head_dim=2,
              down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"))
    xl = dict(**shared, block_out_channels=(8, 16), cross_attention_dim=24, attention_head_dim=(2, 4),
              down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"), transformer_layers_per_block=(1, 2), use_linear_projection=True,
              addition_embed_type="text_time", addition_time_embed_dim=4, projection_class_embeddings_input_dim=12 + 6 * 4)
    one = network(ControlNetModel, "control", 31, **sd)
    two = network(ControlNetModel, "control-bgr", 32, **sd, controlnet_conditioning_channel_order="bgr", num_attention_heads=4)
    narrow = network(ControlNetModel, "control-narrow", 33, **{**sd, "block_out_channels": (8, 8)})
    large = network(ControlNetModel, "xl-control", 34, **xl)
    lines, other = picture(21, 27, 7), picture(16, 24, 8)
    given = dict(image=picture(16, 24, 1), num_inference_steps=5)
    masked = dict(**given, mask_image=mask(16, 24))

    text = StableDiffusionControlNetPipeline(**calls.parts("tiny-sd", controlnet=one))
    calls.record("control-own", text, "tiny-sd", None, control=[("control", lines)], num_inference_steps=5)
    calls.record("control-share", text, "tiny-sd", None, "euler", control=[("control", lines, 0.7, 0.2, 0.7)], negative=NEGATIVE,
                 num_inference_steps=6, guidance_scale=4.0, height=24, width=16)
    calls.record("control-unguided", text, "tiny-sd", None, "heun", control=[("control", other, 1.0, 0.0, 0.5)], num_inference_steps=4,
                 guidance_scale=1.0)
    both = StableDiffusionControlNetPipeline(**calls.parts("tiny-sd", controlnet=[one, two]))
    calls.record("control-two", both, "tiny-sd", None, "ddim", num_inference_steps=5,
                 control=[("control", other, 0.8, 0.0, 1.0), ("control-bgr", picture(16, 24, 9), 0.4, 0.3, 1.0)])
    start = StableDiffusionControlNetImg2ImgPipeline(**calls.parts("tiny-sd", controlnet=one))
    calls.record("control-img2img", start, "tiny-sd", None, "euler_ancestral", control=[("control", other)], strength=0.6, **given)
    calls.record("control-img2img-share", start, "tiny-sd", None, "heun", control=[("control", other, 1.0, 0.0, 0.6)], strength=0.8, **given)
    keep = StableDiffusionControlNetInpaintPipeline(**calls.parts("tiny-sd", controlnet=one))
    calls.record("control-inpaint", keep, "tiny-sd", None, "ddim", control=[("control", other)], **masked)
    unet = UNet2DConditionModel.from_pretrained(NETS / "inpaint", torch_dtype=torch.float32)
    fill = StableDiffusionControlNetInpaintPipeline(**calls.parts("tiny-sd", controlnet=narrow, unet=unet))
    calls.record("control-fill", fill, "tiny-sd", "inpaint", "euler", control=[("control-narrow", other)], strength=0.7, **masked)
    unet = UNet2DConditionModel.from_pretrained(NETS / "lcm", torch_dtype=torch.float32)
    quick = StableDiffusionControlNetPipeline(**calls.parts("tiny-sd", controlnet=narrow, unet=unet))
    calls.record("control-lcm", quick, "tiny-sd", "lcm", "lcm", control=[("control-narrow", other)], num_inference_steps=4, guidance_scale=8.5)

    text = StableDiffusionXLControlNetPipeline(**calls.parts("tiny-xl", controlnet=large))
    calls.record("xl-control-own", text, "tiny-xl", None, control=[("xl-control", lines)], num_inference_steps=5)
    start = StableDiffusionXLControlNetImg2ImgPipeline(**calls.parts("tiny-xl", controlnet=large))
    calls.record("xl-control-img2img", start, "tiny-xl", None, "ddim", control=[("xl-control", other)], **given)
    keep = StableDiffusionXLControlNetInpaintPipeline(**calls.parts("tiny-xl", controlnet=large))
    calls.record("xl-control-inpaint", keep, "tiny-xl", None, control=[("xl-control", other)], **masked)


def main():
    shutil.rmtree(NETS, ignore_errors=True)
    calls = Calls()
    distilled(calls)
    inpainting(calls)
    instruct(calls)
    controlling(calls)
    (GOLDEN / "special_calls.json").write_text(json.dumps(calls.cases, indent=1) + "\n")
    save_file(calls.tensors, GOLDEN / "special_calls.safetensors", metadata={"format": "pt"})


if __name__ == "__main__":
    main()
