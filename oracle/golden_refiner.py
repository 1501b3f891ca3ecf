# SPDX-License-Identifier: Apache-2.0
"""A tiny refiner of Stable Diffusion XL, and what diffusers draws with it after, and in place of, golden/tiny-xl: golden/tiny-refiner (its U-Net in
f16, read as f32 on both sides; text encoder, tokenizer and autoencoder are those of golden/tiny-xl), golden/refiner.safetensors and .json.

Usage: python oracle/golden_refiner.py
"""
import json
import shutil

import numpy
import torch
from diffusers import (DiffusionPipeline, EulerDiscreteScheduler, StableDiffusionXLImg2ImgPipeline,
                       StableDiffusionXLInpaintPipeline, UNet2DConditionModel)
from safetensors.torch import save_file

from golden_text_calls import BETAS, GOLDEN, NEGATIVE, PROMPTS, SCHEDULERS, generators, loud, mask, picture

FOLDER = GOLDEN / "tiny-refiner"
OTHER_WORDS = ["blue house", "cat"]


def refiner(base):
    shutil.rmtree(FOLDER, ignore_errors=True)
    torch.manual_seed(41)
    unet = UNet2DConditionModel(
        sample_size=8, block_out_channels=(8, 8), layers_per_block=1, norm_num_groups=4, cross_attention_dim=16, attention_head_dim=(2, 2),
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"), up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        transformer_layers_per_block=(1, 2), use_linear_projection=True, addition_embed_type="text_time", addition_time_embed_dim=4,
        projection_class_embeddings_input_dim=12 + 5 * 4)
    loud([], unet)
    unet.to(torch.float16).save_pretrained(FOLDER / "unet")
    unet = UNet2DConditionModel.from_pretrained(FOLDER / "unet", torch_dtype=torch.float32)
    pipe = StableDiffusionXLImg2ImgPipeline(
        vae=base.vae, text_encoder=None, text_encoder_2=base.text_encoder_2, tokenizer=None, tokenizer_2=base.tokenizer_2, unet=unet,
        scheduler=EulerDiscreteScheduler(**BETAS, steps_offset=1), requires_aesthetics_score=True, force_zeros_for_empty_prompt=False,
        add_watermarker=False)
    pipe.save_config(FOLDER)
    pipe.scheduler.save_pretrained(FOLDER / "scheduler")
    return pipe


