# SPDX-License-Identifier: Apache-2.0
"""Five training steps of an autoencoder in PyTorch and diffusers -> training/src/test/resources/golden/autoencoder_training.safetensors.

The network is the autoencoder of the tiny Stable Diffusion; losses are weighted as in diffusers' train_autoencoderkl.py. Pictures and noise come from
one torch.Generator seeded 11, in this order for each batch. How weights changed is kept as in golden_training.py. The classifier of the distance in
features is two convolutions with ReLU, a halving between them; its weights are in the file.
"""
import json
import pathlib

import torch
from diffusers import AutoencoderKL
from safetensors.torch import save_file

from golden_training import projected

ROOT = pathlib.Path(__file__).parent.parent
NET = ROOT / "core/src/test/resources/golden/tiny-sd/vae"
WIDTHS = (4, 6)
CASES = {"l1": dict(loss="l1", kl_weight=1e-6, feature_weight=0.0), "features": dict(loss="mse", kl_weight=1e-2, feature_weight=0.5)}


def classifier():
    torch.manual_seed(3)
    weights, width = {}, 3
    for i, out in enumerate(WIDTHS):
        conv = torch.nn.Conv2d(width, out, 3, padding=1)
        weights[f"conv{i + 1}.weight"], weights[f"conv{i + 1}.bias"], width = conv.weight.detach(), conv.bias.detach(), out
    return weights


def maps(weights, x):
    for i in range(len(WIDTHS)):
        x = torch.nn.functional.max_pool2d(x, 2) if i else x
        x = torch.relu(torch.nn.functional.conv2d(x, weights[f"conv{i + 1}.weight"], weights[f"conv{i + 1}.bias"], padding=1))
        yield x / (x.square().sum(1, keepdim=True) + 1e-10).sqrt()


def run(eye, loss, kl_weight, feature_weight):
    model = AutoencoderKL.from_pretrained(NET)
    start = {name: p.detach().clone() for name, p in model.named_parameters()}
    opt = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=0.01)
    generator = torch.Generator().manual_seed(11)
    factor = 2 ** (len(model.config.block_out_channels) - 1)
    losses, parts = [], []
    for _ in range(5):
        x = torch.randn((4, 3, 16, 16), generator=generator)
        noise = torch.randn((4, model.config.latent_channels, 16 // factor, 16 // factor), generator=generator)
        posterior = model.encode(x).latent_dist
        out = model.decode(posterior.mean + posterior.std * noise).sample
        rec = {"l1": torch.nn.functional.l1_loss, "mse": torch.nn.functional.mse_loss}[loss](out, x)
        kl = posterior.kl().mean()
        features = sum((a - b).square().sum(1).mean() for a, b in zip(maps(eye, out), maps(eye, x)))
        total = rec + kl_weight * kl + feature_weight * features
        total.backward()
        opt.step()
        opt.zero_grad()
        losses.append(total.item())
        parts.append([rec.item(), kl.item(), features.item()])
    changes = {name: p.detach() - start[name] for name, p in sorted(model.named_parameters())}
    generator = torch.Generator().manual_seed(13)
    return torch.tensor(losses), torch.tensor(parts), torch.cat([projected(c, generator) for c in changes.values()]), torch.stack(
        [c.norm() for c in changes.values()])


def main():
    eye = classifier()
    tensors = {"classifier." + name: value for name, value in eye.items()}
    for name, options in CASES.items():
        for part, value in zip(("losses", "parts", "changes", "norms"), run(eye, **options)):
            tensors[f"{name}.{part}"] = value
        print(name, tensors[name + ".losses"].tolist(), tensors[name + ".parts"][0].tolist())
    save_file(tensors, ROOT / "training/src/test/resources/golden/autoencoder_training.safetensors",
              {name: json.dumps(options) for name, options in CASES.items()})


if __name__ == "__main__":
    main()
