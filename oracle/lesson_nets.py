# SPDX-License-Identifier: Apache-2.0
"""The lessons' own networks in PyTorch, written from their descriptions: peers for golden files and for timing."""
import math

import torch
from torch import nn
from torch.nn import functional as F


class GeluConv(nn.Module):
    def __init__(self, i, o, groups):
        super().__init__()
        self.model = nn.Sequential(nn.Conv2d(i, o, 3, 1, 1), nn.GroupNorm(groups, o), nn.GELU())

    def forward(self, x):
        return self.model(x)


class Residual(nn.Module):
    def __init__(self, i, o, groups):
        super().__init__()
        self.conv1 = GeluConv(i, o, groups)
        self.conv2 = GeluConv(o, o, groups)

    def forward(self, x):
        once = self.conv1(x)
        return once + self.conv2(once)


class RearrangePool(nn.Module):
    def __init__(self, c, groups):
        super().__init__()
        self.conv = GeluConv(4 * c, c, groups)

    def forward(self, x):
        return self.conv(F.pixel_unshuffle(x, 2))


class Down(nn.Module):
    def __init__(self, i, o, groups):
        super().__init__()
        self.model = nn.Sequential(GeluConv(i, o, groups), GeluConv(o, o, groups), RearrangePool(o, groups))

    def forward(self, x):
        return self.model(x)


class Up(nn.Module):
    def __init__(self, i, o, groups):
        super().__init__()
        self.model = nn.Sequential(nn.ConvTranspose2d(2 * i, o, 2, 2), *[GeluConv(o, o, groups) for _ in range(4)])

    def forward(self, x, skip):
        return self.model(torch.cat((x, skip), 1))


class Embed(nn.Module):
    def __init__(self, n, e):
        super().__init__()
        self.model = nn.Sequential(nn.Linear(n, e), nn.GELU(), nn.Linear(e, e), nn.Unflatten(1, (e, 1, 1)))

    def forward(self, x):
        return self.model(x)


def sinusoid(t, features):
    half = features // 2
    angles = t[:, None] * torch.exp(-math.log(10000) * torch.arange(half, dtype=torch.float32) / (half - 1))[None]
    return torch.cat((angles.sin(), angles.cos()), -1)


