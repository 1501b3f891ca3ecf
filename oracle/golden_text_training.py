# SPDX-License-Identifier: Apache-2.0
"""Twenty training steps by the arithmetic of diffusers' train_text_to_image.py -> training/src/test/resources/golden/text_training.safetensors.

The network is the tiny Stable Diffusion. Pictures, the posterior's noise, noise, timesteps and, where captions are dropped, one number in [0, 1) for each
come from one torch.Generator seeded 11, in this order for each batch. How weights changed is kept as in golden_training.py.
"""
import json
import pathlib

import torch
from diffusers import AutoencoderKL, DDPMScheduler, UNet2DConditionModel
from diffusers.training_utils import compute_snr
from safetensors.torch import save_file
from transformers import CLIPTextModel, CLIPTokenizer

from golden_training import projected

ROOT = pathlib.Path(__file__).parent.parent
NET = ROOT / "core/src/test/resources/golden/tiny-sd"
STEPS = 20
CAPTIONS = ["a red cat", "a blue dog", "a small red dog on a blue ground", ""]
CASES = {
    "plain": dict(drop=0.0, prediction="epsilon", snr_gamma=None, text_lr=None),
    "dropped": dict(drop=0.3, prediction="v_prediction", snr_gamma=5.0, text_lr=None),
    "text_encoder": dict(drop=0.3, prediction="epsilon", snr_gamma=None, text_lr=2e-4),
}


def run(drop, prediction, snr_gamma, text_lr):
    vae = AutoencoderKL.from_pretrained(NET / "vae").requires_grad_(False)
    unet = UNet2DConditionModel.from_pretrained(NET / "unet").train()
    text = CLIPTextModel.from_pretrained(NET / "text_encoder", dtype=torch.float32).requires_grad_(text_lr is not None)
    tokenizer = CLIPTokenizer.from_pretrained(NET / "tokenizer")
    scheduler = DDPMScheduler.from_pretrained(NET / "scheduler", prediction_type=prediction)
    nets = {"": unet} if text_lr is None else {"": unet, "text_encoder.": text}
    start = {prefix + name: p.detach().clone() for prefix, net in nets.items() for name, p in net.named_parameters()}
    groups = [{"params": unet.parameters(), "lr": 1e-3}] + ([] if text_lr is None else [{"params": text.parameters(), "lr": text_lr}])
    opt = torch.optim.AdamW(groups, betas=(0.9, 0.999), weight_decay=1e-2, eps=1e-8)
    generator = torch.Generator().manual_seed(11)
    losses = []
    for _ in range(STEPS):
        x = torch.randn((4, 3, 16, 16), generator=generator)
        posterior = vae.encode(x).latent_dist
        latents = (posterior.mean + posterior.std * torch.randn(posterior.mean.shape, generator=generator)) * vae.config.scaling_factor
        noise = torch.randn(latents.shape, generator=generator)
        timesteps = torch.randint(0, scheduler.config.num_train_timesteps, (4,), generator=generator)
        prompts = CAPTIONS
        if drop:
            kept = torch.rand((4,), generator=generator) >= drop
            prompts = [caption if keep else "" for caption, keep in zip(CAPTIONS, kept)]
        ids = tokenizer(prompts, max_length=tokenizer.model_max_length, padding="max_length", truncation=True, return_tensors="pt").input_ids
        states = text(ids, return_dict=False)[0]
        target = noise if prediction == "epsilon" else scheduler.get_velocity(latents, noise, timesteps)
        out = unet(scheduler.add_noise(latents, noise, timesteps), timesteps, states, return_dict=False)[0]
        if snr_gamma is None:
            loss = torch.nn.functional.mse_loss(out.float(), target.float(), reduction="mean")
        else:
            snr = compute_snr(scheduler, timesteps)
            weights = torch.stack([snr, snr_gamma * torch.ones_like(timesteps)], dim=1).min(dim=1)[0]
            weights = weights / snr if prediction == "epsilon" else weights / (snr + 1)
            loss = torch.nn.functional.mse_loss(out.float(), target.float(), reduction="none")
            loss = (loss.mean(dim=list(range(1, len(loss.shape)))) * weights).mean()
        loss.backward()
        torch.nn.utils.clip_grad_norm_([p for net in nets.values() for p in net.parameters()], 1.0)
        opt.step()
        opt.zero_grad()
        losses.append(loss.item())
    end = {prefix + name: p.detach() for prefix, net in nets.items() for name, p in net.named_parameters()}
    tensors = {"losses": torch.tensor(losses)}
    for prefix in nets:
        generator = torch.Generator().manual_seed(13)
        own = sorted(name for name in end if name.startswith("text_encoder.") == bool(prefix))
        changes = [end[name] - start[name] for name in own]
        tensors[prefix + "changes"] = torch.cat([projected(c, generator) for c in changes])
        tensors[prefix + "norms"] = torch.stack([c.norm() for c in changes])
    return tensors


def main():
    tensors = {}
    for name, options in CASES.items():
        for part, value in run(**options).items():
            tensors[f"{name}.{part}"] = value
        print(name, [round(v, 6) for v in tensors[name + ".losses"].tolist()[::5]])
    save_file(tensors, ROOT / "training/src/test/resources/golden/text_training.safetensors",
              {name: json.dumps(options) for name, options in CASES.items()})


if __name__ == "__main__":
    main()
