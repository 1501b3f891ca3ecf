# SPDX-License-Identifier: Apache-2.0
"""Counts what the parts of SD 1.5 and XL multiply, without weights.   Usage: python count_stable.py FILE"""
import json
import pathlib
import sys

import torch
from diffusers.models.attention_processor import Attention, AttnProcessor
from torch.utils.flop_counter import FlopCounterMode

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tools"))
import make_full_size  # noqa: E402
import stable  # noqa: E402


def count(network, *inputs):
    """GFLOP of convolutions and of matrix products."""
    for module in network.modules():
        if isinstance(module, Attention):
            module.set_processor(AttnProcessor())  # plain products, which the counter knows
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        network(*inputs)
    by_op = counter.get_flop_counts()["Global"]
    convolution = sum(n for op, n in by_op.items() if "convolution" in str(op))
    return {"convolution": convolution / 1e9, "product": (sum(by_op.values()) - convolution) / 1e9}


if __name__ == "__main__":
    small, large = make_full_size.sd15()[1], make_full_size.xl()[1]
    small["text_encoder"].config._attn_implementation = "eager"
    counts = {}
    with make_full_size.SHAPES:
        for name, networks, side in (("sd15-512", small, 512), ("xl-768", large, 768)):
            counts[name] = count(stable.Denoiser(networks["unet"]), *stable.denoiser_inputs(networks["unet"].config, side, 2))
        counts["decode-512"] = count(stable.Decoder(small["vae"]), torch.randn(1, 4, 64, 64))
        counts["text-sd15"] = count(stable.TextStates(small["text_encoder"]), stable.ids())
    pathlib.Path(sys.argv[1]).write_text(json.dumps(counts, indent=1))
