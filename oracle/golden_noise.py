# SPDX-License-Identifier: Apache-2.0
"""Noise in half precision, of CUDA generators, and what diffusers draws with it: golden/noise.safetensors and .json.

A call's draws are first listed by running diffusers in that torch_dtype, then made in that format while it computes in f32, so that the
latents can be compared closely. The noise of CUDA generators comes from cuda_noise.py.

Usage: python oracle/golden_noise.py
"""
import contextlib
import json

import numpy
import torch
from diffusers import (DDIMScheduler, DiffusionPipeline, DPMSolverMultistepScheduler, DPMSolverSinglestepScheduler,
                       EulerAncestralDiscreteScheduler, LCMScheduler, StableDiffusionImg2ImgPipeline,
                       StableDiffusionInpaintPipeline, StableDiffusionPipeline, StableDiffusionXLImg2ImgPipeline,
                       StableDiffusionXLInpaintPipeline, StableDiffusionXLPipeline, TCDScheduler)
from PIL import Image
from safetensors.torch import save_file

import cuda_noise
from golden_text_calls import BETAS, GOLDEN, PROMPTS, generators, mask, picture

HALF = {"f16": torch.float16, "bf16": torch.bfloat16}
SEEDS = (7, 2**63 + 5)
SHAPES = ((1, 4, 8, 8), (1, 3, 1, 5), (1, 1, 1, 37), (1, 4, 8, 8))  # torch draws up to 15 values, and those that 16 leaves, otherwise
SCHEDULERS = {
    "ddim": (DDIMScheduler, dict(clip_sample=False, set_alpha_to_one=False, steps_offset=1)),
    "euler_ancestral": (EulerAncestralDiscreteScheduler, dict(steps_offset=1)),
    "dpmsolver_multistep": (DPMSolverMultistepScheduler, dict(algorithm_type="sde-dpmsolver++")),
    "dpmsolver_singlestep": (DPMSolverSinglestepScheduler, dict(algorithm_type="sde-dpmsolver++", final_sigmas_type="sigma_min")),
    "lcm": (LCMScheduler, {}),
    "tcd": (TCDScheduler, {}),
}


def draws(tensors):
    """One generator after another: shapes of all kinds, and f32 in between."""
    for name, dtype in HALF.items():
        for seed in SEEDS:
            generator = torch.Generator().manual_seed(seed)
            formats = (dtype, dtype, dtype, torch.float32, dtype)
            values = [torch.randn(shape, generator=generator, dtype=each) for shape, each in zip((*SHAPES, SHAPES[0]), formats)]
            tensors[f"cpu {name} {seed}"] = torch.cat([value.float().flatten() for value in values])
    for grid in (None, (1, 512), (3, 1536)):
        text = "cuda" if grid is None else "cuda:%dx%d" % grid
        for seed in SEEDS:
            generator = cuda_noise.CudaGenerator(seed, grid)
            values = [generator.randn(shape) for shape in ((1, 4, 8, 8), (1, 4, 37, 41), (1, 3, 1, 5), (1, 4, 8, 8))]
            tensors[f"{text} f32 {seed}"] = torch.cat([value.flatten()[-300:] for value in values])
        for name, dtype in HALF.items():
            tensors[f"{text} {name} 7"] = cuda_noise.CudaGenerator(7, grid).randn((1, 4, 8, 8), dtype).float().flatten()


@contextlib.contextmanager
def replaced(randn):
    """diffusers with another torch.randn; it gives (shape, generator, dtype) to it."""
    real = torch.randn

    def drawn(shape, generator=None, device=None, dtype=None, layout=None):
        return randn(real, tuple(shape), generator, dtype or torch.float32)

    torch.randn = drawn
    try:
        yield
    finally:
        torch.randn = real


