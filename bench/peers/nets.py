# SPDX-License-Identifier: Apache-2.0
"""The networks of bench/compare, as diffusers builds them."""
import torch
from diffusers import UNet2DModel

S = dict(
    sample_size=32, block_out_channels=(64, 128, 128, 256),
    down_block_types=("DownBlock2D", "DownBlock2D", "AttnDownBlock2D", "AttnDownBlock2D"),
    up_block_types=("AttnUpBlock2D", "AttnUpBlock2D", "UpBlock2D", "UpBlock2D"))
L = dict(  # google/ddpm-celebahq-256
    sample_size=256, block_out_channels=(128, 128, 256, 256, 512, 512),
    down_block_types=("DownBlock2D",) * 4 + ("AttnDownBlock2D", "DownBlock2D"),
    up_block_types=("UpBlock2D", "AttnUpBlock2D") + ("UpBlock2D",) * 4,
    downsample_padding=0, flip_sin_to_cos=False, freq_shift=1, norm_eps=1e-6, attention_head_dim=None)
MNIST = dict(  # the course's class-conditioned network
    sample_size=28, in_channels=5, out_channels=1, layers_per_block=2, block_out_channels=(32, 64, 64),
    down_block_types=("DownBlock2D", "AttnDownBlock2D", "AttnDownBlock2D"),
    up_block_types=("AttnUpBlock2D", "AttnUpBlock2D", "UpBlock2D"))
TINY = dict(
    sample_size=16, layers_per_block=1, block_out_channels=(8, 16, 16), norm_num_groups=4, attention_head_dim=4,
    down_block_types=("DownBlock2D", "DownBlock2D", "AttnDownBlock2D"),
    up_block_types=("AttnUpBlock2D", "UpBlock2D", "UpBlock2D"))


class ClassConditioned(torch.nn.Module):
    """The class as four more input channels."""

    def __init__(self):
        super().__init__()
        self.class_emb = torch.nn.Embedding(10, 4)
        self.model = UNet2DModel(**MNIST)

    def forward(self, x, t, labels):
        planes = self.class_emb(labels)[:, :, None, None].expand(-1, -1, *x.shape[2:])
        return self.model(torch.cat((x, planes), 1), t)
