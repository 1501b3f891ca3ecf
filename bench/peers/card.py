# SPDX-License-Identifier: Apache-2.0
"""What bench/card measures of diffusers on a CUDA card: drawing, a step of the MNIST recipe, a step of a LoRA. One line of JSON for each.

Usage: python card.py draw FOLDER SIDE f32|f16|bf16 OUT.png | mnist f32|bf16|bf16-fused | lora FOLDER SIDE BATCH f32|bf16
"""
import json
import statistics
import sys
import time

import torch
from diffusers import DDPMScheduler, EulerDiscreteScheduler, StableDiffusionPipeline, UNet2DConditionModel, UNet2DModel
from torch.nn import functional as F

PROMPT = "a photo of a red cat on a hill"
DTYPES = {"f32": torch.float32, "f16": torch.float16, "bf16": torch.bfloat16}


def say(**facts):
    print(json.dumps({"side": "python", **facts}), flush=True)


def timed(body):
    torch.cuda.synchronize()
    start = time.perf_counter()
    body()
    torch.cuda.synchronize()
    return time.perf_counter() - start


def memory():
    return torch.cuda.max_memory_reserved() // 2**20


def draw(folder, side, dtype, out):
    pipe = StableDiffusionPipeline.from_pretrained(folder, torch_dtype=DTYPES[dtype], safety_checker=None).to("cuda")
    pipe.scheduler = EulerDiscreteScheduler.from_config(pipe.scheduler.config)
    pipe.set_progress_bar_config(disable=True)

    def picture(steps):
        generator = torch.Generator("cpu").manual_seed(0)
        return pipe(PROMPT, height=side, width=side, num_inference_steps=steps, guidance_scale=7.5, generator=generator).images[0]

    picture(20).save(out)
    few = statistics.median(timed(lambda: picture(10)) for _ in range(3))
    many = statistics.median(timed(lambda: picture(40)) for _ in range(3))
    say(what="draw", dtype=dtype, side_px=side, step=(many - few) / 30, forty_steps=many, memory_mib=memory())


def steps(step, count=60):
    for _ in range(10):
        step()
    times = [timed(step) for _ in range(count)]
    torch.cuda.synchronize()
    start = time.perf_counter()
    for _ in range(count):
        step()
    torch.cuda.synchronize()
    return (time.perf_counter() - start) / count, statistics.median(times)


def mnist(mode):
    torch.backends.cudnn.benchmark = "fused" in mode
    unet = UNet2DModel(
        sample_size=28, in_channels=5, out_channels=1, layers_per_block=2, block_out_channels=(32, 64, 64),
        down_block_types=("DownBlock2D", "AttnDownBlock2D", "AttnDownBlock2D"), up_block_types=("AttnUpBlock2D", "AttnUpBlock2D", "UpBlock2D")).cuda()
    words = torch.nn.Embedding(10, 4).cuda()
    scheduler = DDPMScheduler(beta_schedule="squaredcos_cap_v2")
    adam = torch.optim.Adam([*unet.parameters(), *words.parameters()], lr=1e-3, fused="fused" in mode or None)
    pictures, labels = torch.rand(60000, 1, 28, 28) * 2 - 1, torch.randint(10, (60000,))

    def step():
        chosen = torch.randint(60000, (128,))
        x, y = pictures[chosen].cuda(), labels[chosen].cuda()
        noise, t = torch.randn_like(x), torch.randint(1000, (128,), device="cuda")
        with torch.autocast("cuda", torch.bfloat16, enabled="bf16" in mode):
            noisy = scheduler.add_noise(x, noise, t)
            classes = words(y)[:, :, None, None].expand(-1, -1, 28, 28)
            loss = F.mse_loss(unet(torch.cat([noisy, classes], 1), t).sample.float(), noise)
        adam.zero_grad()
        loss.backward()
        adam.step()
        losses.append(loss.item())

    losses = []
    mean, median = steps(step)
    say(what="mnist", dtype=mode, step=mean, step_median=median, memory_mib=memory())


def lora(folder, side, batch, dtype):
    from diffusers.training_utils import cast_training_params
    from peft import LoraConfig
    kind = DTYPES[dtype]
    unet = UNet2DConditionModel.from_pretrained(folder, subfolder="unet", torch_dtype=kind).requires_grad_(False).cuda()
    unet.add_adapter(LoraConfig(r=4, lora_alpha=4, init_lora_weights="gaussian", target_modules=["to_k", "to_q", "to_v", "to_out.0"]))
    cast_training_params(unet, dtype=torch.float32)
    learns = [p for p in unet.parameters() if p.requires_grad]
    adam = torch.optim.AdamW(learns, lr=1e-4, weight_decay=1e-2)
    scheduler = DDPMScheduler.from_pretrained(folder, subfolder="scheduler")
    latents, states = torch.randn(64, 4, side // 8, side // 8), torch.randn(64, 77, 768)

    def step():
        chosen = torch.randint(64, (batch,))
        x = latents[chosen].cuda()
        noise, t = torch.randn_like(x), torch.randint(1000, (batch,), device="cuda")
        with torch.autocast("cuda", torch.bfloat16, enabled=dtype == "bf16"):
            noisy = scheduler.add_noise(x, noise, t)
            loss = F.mse_loss(unet(noisy.to(kind), t, states[chosen].cuda().to(kind)).sample.float(), noise)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(learns, 1.0)
        adam.step()
        adam.zero_grad()
        losses.append(loss.item())

    losses = []
    mean, median = steps(step, 30)
    say(what="lora", dtype=dtype, side_px=side, batch=batch, step=mean, step_median=median, memory_mib=memory())


def main():
    kind, *rest = sys.argv[1:]
    if kind == "draw":
        draw(rest[0], int(rest[1]), rest[2], rest[3])
    elif kind == "mnist":
        mnist(rest[0])
    else:
        lora(rest[0], int(rest[1]), int(rest[2]), rest[3])


if __name__ == "__main__":
    main()
