# SPDX-License-Identifier: Apache-2.0
"""What the recipes of the lessons do for one update, in PyTorch: the network, and the loss of a batch of pictures in [-1, 1] with classes."""
import math
import pathlib
import sys

import torch
from torch.nn import functional as F

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "oracle"))
import lesson_nets  # noqa: E402


def add_noise(clean, steps):
    """DDPM's linear schedule; what every lesson but the continuous one does."""
    alphas = torch.cumprod(1 - torch.linspace(0.0001, 0.02, steps), 0)
    t = torch.randint(steps, (len(clean),))
    noise, share = torch.randn_like(clean), alphas[t][:, None, None, None]
    return share.sqrt() * clean + (1 - share).sqrt() * noise, t.float(), noise


class Lab:
    batch, size, channels = 128, 28, 1

    def network(self):
        return lesson_nets.LabUnet()

    def parts(self, clean, labels):
        noisy, t, noise = add_noise(clean, 150)
        keep = (torch.rand(len(clean)) > 0.1).float()[:, None]
        return noisy, t, F.one_hot(labels, 10).float() * keep, noise

    def loss(self, call, noisy, t, context, noise):
        return F.mse_loss(call(noisy, t, context).float(), noise)

    def parameters(self, network):
        return list(network.parameters())


class CrossAttention(Lab):
    batch, size, channels = 128, 48, 1

    def network(self):
        return lesson_nets.CrossAttentionUnet()

    def parts(self, clean, labels):
        noisy, t, noise = add_noise(clean, 1000)
        return noisy, t, labels, noise

    def loss(self, call, noisy, t, labels, noise):
        return F.l1_loss(call(noisy, t, labels).float(), noise)


class LowRank(torch.nn.Module):
    """A frozen layer and a product of rank 8 beside it."""

    def __init__(self, layer, rank=8):
        super().__init__()
        self.layer = layer
        self.a = torch.nn.Parameter(torch.randn(rank, layer.in_features) / rank)
        self.b = torch.nn.Parameter(torch.zeros(layer.out_features, rank))

    def forward(self, x):
        return self.layer(x) + x @ self.a.T @ self.b.T


class Lora(CrossAttention):
    def network(self):
        network = super().network().requires_grad_(False)
        for module in list(network.modules()):
            if isinstance(module, lesson_nets.CrossAttention):
                for name in ("w_q", "w_k", "w_v"):
                    setattr(module, name, LowRank(getattr(module, name)))
        return network

    def parameters(self, network):
        for module in network.modules():
            if isinstance(module, torch.nn.BatchNorm2d):
                module.eval()
        return [p for p in network.parameters() if p.requires_grad]


class Residual(Lab):
    batch, size, channels = 64, 64, 3

    def network(self):
        return lesson_nets.ResidualUnet()

    def parts(self, clean, labels):
        start, end = math.acos(0.95), math.acos(0.02)
        angle = start + torch.rand(len(clean)) * (end - start)
        noise, signal, rate = torch.randn_like(clean), angle.cos()[:, None, None, None], angle.sin()[:, None, None, None]
        return signal * clean + rate * noise, angle.sin() ** 2, noise, None

    def loss(self, call, noisy, variance, noise, _):
        return F.l1_loss(call(noisy, variance).float(), noise)


LESSONS = {"lab": Lab, "cross": CrossAttention, "lora": Lora, "residual": Residual}
