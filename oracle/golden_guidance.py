# SPDX-License-Identifier: Apache-2.0
"""Colour guidance on the tiny pipeline, both variants of the course, with diffusers: golden/guidance.safetensors.

Each picture has its own generator. The loss is the course's batch mean; the order of operations is the course's too."""
import json
from pathlib import Path

import torch
from diffusers import DDIMScheduler, UNet2DModel
from safetensors.torch import save_file

GOLDEN = Path(__file__).parent.parent / "core/src/test/resources/golden"
TARGET = (0x55 / 255, 0xFF / 255, 0xAA / 255)
STEPS, COUNT, SEED = 10, 2, 3


def colour_loss(images):
    channels = images.shape[1]
    rgb = torch.tensor(TARGET if channels == 3 else [sum(TARGET) / 3], dtype=torch.float32)
    return (images - (rgb * 2 - 1)[None, :, None, None]).abs().mean()


def draw(unet, scheduler, scale, exact):
    scheduler.set_timesteps(STEPS)
    size = unet.config.sample_size
    x = torch.cat([torch.randn(1, unet.config.in_channels, size, size, generator=torch.Generator().manual_seed(SEED + k))
                   for k in range(COUNT)])
    losses = []
    for t in scheduler.timesteps:
        x = x.detach()
        if exact:
            x = x.requires_grad_()
            noise = unet(scheduler.scale_model_input(x, t), t).sample
        else:
            with torch.no_grad():
                noise = unet(scheduler.scale_model_input(x, t), t).sample
            x = x.requires_grad_()
        x0 = scheduler.step(noise, t, x).pred_original_sample
        loss = colour_loss(x0) * scale
        losses.append(loss.item())
        push = -torch.autograd.grad(loss, x)[0]
        x = x.detach() + push
        x = scheduler.step(noise.detach(), t, x).prev_sample
    return x, torch.tensor(losses, dtype=torch.float32)


def main():
    unet = UNet2DModel.from_pretrained(GOLDEN / "tiny-pipeline", subfolder="unet").eval()
    scheduler = DDIMScheduler.from_pretrained(GOLDEN / "tiny-pipeline", subfolder="scheduler")
    tensors = {}
    for name, exact in (("cheap", False), ("exact", True)):
        sample, losses = draw(unet, scheduler, 40.0, exact)
        tensors[f"{name}.sample"] = sample.contiguous()
        tensors[f"{name}.losses"] = losses
        print(name, losses.tolist())
    save_file(tensors, GOLDEN / "guidance.safetensors", metadata={"steps": str(STEPS), "seed": str(SEED), "scale": "40", "format": "pt"})


if __name__ == "__main__":
    main()