class Calls:
    def __init__(self):
        self.tensors, self.cases = {}, []
        self.base = DiffusionPipeline.from_pretrained(GOLDEN / "tiny-xl", torch_dtype=torch.float32, add_watermarker=False)
        self.refiner = refiner(self.base)
        self.start = StableDiffusionXLImg2ImgPipeline(**self.base.components, add_watermarker=False)
        self.fill = StableDiffusionXLInpaintPipeline(**self.base.components, add_watermarker=False)
        self.refill = StableDiffusionXLInpaintPipeline(
            **self.refiner.components, requires_aesthetics_score=True, force_zeros_for_empty_prompt=False, add_watermarker=False)
        self.own = {pipe: pipe.scheduler for pipe in (self.base, self.refiner, self.start, self.fill, self.refill)}
        for pipe in self.own:
            pipe.set_progress_bar_config(disable=True)

    def kept(self, image):
        name = "%s-%dx%d" % ("mask" if image.mode == "L" else "picture", *image.size)
        self.tensors[name] = torch.from_numpy(numpy.asarray(image).copy())
        return name

    def record(self, name, draw, scheduler, prompts=PROMPTS, seed=5, negative=None, image=None, masked=None, **case):
        config = None
        if scheduler is None:
            for pipe, own in self.own.items():
                pipe.scheduler = own
        else:
            kind, more = SCHEDULERS[scheduler]
            config = {**BETAS, **more}
            for pipe in self.own:
                pipe.scheduler = kind(**config)

        def latents(texts):
            with torch.no_grad():
                call = {} if negative is None else {"negative_prompt": [negative] * len(texts)}
                return draw(dict(prompt=texts, output_type="latent", generator=generators(len(texts), seed), **call))

        drawn = latents(prompts)
        self.tensors[name + ".latents"] = drawn.contiguous()
        self.tensors[name + ".pictures"] = self.base.vae.decode(drawn / self.base.vae.config.scaling_factor).sample.detach().contiguous()
        kept = {"name": name, "scheduler": scheduler, "config": config, "prompts": prompts, "seed": seed, **case}
        if negative is not None:
            kept["negative_prompt"] = negative
        if image is not None:
            kept["image"] = self.kept(image)
        if masked is not None:
            kept["mask"] = self.kept(masked)
        self.cases.append(kept)
        other = float((latents(OTHER_WORDS) - drawn).norm() / drawn.norm())
        assert other > 0.1, (name, other)
        print(name, tuple(drawn.shape), "std %.4f" % float(drawn.std()), "words move it by %.2f" % other, flush=True)

    def handed_over(self, name, scheduler, start, steps, image=None, size=None, strength=None, **more):
        """The generators of the first call go on in the second."""
        def draw(call):
            shape = {} if size is None else dict(height=size[0], width=size[1])
            if image is not None:
                first = self.start(image=image, strength=strength, denoising_end=start, num_inference_steps=steps, **call)
            else:
                first = self.base(denoising_end=start, num_inference_steps=steps, **shape, **call)
            return self.refiner(image=first.images, denoising_start=start, num_inference_steps=steps, **call).images
        case = {"num_inference_steps": steps, "refiner_start": start}
        if size is not None:
            case.update(height=size[0], width=size[1])
        if strength is not None:
            case["strength"] = strength
        self.record(name, draw, scheduler, image=image, **case, **more)

    def after(self, name, scheduler, steps, **more):
        def draw(call):
            first = self.base(num_inference_steps=steps, **call)
            return self.refiner(image=first.images, num_inference_steps=steps, **call).images
        self.record(name, draw, scheduler, num_inference_steps=steps, refiner_start=None, **more)

    def masked(self, name, scheduler, start, steps, strength, **more):
        """As diffusers' documentation has it: base and refiner as inpainting calls, both with the mask."""
        image, white = picture(24, 16, 1), mask(24, 16)

        def draw(call):
            given = dict(mask_image=white, num_inference_steps=steps, height=16, width=24, **call)
            handed = {} if start is None else {"denoising_end": start}
            first = self.fill(image=image, strength=strength, **handed, **given)
            taken = {"strength": 0.3} if start is None else {"denoising_start": start}
            return self.refill(image=first.images, **taken, **given).images
        self.record(name, draw, scheduler, image=image, masked=white, num_inference_steps=steps, refiner_start=start, strength=strength,
                    height=16, width=24, **more)

    def alone(self, name, scheduler, steps, image, **case):
        def draw(call):
            return self.refiner(image=image, num_inference_steps=steps, **case, **call).images
        self.record(name, draw, scheduler, image=image, alone=True, num_inference_steps=steps, **case)


def main():
    calls = Calls()
    calls.handed_over("handed-own", None, 0.8, 10)
    for scheduler in ("ddim", "dpmsolver_multistep", "heun", "euler_ancestral", "unipc", "pndm"):
        calls.handed_over("handed-" + scheduler, scheduler, 0.6, 8, negative=NEGATIVE, size=(24, 16))
    calls.handed_over("handed-img2img", "euler", 0.75, 9, image=picture(16, 24, 1), strength=0.7)
    for scheduler, strength in (("euler", 0.7), ("ddim", 1.0), ("heun", 1.0)):
        calls.masked("masked-" + scheduler, scheduler, 0.6, 8, strength)
    calls.masked("masked-after", "dpmsolver_multistep", None, 8, 1.0, negative=NEGATIVE)
    calls.after("after-euler", "euler", 10)
    calls.after("after-euler_ancestral", "euler_ancestral", 7)
    calls.alone("alone-own", None, 10, picture(21, 27, 1))
    calls.alone("alone-ddim", "ddim", 6, picture(21, 27, 1), strength=0.5, guidance_scale=3.0)
    (GOLDEN / "refiner.json").write_text(json.dumps(calls.cases, indent=1) + "\n")
    save_file(calls.tensors, GOLDEN / "refiner.safetensors", metadata={"format": "pt"})


if __name__ == "__main__":
    main()