class LabUnet(nn.Module):
    """Source B: context multiplies, time is added. The timestep is divided by T here and nowhere else."""

    def __init__(self, size=28, channels=1, widths=(64, 64, 128), time=8, context=10, dense=64, small=8, big=32, T=150):
        super().__init__()
        a, b, c = widths
        latent = c * (size // 4) ** 2
        self.T, self.time, self.shape = T, time, (c, size // 4, size // 4)
        self.down0 = Residual(channels, a, small)
        self.down1 = Down(a, b, big)
        self.down2 = Down(b, c, big)
        self.to_vec = nn.Sequential(nn.Flatten(), nn.GELU())
        self.dense_emb = nn.Sequential(
            nn.Linear(latent, dense), nn.ReLU(), nn.Linear(dense, dense), nn.ReLU(), nn.Linear(dense, latent), nn.ReLU())
        self.t_emb1 = Embed(time, c)
        self.t_emb2 = Embed(time, b)
        self.c_embed1 = Embed(context, c)
        self.c_embed2 = Embed(context, b)
        self.up0 = nn.Sequential(nn.Unflatten(1, self.shape), GeluConv(c, c, big))
        self.up1 = Up(c, b, big)
        self.up2 = Up(b, a, big)
        self.out = nn.Sequential(
            nn.Conv2d(2 * a, a, 3, 1, 1), nn.GroupNorm(small, a), nn.ReLU(), nn.Conv2d(a, channels, 3, 1, 1))

    def forward(self, x, t, context):
        d0 = self.down0(x)
        d1 = self.down1(d0)
        d2 = self.down2(d1)
        u0 = self.up0(self.dense_emb(self.to_vec(d2)))
        s = sinusoid(t / self.T, self.time)
        u1 = self.up1(self.c_embed1(context) * u0 + self.t_emb1(s), d2)
        u2 = self.up2(self.c_embed2(context) * u1 + self.t_emb2(s), d1)
        return self.out(torch.cat((u2, d0), 1))


class BasicUnet(nn.Module):
    """The companion notebook: no time, skips are added."""

    def __init__(self, channels=1):
        super().__init__()
        self.down_layers = nn.ModuleList(nn.Conv2d(i, o, 5, padding=2) for i, o in ((channels, 32), (32, 64), (64, 64)))
        self.up_layers = nn.ModuleList(nn.Conv2d(i, o, 5, padding=2) for i, o in ((64, 64), (64, 32), (32, channels)))

    def forward(self, x):
        skips = []
        for i, layer in enumerate(self.down_layers):
            x = F.silu(layer(x))
            if i < 2:
                skips.append(x)
                x = F.max_pool2d(x, 2)
        for i, layer in enumerate(self.up_layers):
            if i > 0:
                x = F.interpolate(x, scale_factor=2, mode="nearest") + skips.pop()
            x = F.silu(layer(x))
        return x


class CrossAttention(nn.Module):
    """Source E: pixels ask, tokens (B, L, D) answer; post-norm, one head."""

    def __init__(self, channel, qsize, vsize, fsize, emb):
        super().__init__()
        self.w_q = nn.Linear(channel, qsize)
        self.w_k = nn.Linear(emb, qsize)
        self.w_v = nn.Linear(emb, vsize)
        self.z_linear = nn.Linear(vsize, channel)
        self.norm1 = nn.LayerNorm(channel)
        self.feedforward = nn.Sequential(nn.Linear(channel, fsize), nn.ReLU(), nn.Linear(fsize, channel))
        self.norm2 = nn.LayerNorm(channel)

    def forward(self, x, tokens):
        b, c, h, w = x.shape
        pixels = x.permute(0, 2, 3, 1).reshape(b, h * w, c)
        q, k, v = self.w_q(pixels), self.w_k(tokens), self.w_v(tokens)
        attention = torch.softmax(q @ k.transpose(1, 2) / math.sqrt(q.shape[-1]), -1)
        z = self.norm1(self.z_linear(attention @ v) + pixels)
        return self.norm2(self.feedforward(z) + z).reshape(b, h, w, c).permute(0, 3, 1, 2)


class ConvBlock(nn.Module):
    def __init__(self, i, o, time, qsize, vsize, fsize, emb):
        super().__init__()
        self.seq1 = nn.Sequential(nn.Conv2d(i, o, 3, 1, 1), nn.BatchNorm2d(o), nn.ReLU())
        self.time_emb_linear = nn.Linear(time, o)
        self.seq2 = nn.Sequential(nn.Conv2d(o, o, 3, 1, 1), nn.BatchNorm2d(o), nn.ReLU())
        self.crossattn = CrossAttention(o, qsize, vsize, fsize, emb)

    def forward(self, x, t, tokens):
        x = self.seq1(x) + torch.relu(self.time_emb_linear(t))[:, :, None, None]
        return self.crossattn(self.seq2(x), tokens)


class CrossAttentionUnet(nn.Module):
    def __init__(self, channels=1, widths=(64, 128, 256, 512, 1024), time=256, classes=10, emb=32, qsize=16, vsize=16, fsize=32):
        super().__init__()
        self.time = time
        self.time_emb = nn.Sequential(nn.Identity(), nn.Linear(time, time), nn.ReLU())
        self.cls_emb = nn.Embedding(classes, emb)
        rest = (time, qsize, vsize, fsize, emb)
        self.enc_convs = nn.ModuleList(ConvBlock(i, o, *rest) for i, o in zip((channels, *widths[:-1]), widths))
        back = widths[::-1]
        self.deconvs = nn.ModuleList(nn.ConvTranspose2d(i, o, 2, 2) for i, o in zip(back, back[1:]))
        self.dec_convs = nn.ModuleList(ConvBlock(i, o, *rest) for i, o in zip(back, back[1:]))
        self.output = nn.Conv2d(widths[0], channels, 1)

    def forward(self, x, t, classes):
        t = self.time_emb(sinusoid(t, self.time))
        tokens = self.cls_emb(classes)[:, None, :] if classes.dim() == 1 else classes
        skips = []
        for i, block in enumerate(self.enc_convs):
            x = block(x, t, tokens)
            if i < len(self.enc_convs) - 1:
                skips.append(x)
                x = F.max_pool2d(x, 2)
        for deconv, block in zip(self.deconvs, self.dec_convs):
            x = block(torch.cat((skips.pop(), deconv(x)), 1), t, tokens)
        return self.output(x)


class ResidualBlock(nn.Module):
    """Source D; batch norm without scale and offset."""

    def __init__(self, i, o):
        super().__init__()
        self.shortcut = nn.Conv2d(i, o, 1) if i != o else None
        self.norm = nn.BatchNorm2d(i, eps=1e-3, momentum=0.01, affine=False)
        self.conv1 = nn.Conv2d(i, o, 3, 1, 1)
        self.conv2 = nn.Conv2d(o, o, 3, 1, 1)

    def forward(self, x):
        residual = x if self.shortcut is None else self.shortcut(x)
        return residual + self.conv2(F.silu(self.conv1(self.norm(x))))


class ResidualUnet(nn.Module):
    def __init__(self, channels=3, widths=(32, 64, 96, 128), depth=2, embedding=32, highest=1000.0):
        super().__init__()
        self.frequencies = torch.exp(torch.linspace(math.log(1.0), math.log(highest), embedding // 2))
        self.conv_in = nn.Conv2d(channels, widths[0], 1)
        c = widths[0] + embedding
        skips = []
        self.down_blocks = nn.ModuleList()
        for w in widths[:-1]:
            blocks = nn.ModuleList()
            for _ in range(depth):
                blocks.append(ResidualBlock(c, w))
                c = w
                skips.append(c)
            self.down_blocks.append(blocks)
        self.mid_blocks = nn.ModuleList()
        for _ in range(depth):
            self.mid_blocks.append(ResidualBlock(c, widths[-1]))
            c = widths[-1]
        self.up_blocks = nn.ModuleList()
        for w in reversed(widths[:-1]):
            blocks = nn.ModuleList()
            for _ in range(depth):
                blocks.append(ResidualBlock(c + skips.pop(), w))
                c = w
            self.up_blocks.append(blocks)
        self.conv_out = nn.Conv2d(c, channels, 1)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.xavier_uniform_(module.weight)
                nn.init.zeros_(module.bias)
        nn.init.zeros_(self.conv_out.weight)

    def forward(self, x, variance):
        angles = 2 * math.pi * self.frequencies[None, :, None, None] * variance[:, None, None, None]
        embedding = torch.cat((angles.sin(), angles.cos()), 1).expand(-1, -1, *x.shape[2:])
        x = torch.cat((self.conv_in(x), embedding), 1)
        skips = []
        for blocks in self.down_blocks:
            for block in blocks:
                x = block(x)
                skips.append(x)
            x = F.avg_pool2d(x, 2)
        for block in self.mid_blocks:
            x = block(x)
        for blocks in self.up_blocks:
            x = F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)
            for block in blocks:
                x = block(torch.cat((x, skips.pop()), 1))
        return self.conv_out(x)