class Recorder:
    def __init__(self):
        self.tensors, self.cases = {}, []

    def call(self, kind, base, scheduler, dtype, prompts, call):
        """The pipeline in a dtype, and its call."""
        pipe = DiffusionPipeline.from_pretrained(GOLDEN / base, torch_dtype=dtype)
        more = {"requires_safety_checker": False} if base == "tiny-sd" else {"add_watermarker": False}
        pipe = kind(**pipe.components, **more)
        pipe.set_progress_bar_config(disable=True)
        scheduler_class, config = SCHEDULERS[scheduler]
        pipe.scheduler = scheduler_class(**BETAS, **config)

        def run(seed):
            with torch.no_grad():
                return pipe(prompts, generator=generators(len(prompts), seed), output_type="latent", **call).images
        return run

    def record(self, name, kind, scheduler, noise="f32", rng="cpu", prompts=PROMPTS, seed=5, **call):
        base = "tiny-xl" if "XL" in kind.__name__ else "tiny-sd"
        kept = {}
        for key, value in call.items():
            if isinstance(value, Image.Image):
                kept[key] = f"{key}-{value.size[0]}x{value.size[1]}"
                self.tensors[kept[key]] = torch.from_numpy(numpy.asarray(value).copy())
            else:
                kept[key] = value
        formats = []
        if noise != "f32":

            def listed(real, shape, generator, dtype):
                formats.append(dtype)
                return real(shape, generator=generator, dtype=dtype)

            with replaced(listed):
                self.call(kind, base, scheduler, HALF[noise], prompts, call)(seed)
            print(name, [str(each).removeprefix("torch.") for each in formats])
        cards = {}

        def made(real, shape, generator, dtype):
            drawn_as = queue.pop(0) if queue else torch.float32
            if rng == "cpu":
                return real(shape, generator=generator, dtype=drawn_as).to(dtype)
            grid = tuple(int(side) for side in rng[5:].split("x")) if ":" in rng else None
            card = cards.setdefault(generator.initial_seed(), cuda_noise.CudaGenerator(generator.initial_seed(), grid))
            return card.randn(shape, drawn_as).to(dtype)

        queue = list(formats)
        run = self.call(kind, base, scheduler, torch.float32, prompts, call)
        with replaced(made):
            latents = run(seed)
        assert not queue
        plain = run(seed)
        print(name, tuple(latents.shape), "std %.3f" % float(latents.std()), "from f32 cpu %.3f" % float((latents - plain).norm() / plain.norm()),
              flush=True)
        self.tensors[name + ".latents"] = latents.contiguous()
        config = {**BETAS, **SCHEDULERS[scheduler][1]}
        self.cases.append({"name": name, "pipeline": base, "scheduler": scheduler, "config": config, "prompts": prompts, "seed": seed,
                           "noise_dtype": noise, "rng": rng, **kept})


def main():
    cuda_noise.check()
    recorder = Recorder()
    draws(recorder.tensors)
    sd = dict(num_inference_steps=4, guidance_scale=4.0)
    started = dict(sd, image=picture(16, 24, 1), strength=0.6)
    masked = dict(started, mask_image=mask(16, 24))
    whole = dict(masked, height=24, width=16)
    record = recorder.record
    record("tcd", StableDiffusionPipeline, "tcd", **sd)
    record("tcd-eta", StableDiffusionPipeline, "tcd", eta=0.3, **sd)
    record("tcd-img2img", StableDiffusionImg2ImgPipeline, "tcd", eta=1.0, **started)
    record("f16-ancestral", StableDiffusionPipeline, "euler_ancestral", "f16", **sd)
    record("bf16-ancestral", StableDiffusionPipeline, "euler_ancestral", "bf16", **sd)
    record("f16-eta", StableDiffusionPipeline, "ddim", "f16", eta=0.5, **sd)
    record("f16-tcd", StableDiffusionPipeline, "tcd", "f16", eta=0.5, **sd)
    record("bf16-lcm", StableDiffusionPipeline, "lcm", "bf16", **sd)
    record("f16-multistep-sde", StableDiffusionPipeline, "dpmsolver_multistep", "f16", **sd)
    record("f16-singlestep-sde", StableDiffusionPipeline, "dpmsolver_singlestep", "f16", **sd)
    record("f16-img2img", StableDiffusionImg2ImgPipeline, "ddim", "f16", **started)
    record("f16-inpaint", StableDiffusionInpaintPipeline, "ddim", "f16", **whole)
    record("f16-xl", StableDiffusionXLPipeline, "euler_ancestral", "f16", **sd)
    record("f16-xl-img2img", StableDiffusionXLImg2ImgPipeline, "ddim", "f16", **started)
    record("bf16-xl-inpaint", StableDiffusionXLInpaintPipeline, "ddim", "bf16", **whole)
    record("cuda-ancestral", StableDiffusionPipeline, "euler_ancestral", rng="cuda", **sd)
    record("cuda-img2img", StableDiffusionImg2ImgPipeline, "ddim", rng="cuda:1x256", **started)
    record("cuda-f16-tcd", StableDiffusionPipeline, "tcd", "f16", rng="cuda", eta=0.5, **sd)
    (GOLDEN / "noise.json").write_text(json.dumps(recorder.cases, indent=1) + "\n")
    save_file(recorder.tensors, GOLDEN / "noise.safetensors", metadata={"format": "pt"})


if __name__ == "__main__":
    main()
