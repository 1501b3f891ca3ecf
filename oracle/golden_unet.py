# SPDX-License-Identifier: Apache-2.0
"""Outputs and gradients of diffusers' UNet2DModel in all its variants -> core/src/test/resources/golden/unet2d.safetensors.

Weights and inputs are not stored: both sides make them from a seed (torch.manual_seed(7) before the network is made,
torch.Generator seeded 11 for the inputs), which the Java test relies on.
"""
import hashlib
import json
import pathlib

import torch
from diffusers import UNet2DModel
from safetensors.torch import save_file

GOLDEN = pathlib.Path(__file__).parent.parent / "core/src/test/resources/golden"

BASE = dict(
    sample_size=8, in_channels=3, out_channels=3, layers_per_block=1, block_out_channels=(16, 32), norm_num_groups=8,
    down_block_types=("DownBlock2D", "AttnDownBlock2D"), up_block_types=("AttnUpBlock2D", "UpBlock2D"),
)
SKIP = dict(
    sample_size=8, layers_per_block=1, block_out_channels=(32, 32), norm_eps=1e-6, norm_num_groups=None,
    time_embedding_type="fourier", freq_shift=0, flip_sin_to_cos=True, mid_block_scale_factor=1.4142135623730951,
    down_block_types=("SkipDownBlock2D", "AttnSkipDownBlock2D"), up_block_types=("AttnSkipUpBlock2D", "SkipUpBlock2D"),
)
VARIANTS = {
    "base": {},
    "two_layers_three_levels": dict(
        layers_per_block=2, block_out_channels=(16, 24, 32),
        down_block_types=("DownBlock2D", "DownBlock2D", "AttnDownBlock2D"),
        up_block_types=("AttnUpBlock2D", "UpBlock2D", "UpBlock2D")),
    "google_ddpm": dict(downsample_padding=0, flip_sin_to_cos=False, freq_shift=1, norm_eps=1e-6, attention_head_dim=None),
    "scale_shift": dict(resnet_time_scale_shift="scale_shift"),
    "scale_shift_attn_groups": dict(resnet_time_scale_shift="scale_shift", attn_norm_num_groups=4),
    "resnet_blocks": dict(
        down_block_types=("ResnetDownsampleBlock2D", "AttnDownBlock2D"), up_block_types=("AttnUpBlock2D", "ResnetUpsampleBlock2D"),
        block_out_channels=(16, 32)),
    "resnet_sampling": dict(
        downsample_type="resnet", upsample_type="resnet",
        down_block_types=("AttnDownBlock2D", "DownBlock2D"), up_block_types=("UpBlock2D", "AttnUpBlock2D")),
    "attention_everywhere": dict(
        down_block_types=("AttnDownBlock2D", "AttnDownBlock2D"), up_block_types=("AttnUpBlock2D", "AttnUpBlock2D")),
    "no_mid_attention": dict(add_attention=False),
    "no_mid_block": dict(mid_block_type=None),
    "mid_scale": dict(mid_block_scale_factor=1.4142135623730951),
    "head_dim_uneven": dict(attention_head_dim=12),
    "centred": dict(center_input_sample=True),
    "time_dim": dict(time_embedding_dim=20),
    "odd_width": dict(block_out_channels=(15, 30), norm_num_groups=5, attention_head_dim=6),
    "learned_time": dict(time_embedding_type="learned", num_train_timesteps=1000),
    "fourier_time": dict(time_embedding_type="fourier"),
    "class_table": dict(num_class_embeds=5),
    "class_timestep": dict(class_embed_type="timestep"),
    "class_identity": dict(class_embed_type="identity"),
    "mish": dict(act_fn="mish"),
    "gelu": dict(act_fn="gelu"),
    "relu": dict(act_fn="relu"),
    "swish": dict(act_fn="swish"),
    "grey_to_two": dict(in_channels=1, out_channels=2),
    "non_square": dict(sample_size=(8, 12)),
    "dropout_off_in_eval": dict(dropout=0.3),
    "skip": SKIP,
    "skip_three_levels": dict(
        SKIP, block_out_channels=(32, 32, 64), down_block_types=("SkipDownBlock2D",) * 2 + ("AttnSkipDownBlock2D",),
        up_block_types=("AttnSkipUpBlock2D",) + ("SkipUpBlock2D",) * 2),
    "skip_then_plain": dict(
        SKIP, norm_num_groups=8, time_embedding_type="positional",
        down_block_types=("SkipDownBlock2D", "DownBlock2D"), up_block_types=("UpBlock2D", "SkipUpBlock2D")),
}


def inputs(config, generator):
    size = config["sample_size"]
    height, width = size if isinstance(size, tuple) else (size, size)
    x = torch.randn((2, config["in_channels"], height, width), generator=generator)
    return x, torch.tensor([3.0, 977.0])


def labels(config, features, generator):
    if config.get("num_class_embeds"):
        return torch.tensor([4, 1])
    if config.get("class_embed_type") == "timestep":
        return torch.tensor([7.0, 2.0])
    if config.get("class_embed_type") == "identity":
        return torch.randn((2, features), generator=generator)
    return None


def main():
    tensors, metadata = {}, {}
    for name, change in VARIANTS.items():
        config = {**BASE, **change}
        torch.manual_seed(7)
        model = UNet2DModel(**config)
        generator = torch.Generator().manual_seed(11)
        x, t = inputs(config, generator)
        time_features = config.get("time_embedding_dim") or 4 * config["block_out_channels"][0]
        y = labels(config, time_features, generator)
        time = t.long() if config.get("time_embedding_type") == "learned" else t
        model.eval()
        with torch.no_grad():
            out = model(x, time, y).sample
        # gradients of a mean square against fixed noise, as one norm per weight
        target = torch.randn(out.shape, generator=generator)
        loss = torch.nn.functional.mse_loss(model(x, time, y).sample, target)
        loss.backward()
        trained = sorted((n, p) for n, p in model.named_parameters() if p.requires_grad and p.grad is not None)
        tensors[name + ".out"] = out.contiguous()
        tensors[name + ".loss"] = loss.detach()
        tensors[name + ".grad"] = torch.stack([p.grad.norm() for _, p in trained])
        tensors[name + ".weights"] = torch.stack([p.detach().double().sum() for _, p in sorted(model.state_dict().items())]).float()
        metadata[name] = json.dumps(config)
        metadata[name + ".names_sha256"] = hashlib.sha256(json.dumps(sorted(model.state_dict())).encode()).hexdigest()
        print(f"{name:28s} {sum(p.numel() for p in model.parameters()):8d} {loss.item():.6f}")
    save_file(tensors, GOLDEN / "unet2d.safetensors", metadata)


if __name__ == "__main__":
    main()
