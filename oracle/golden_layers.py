# SPDX-License-Identifier: Apache-2.0
"""Attention, biasless layers, an encoder and a decoder of diffusers and PyTorch -> core/src/test/resources/golden/layers.safetensors.

Weights and inputs are not stored: both sides make them from a seed (torch.manual_seed(7) before a layer is made,
torch.Generator seeded 11 for the inputs), which the Java test relies on. Stored are outputs and, for each weight in the order of
its name, the norm of its gradient when the sum of the output times fixed noise is taken.
"""
import pathlib

import torch
import torch.nn.functional as F
from diffusers.models.attention_processor import Attention, AttnProcessor2_0
from diffusers.models.autoencoders.vae import Decoder, Encoder
from diffusers.models.embeddings import apply_rotary_emb, get_1d_rotary_pos_embed
from safetensors.torch import save_file

GOLDEN = pathlib.Path(__file__).parent.parent / "core/src/test/resources/golden"
LENGTHS = torch.tensor([5, 2])  # tokens that may be seen, of 6


def attention(**config):
    torch.manual_seed(7)
    return Attention(processor=AttnProcessor2_0(), **config)


def seen():
    return torch.arange(6)[None, :] < LENGTHS[:, None]


def cross(generator):
    """Questions of 12 features to a context of 10, three heads of 4, only the result with a bias; some tokens are masked."""
    layer = attention(query_dim=12, cross_attention_dim=10, heads=3, dim_head=4, bias=False, out_bias=True)
    x = torch.randn((2, 9, 12), generator=generator)
    context = torch.randn((2, 6, 10), generator=generator)
    return layer, layer(x, context, attention_mask=seen()[:, None, :])


def cross_few(generator):
    """The same without a mask."""
    layer = attention(query_dim=12, cross_attention_dim=10, heads=3, dim_head=4, bias=False, out_bias=True)
    x = torch.randn((2, 9, 12), generator=generator)
    return layer, layer(x, torch.randn((2, 6, 10), generator=generator))


def causal(generator):
    """Self-attention in two heads of 6 with norms over each head's questions and keys, each token seeing those before it."""
    layer = attention(query_dim=12, heads=2, dim_head=6, bias=True, qk_norm="layer_norm", eps=1e-5)
    x = torch.randn((2, 6, 12), generator=generator)
    return layer, layer(x, attention_mask=torch.ones(6, 6).tril().bool().expand(2, 6, 6))


def causal_masked(generator):
    """The same, and some tokens are masked."""
    layer = attention(query_dim=12, heads=2, dim_head=6, bias=True)
    x = torch.randn((2, 6, 12), generator=generator)
    return layer, layer(x, attention_mask=seen()[:, None, :] & torch.ones(6, 6).tril().bool())


class Grouped(torch.nn.Module):
    """Four heads ask two, with rotary places; PyTorch's own sharing of keys."""

    def __init__(self):
        super().__init__()
        self.to_q = torch.nn.Linear(12, 16, bias=False)
        self.to_k = torch.nn.Linear(12, 8, bias=False)
        self.to_v = torch.nn.Linear(12, 8, bias=False)
        self.to_out = torch.nn.ModuleList([torch.nn.Linear(16, 12, bias=False)])

    def forward(self, x):
        split = lambda y, heads: y.unflatten(-1, (heads, -1)).transpose(1, 2)  # noqa: E731
        places = get_1d_rotary_pos_embed(4, x.shape[1], use_real=True)
        q = apply_rotary_emb(split(self.to_q(x), 4), places)
        k = apply_rotary_emb(split(self.to_k(x), 2), places)
        mixed = F.scaled_dot_product_attention(q, k, split(self.to_v(x), 2), enable_gqa=True)
        return self.to_out[0](mixed.transpose(1, 2).flatten(2))


def grouped(generator):
    torch.manual_seed(7)
    layer = Grouped()
    return layer, layer(torch.randn((2, 6, 12), generator=generator))


def convolution(generator):
    """Patches of 2×2 without a bias."""
    torch.manual_seed(7)
    layer = torch.nn.Conv2d(3, 5, 2, stride=2, bias=False)
    return layer, layer(torch.randn((2, 3, 6, 4), generator=generator))


def encoder(generator):
    torch.manual_seed(7)
    layer = Encoder(3, 4, ("DownEncoderBlock2D",) * 2, (8, 16), layers_per_block=2, norm_num_groups=4, double_z=True)
    return layer, layer(torch.randn((2, 3, 16, 12), generator=generator))


def decoder(generator):
    torch.manual_seed(7)
    layer = Decoder(4, 3, ("UpDecoderBlock2D",) * 2, (8, 16), layers_per_block=2, norm_num_groups=4)
    return layer, layer(torch.randn((2, 4, 8, 6), generator=generator))


def main():
    tensors = {}
    for make in (cross, cross_few, causal, causal_masked, grouped, convolution, encoder, decoder):
        generator = torch.Generator().manual_seed(11)
        layer, out = make(generator)
        (out * torch.randn(out.shape, generator=generator)).sum().backward()
        name = make.__name__
        tensors[name + ".out"] = out.detach().contiguous()
        tensors[name + ".grad"] = torch.stack([p.grad.norm() for _, p in sorted(layer.named_parameters())])
        print(f"{name:14s} {sum(p.numel() for p in layer.parameters()):6d} {tuple(out.shape)}")
        print("   ", ", ".join(sorted(n for n, _ in layer.named_parameters()))[:300])
    save_file(tensors, GOLDEN / "layers.safetensors")


if __name__ == "__main__":
    main()
