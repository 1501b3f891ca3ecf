# SPDX-License-Identifier: Apache-2.0
"""One update as diffusers' train_text_to_image.py and train_text_to_image_lora.py make it, from latents' moments and text states that were kept.

The scripts' defaults: f32, eager, AdamW; their mixed_precision=bf16 is the mode bf16: autocast, and a frozen base whose weights are bf16.
"""
import pathlib

import torch
from diffusers import DDPMScheduler, UNet2DConditionModel
from diffusers.training_utils import EMAModel, cast_training_params, compute_snr
from peft import LoraConfig
from safetensors.torch import load_file
from torch.nn import functional as F


class Small:
    """
    The denoiser of the recipe text-to-image-small. A step: latents drawn from their moments, a tenth of the text states put to those of the empty
    caption, a timestep and noise each, v-prediction, squares weighted by min(SNR, 5) / (SNR + 1), gradients, their norm cut to 1, AdamW, average.
    """
    batch, drop, gamma, averages = 64, 0.1, 5.0, True

    def __init__(self, folder, kept, mode):
        self.kept = load_file(kept)
        self.scheduler = DDPMScheduler.from_pretrained(folder / "scheduler")
        self.unet = self.network(pathlib.Path(folder) / "unet", mode).train()
        self.ema = EMAModel(self.unet.parameters(), decay=0.999, foreach="fused" in mode) if self.averages else None

    def network(self, folder, mode):
        return UNet2DConditionModel.from_pretrained(folder)

    def parameters(self):
        return [p for p in self.unet.parameters() if p.requires_grad]

    def parts(self):
        """All that is random, for a batch: what the network is given, and what its loss is made of."""
        chosen = torch.randint(len(self.kept["mean"]), (self.batch,))
        latents = self.kept["mean"][chosen] + self.kept["std"][chosen] * torch.randn(self.batch, *self.kept["mean"].shape[1:])
        noise, t = torch.randn_like(latents), torch.randint(self.scheduler.config.num_train_timesteps, (self.batch,))
        states = self.kept["states"][chosen]
        if self.drop:
            states = torch.where(torch.rand(self.batch, 1, 1) >= self.drop, states, self.kept["nothing"])
        if self.scheduler.config.prediction_type == "epsilon":
            target = noise
        else:
            target = self.scheduler.get_velocity(latents, noise, t)
        weights = None
        if self.gamma:
            snr = compute_snr(self.scheduler, t)
            weights = snr.clamp(max=self.gamma) / (snr + 1)
        return self.scheduler.add_noise(latents, noise, t), t, states, target, weights

    def loss(self, call, noisy, t, states, target, weights):
        predicted = call(noisy, t, states, return_dict=False)[0].float()
        if weights is None:
            return F.mse_loss(predicted, target)
        return (F.mse_loss(predicted, target, reduction="none").mean((1, 2, 3)) * weights).mean()

    def after(self):
        if self.ema:
            self.ema.step(self.unet.parameters())


class SdLora(Small):
    """
    A LoRA of rank 4 on the attention of a network of SD 1.5's size, at 256 pixels. A step: a latent drawn from its moments, a timestep and noise, what
    noise is predicted, squares, gradients of the LoRA alone, their norm cut to 1, AdamW. One picture, as the script's documentation has it.
    """
    batch, drop, gamma, averages = 1, 0, 0, False

    def network(self, folder, mode):
        self.dtype = torch.bfloat16 if "bf16" in mode else torch.float32
        unet = UNet2DConditionModel.from_pretrained(folder, torch_dtype=self.dtype).requires_grad_(False)
        unet.add_adapter(LoraConfig(r=4, lora_alpha=4, init_lora_weights="gaussian", target_modules=["to_k", "to_q", "to_v", "to_out.0"]))
        cast_training_params(unet, dtype=torch.float32)
        return unet

    def loss(self, call, noisy, t, states, target, weights):
        return super().loss(call, noisy.to(self.dtype), t, states.to(self.dtype), target, weights)


TASKS = {"text-to-image-small": Small, "sd-lora": SdLora}
