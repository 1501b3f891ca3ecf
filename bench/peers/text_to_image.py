# SPDX-License-Identifier: Apache-2.0
"""A picture of 512 pixels from a prompt, Euler's method, the whole process: what `diffuse sample --scheduler euler` does.

Usage: python text_to_image.py diffusers|openvino|sdcpp MODEL MODE STEPS OUT      MODE: default, words of worker.py, f32 or bf16, or ggml's type
"""
import os
import pathlib
import sys

PROMPT, SIDE, SCALE = "a photo of a red cat on a hill", 512, 7.5


def diffusers(model, mode, steps):
    import torch
    from diffusers import EulerDiscreteScheduler, StableDiffusionPipeline
    pipe = StableDiffusionPipeline.from_pretrained(model, torch_dtype=torch.bfloat16 if "bf16" in mode else torch.float32)
    pipe.scheduler = EulerDiscreteScheduler.from_config(pipe.scheduler.config)
    pipe.set_progress_bar_config(disable=True)
    if "cl" in mode:
        for network in (pipe.unet, pipe.vae):
            network.to(memory_format=torch.channels_last)
    return pipe(PROMPT, num_inference_steps=steps, generator=torch.Generator().manual_seed(0)).images[0]


def openvino(model, mode, steps):
    import torch
    from diffusers import EulerDiscreteScheduler
    from PIL import Image
    from transformers import CLIPTokenizer
    from openvino_worker import compiled
    from stable import guided
    dtype = next(iter(mode))
    torch.set_grad_enabled(False)
    tokens = CLIPTokenizer.from_pretrained(model / "tokenizer")(["", PROMPT], padding="max_length", max_length=77, return_tensors="pt").input_ids
    states = compiled(model, "text", 0, 2, dtype)(tokens)
    scheduler = EulerDiscreteScheduler.from_pretrained(model / "scheduler")
    scheduler.set_timesteps(steps)
    x = torch.randn(1, 4, SIDE // 8, SIDE // 8, generator=torch.Generator().manual_seed(0)) * scheduler.init_noise_sigma
    unet = compiled(model, "unet", SIDE, 2, dtype)
    for t in scheduler.timesteps:
        x = scheduler.step(guided(unet, scheduler.scale_model_input(x, t), t.long(), states), t, x).prev_sample
    del unet
    picture = compiled(model, "decoder", SIDE, 1, dtype)(x)[0]
    return Image.fromarray(((picture / 2 + 0.5).clamp(0, 1) * 255).round().byte().permute(1, 2, 0).numpy())


def sdcpp(model, mode, steps):
    from stable_diffusion_cpp import StableDiffusion
    pipe = StableDiffusion(model_path=str(model.with_suffix(".safetensors")), wtype=next(iter(mode)), verbose=False, diffusion_flash_attn=True, n_threads=os.cpu_count())
    return pipe.generate_image(prompt=PROMPT, width=SIDE, height=SIDE, cfg_scale=SCALE, sample_method="euler", sample_steps=steps, seed=0)[0]


if __name__ == "__main__":
    by = {"diffusers": diffusers, "openvino": openvino, "sdcpp": sdcpp}[sys.argv[1]]
    place = pathlib.Path(sys.argv[5])
    place.mkdir(parents=True, exist_ok=True)
    by(pathlib.Path(sys.argv[2]), set(sys.argv[3].split(",")), int(sys.argv[4])).save(place / "0000.png")
