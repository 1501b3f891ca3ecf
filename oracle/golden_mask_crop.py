# SPDX-License-Identifier: Apache-2.0
"""What diffusers draws where only the region around a mask is drawn anew (padding_mask_crop), with the nets of golden/tiny-sd, golden/tiny-xl and
golden/tiny-nets, and what its picture processor makes of pictures of odd sizes: golden/mask_crop.safetensors and .json.

Usage: python oracle/golden_mask_crop.py
"""
import json

import numpy
import torch
from diffusers import (ControlNetModel, DDIMScheduler, DiffusionPipeline, EulerDiscreteScheduler, StableDiffusionControlNetInpaintPipeline,
                       StableDiffusionInpaintPipeline, StableDiffusionXLInpaintPipeline, UNet2DConditionModel)
from diffusers.image_processor import VaeImageProcessor
from PIL import Image
from safetensors.torch import save_file

from golden_text_calls import BETAS, GOLDEN, NEGATIVE, PROMPTS, generators, picture

NETS = GOLDEN / "tiny-nets"
SCHEDULERS = {"ddim": (DDIMScheduler, dict(clip_sample=False, set_alpha_to_one=False, steps_offset=1)),
              "euler": (EulerDiscreteScheduler, dict(steps_offset=1))}
# mask (w, h), the box that is white, the size that is drawn (w, h), padding
REGIONS = [((40, 56), (9, 20, 24, 31), (24, 16), 3), ((40, 56), (30, 2, 40, 9), (16, 24), 0), ((61, 12), (3, 2, 58, 9), (16, 16), 4),
           ((13, 60), (2, 5, 9, 57), (24, 16), 2), ((37, 41), (0, 0, 37, 41), (16, 16), 5), ((33, 20), (16, 10, 17, 11), (16, 16), 32)]


def soft(size, box, seed):
    """White in the box but for a frame of greys."""
    levels = numpy.zeros((size[1], size[0]), numpy.uint8)
    left, top, right, bottom = box
    levels[top:bottom, left:right] = 255
    random = numpy.random.default_rng(seed)
    for y in range(top, bottom):
        for x in range(left, right):
            if x in (left, right - 1) or y in (top, bottom - 1):
                levels[y, x] = random.integers(1, 256)
    return Image.fromarray(levels)


class Kept:
    def __init__(self):
        self.tensors, self.cases = {}, []

    def keep(self, name, image):
        self.tensors[name] = torch.from_numpy(numpy.asarray(image).copy())
        return name


def processor(kept):
    work = VaeImageProcessor(vae_scale_factor=2)
    for k, (size, box, (width, height), padding) in enumerate(REGIONS):
        name = "region-%d" % k
        image, mask = picture(*size, k), soft(size, box, k)
        region = work.get_crop_region(mask, width, height, pad=padding)
        shown = work.resize(image.crop(region), height, width, resize_mode="fill")
        drawn = picture(width, height, 50 + k)
        kept.keep(name + ".picture", image)
        kept.keep(name + ".mask", mask)
        kept.keep(name + ".shown", shown)
        kept.keep(name + ".drawn", drawn)
        kept.keep(name + ".whole", work.apply_overlay(mask, image, drawn, region))
        kept.cases.append({"name": name, "width": width, "height": height, "padding": padding, "region": list(region)})


def call(kept, name, pipe, base, net, scheduler, which, control=None, **more):
    size, box, (width, height), padding = REGIONS[which]
    kind, options = SCHEDULERS[scheduler]
    config = {**BETAS, **options}
    pipe.scheduler = kind(**config)
    pipe.set_progress_bar_config(disable=True)
    image, mask = picture(*size, which), soft(size, box, which)
    case = {"name": name, "base": base, "net": net, "scheduler": scheduler, "config": config, "prompts": PROMPTS, "seed": 5,
            "negative_prompt": NEGATIVE, "width": width, "height": height, "padding": padding, "num_inference_steps": 5, "guidance_scale": 4.0,
            "image": "region-%d.picture" % which, "mask_image": "region-%d.mask" % which, "strength": 0.8}
    given = {}
    if control is not None:
        case["control"], case["control_picture"] = control, kept.keep(name + ".control", picture(*size, 90))
        given["control_image"] = picture(*size, 90)
        given["controlnet_conditioning_scale"] = case["control_scale"] = 0.7
    last = {}

    def remember(pipe, index, timestep, values):
        last["latents"] = values["latents"].clone()
        return {}

    with torch.no_grad():
        images = pipe(PROMPTS, negative_prompt=[NEGATIVE] * len(PROMPTS), image=image, mask_image=mask, height=height, width=width,
                      padding_mask_crop=padding, num_inference_steps=5, guidance_scale=4.0, strength=0.8,
                      generator=generators(len(PROMPTS), 5), callback_on_step_end=remember, **given).images
    kept.tensors[name + ".latents"] = last["latents"].contiguous()
    for k, each in enumerate(images):
        kept.keep("%s.%d" % (name, k), each)
    kept.cases.append(case)
    print(name, images[0].size, "std %.3f" % float(last["latents"].std()))


def main():
    kept = Kept()
    processor(kept)
    base = {name: DiffusionPipeline.from_pretrained(GOLDEN / name, torch_dtype=torch.float32) for name in ("tiny-sd", "tiny-xl")}
    sd = dict(base["tiny-sd"].components, requires_safety_checker=False)
    call(kept, "crop-sd", StableDiffusionInpaintPipeline(**sd), "tiny-sd", None, "ddim", 0)
    call(kept, "crop-sd-wide", StableDiffusionInpaintPipeline(**sd), "tiny-sd", None, "euler", 2)
    fill = UNet2DConditionModel.from_pretrained(NETS / "inpaint", torch_dtype=torch.float32)
    call(kept, "crop-fill", StableDiffusionInpaintPipeline(**dict(sd, unet=fill)), "tiny-sd", "inpaint", "euler", 3)
    xl = dict(base["tiny-xl"].components, add_watermarker=False)
    call(kept, "crop-xl", StableDiffusionXLInpaintPipeline(**xl), "tiny-xl", None, "euler", 1)
    control = ControlNetModel.from_pretrained(NETS / "control", torch_dtype=torch.float32)
    call(kept, "crop-control", StableDiffusionControlNetInpaintPipeline(**dict(sd, controlnet=control)), "tiny-sd", None, "ddim", 0,
         control="control")
    (GOLDEN / "mask_crop.json").write_text(json.dumps(kept.cases, indent=1) + "\n")
    save_file(kept.tensors, GOLDEN / "mask_crop.safetensors", metadata={"format": "pt"})


if __name__ == "__main__":
    main()
