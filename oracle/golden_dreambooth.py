# SPDX-License-Identifier: Apache-2.0
"""Twenty steps as diffusers' train_dreambooth_lora takes them, on the tiny Stable Diffusion -> training/src/test/resources/golden/dreambooth.safetensors.

The latents, the noise and the timesteps come from one torch.Generator seeded 11, in this order for each step. A batch holds two pictures of
the instance and two of its class; its loss is the mean of the first half and PRIOR times that of the second. Attention, feed-forward and convolutions of the U-Net are adapted,
and attention and MLP of the text encoder. Kept: A as it begins ("start."; B begins as zero), and A and B at the end ("end.").

Usage: python oracle/golden_dreambooth.py
"""
import json
import pathlib

import torch
import torch.nn.functional as F
from diffusers import DDPMScheduler, StableDiffusionPipeline
from peft import LoraConfig, get_peft_model_state_dict
from safetensors.torch import save_file

GOLDEN = pathlib.Path(__file__).parent.parent
OUT = GOLDEN / "training/src/test/resources/golden/dreambooth.safetensors"
BASE = GOLDEN / "core/src/test/resources/golden/tiny-sd"
UNET = ["to_q", "to_k", "to_v", "to_out.0", "ff.net.0.proj", "ff.net.2", "conv1", "conv_shortcut"]
TEXT = ["q_proj", "v_proj", "out_proj", "fc1"]
INSTANCE, CLASS = "a photo of a zog", "a photo of a thing"
STEPS, HALF, PRIOR, RATE, CLIP = 20, 2, 0.7, 2e-3, 0.4


def adapted(model, targets):
    model.requires_grad_(False)
    model.add_adapter(LoraConfig(r=2, lora_alpha=3, init_lora_weights="gaussian", target_modules=targets))
    return [p for p in model.parameters() if p.requires_grad]


def states(pipe, prompts):
    ids = pipe.tokenizer(prompts, padding="max_length", max_length=77, truncation=True, return_tensors="pt").input_ids
    return pipe.text_encoder(ids)[0]


def weights(pipe):
    named = {f"unet.{k}": v for k, v in get_peft_model_state_dict(pipe.unet).items()}
    named |= {f"text_encoder.{k}": v for k, v in get_peft_model_state_dict(pipe.text_encoder).items()}
    return {k: v.detach().clone().contiguous() for k, v in named.items()}


def main():
    pipe = StableDiffusionPipeline.from_pretrained(BASE, torch_dtype=torch.float32, safety_checker=None)
    scheduler = DDPMScheduler.from_config(pipe.scheduler.config)
    torch.manual_seed(3)
    learnt = adapted(pipe.unet, UNET) + adapted(pipe.text_encoder, TEXT)
    tensors = {f"start.{k}": v for k, v in weights(pipe).items() if "lora_A" in k}
    optimizer = torch.optim.AdamW(learnt, lr=RATE, betas=(0.9, 0.999), weight_decay=1e-2, eps=1e-8)
    generator = torch.Generator().manual_seed(11)
    prompts = [INSTANCE] * HALF + [CLASS] * HALF
    losses = []
    for _ in range(STEPS):
        shape = (2 * HALF, 4, 8, 8)
        latents = torch.randn(shape, generator=generator)
        noise = torch.randn(shape, generator=generator)
        timesteps = torch.randint(0, 1000, (2 * HALF,), generator=generator)
        prediction = pipe.unet(scheduler.add_noise(latents, noise, timesteps), timesteps, states(pipe, prompts)).sample
        prediction, prior = torch.chunk(prediction, 2, dim=0)
        target, target_prior = torch.chunk(noise, 2, dim=0)
        loss = F.mse_loss(prediction, target, reduction="mean")
        loss = loss + PRIOR * F.mse_loss(prior, target_prior, reduction="mean")
        loss.backward()
        torch.nn.utils.clip_grad_norm_(learnt, CLIP)
        optimizer.step()
        optimizer.zero_grad()
        losses.append(loss.item())
    tensors |= {f"end.{k}": v for k, v in weights(pipe).items()} | {"losses": torch.tensor(losses, dtype=torch.float64)}
    notes = {"prior_weight": PRIOR, "learning_rate": RATE, "clip": CLIP, "half": HALF, "unet": UNET, "text": TEXT,
             "prompts": [INSTANCE, CLASS], "rank": 2, "alpha": 3}
    save_file(tensors, OUT, {"notes": json.dumps(notes)})
    print(losses[:2], losses[-1], len(tensors), OUT.stat().st_size)


if __name__ == "__main__":
    main()
