# SPDX-License-Identifier: Apache-2.0
"""Outputs and gradients of the lessons' networks -> core/src/test/resources/golden/lessons.safetensors.

Weights and inputs come from seeds, as in golden_unet.py.
"""
import json
import pathlib

import torch
from safetensors.torch import save_file

import lesson_nets as nets

GOLDEN = pathlib.Path(__file__).parent.parent / "core/src/test/resources/golden"
ONE_HOT = torch.nn.functional.one_hot(torch.tensor([3, 1]), 5).float()
CASES = {
    "lab": (
        "LabUnet", dict(sample_size=8, block_out_channels=[8, 8, 16], context_dim=5, dense_dim=6, small_groups=4, big_groups=8),
        lambda: nets.LabUnet(8, 1, (8, 8, 16), 8, 5, 6, 4, 8, 150), (2, 1, 8, 8), ([3.0, 149.0], ONE_HOT)),
    "lab_second_dropped": (
        "LabUnet", dict(sample_size=8, block_out_channels=[8, 8, 16], context_dim=5, dense_dim=6, small_groups=4, big_groups=8),
        lambda: nets.LabUnet(8, 1, (8, 8, 16), 8, 5, 6, 4, 8, 150), (2, 1, 8, 8),
        ([3.0, 149.0], ONE_HOT * torch.tensor([[1.0], [0.0]]))),
    "basic": ("BasicUnet", dict(sample_size=8), lambda: nets.BasicUnet(), (2, 1, 8, 8), None),
    "cross": (
        "CrossAttentionUnet",
        dict(sample_size=8, block_out_channels=[8, 16, 32], time_embed_dim=12, num_classes=5, context_dim=6, q_size=4, v_size=4, f_size=8),
        lambda: nets.CrossAttentionUnet(1, (8, 16, 32), 12, 5, 6, 4, 4, 8), (2, 1, 8, 8), ([3.0, 977.0], torch.tensor([3, 1]))),
    "cross_three_tokens": (
        "CrossAttentionUnet",
        dict(sample_size=8, block_out_channels=[8, 16, 32], time_embed_dim=12, num_classes=5, context_dim=6, q_size=4, v_size=4, f_size=8),
        lambda: nets.CrossAttentionUnet(1, (8, 16, 32), 12, 5, 6, 4, 4, 8), (2, 1, 8, 8),
        ([3.0, 977.0], torch.linspace(-1, 1, 36).view(2, 3, 6))),
    "residual": (
        "ResidualUnet", dict(sample_size=8, block_out_channels=[8, 12, 16], embedding_dim=8),
        lambda: nets.ResidualUnet(3, (8, 12, 16), 2, 8), (2, 3, 8, 8), ([0.3, 0.9],)),
}


def lesson_sampling(previous_beta, clamp):
    """The lessons' own loops, word for word; in place of a network, a formula."""
    T = 20
    B = torch.linspace(0.0001, 0.02, T)
    a = 1.0 - B
    a_bar = torch.cumprod(a, dim=0)
    generator = torch.Generator().manual_seed(11)
    x = torch.randn((2, 1, 4, 4), generator=generator)
    for t in range(T - 1, -1, -1):
        e = 0.5 * x + 0.1 * t / T
        u = torch.sqrt(1 / a[t]) * (x - (1 - a[t]) / torch.sqrt(1 - a_bar[t]) * e)
        if t > 0:
            variance = B[t - 1] if previous_beta else (1 - a[t]) * (1 - a_bar[t - 1]) / (1 - a_bar[t])
            u = u + torch.sqrt(variance) * torch.randn(x.shape, generator=generator)
        x = u.clamp(-1, 1) if clamp else u
    return x


def main():
    tensors, metadata = {}, {}
    tensors["sampled.previous_beta"] = lesson_sampling(True, False)
    tensors["sampled.posterior"] = lesson_sampling(False, True)
    for name, (kind, config, make, shape, rest) in CASES.items():
        torch.manual_seed(7)
        model = make()
        generator = torch.Generator().manual_seed(11)
        if kind == "ResidualUnet":  # else the prediction is zero and says nothing
            model.conv_out.weight.data = torch.randn(model.conv_out.weight.shape, generator=generator) * 0.1
        x = torch.randn(shape, generator=generator)
        target = torch.randn(shape, generator=generator)
        inputs = (x,) if rest is None else (x, torch.tensor(rest[0]), *rest[1:])
        model.eval()
        with torch.no_grad():
            tensors[name + ".out"] = model(*inputs).contiguous()
        model.train()
        loss = torch.nn.functional.mse_loss(model(*inputs), target)
        loss.backward()
        model.eval()
        with torch.no_grad():  # by the statistics that one training step moved
            tensors[name + ".after"] = model(*inputs).contiguous()
        tensors[name + ".loss"] = loss.detach()
        trained = sorted((n, p) for n, p in model.named_parameters() if p.grad is not None)
        tensors[name + ".grad"] = torch.stack([p.grad.norm() for _, p in trained])
        metadata[name] = json.dumps({"class": kind, "config": config})
        metadata[name + ".names"] = json.dumps([n for n in sorted(model.state_dict()) if "num_batches" not in n])
        if rest is not None and len(rest) > 1:
            tensors[name + ".condition"] = rest[1].contiguous()
        if rest is not None:
            tensors[name + ".time"] = torch.tensor(rest[0])
        print(f"{name:24s} {sum(p.numel() for p in model.parameters()):8d} {loss.item():.6f}")
    save_file(tensors, GOLDEN / "lessons.safetensors", metadata)


if __name__ == "__main__":
    main()
