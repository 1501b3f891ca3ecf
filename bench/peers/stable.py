# SPDX-License-Identifier: Apache-2.0
"""Parts of a Stable Diffusion's call in PyTorch, as diffusers makes it; and what OpenVINO is given of them."""
import torch
from diffusers import AutoencoderKL, AutoencoderTiny, EulerDiscreteScheduler, UNet2DConditionModel
from transformers import CLIPTextModel

SCALE = 7.5


class Denoiser(torch.nn.Module):
    """The network's call with all that it is given, a tensor each."""

    def __init__(self, unet):
        super().__init__()
        self.unet = unet

    def forward(self, x, t, text, *more):
        added = {"text_embeds": more[0], "time_ids": more[1]} if more else None
        return self.unet(x, t, encoder_hidden_states=text, added_cond_kwargs=added, return_dict=False)[0]


class TextStates(torch.nn.Module):
    def __init__(self, encoder):
        super().__init__()
        self.encoder = encoder

    def forward(self, ids):
        return self.encoder(ids, return_dict=False)[0]


class Decoder(torch.nn.Module):
    def __init__(self, vae):
        super().__init__()
        self.vae = vae

    def forward(self, latents):
        return self.vae.decode(latents / self.vae.config.scaling_factor, return_dict=False)[0]


def denoiser(folder, dtype=torch.float32):
    return Denoiser(UNet2DConditionModel.from_pretrained(folder / "unet", torch_dtype=dtype).eval())


def text_states(folder, dtype=torch.float32):
    return TextStates(CLIPTextModel.from_pretrained(folder / "text_encoder", dtype=dtype).eval())


def decoder(folder, dtype=torch.float32):
    kind = AutoencoderTiny if "AutoencoderTiny" in (folder / "vae/config.json").read_text() else AutoencoderKL
    return Decoder(kind.from_pretrained(folder / "vae", torch_dtype=dtype).eval())


def ids():
    return torch.full((2, 77), 320)


def denoiser_inputs(config, side, batch):
    """Like those of a call, in f32; XL is given its pooled text and its six numbers too."""
    inputs = [torch.randn(batch, config.in_channels, side // 8, side // 8), torch.tensor(500), torch.randn(batch, 77, config.cross_attention_dim)]
    if config.addition_embed_type == "text_time":
        inputs += [torch.randn(batch, 1280), torch.tensor([[float(side), side, 0, 0, side, side]] * batch)]
    return inputs


def guided(call, x, t, *rest):
    """Both branches in one batch, mixed."""
    away, to = call(torch.cat([x] * 2), t, *rest).chunk(2)
    return away + SCALE * (to - away)


def step(call, config, side, convert):
    """A round: the guided network and Euler's step."""
    scheduler = EulerDiscreteScheduler(beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear")
    x, _, *rest = denoiser_inputs(config, side, 2)
    x, rest = x[:1], [convert(r) for r in rest]

    def run():
        scheduler.set_timesteps(20)
        t = scheduler.timesteps[0]
        output = guided(call, convert(scheduler.scale_model_input(x, t)), t, *rest)
        return scheduler.step(torch.as_tensor(output).float(), t, x).prev_sample

    return run
