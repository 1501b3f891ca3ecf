# SPDX-License-Identifier: Apache-2.0
"""Resizing as clean-fid (Pillow, mode F, bicubic) and as pytorch-fid (bilinear, not antialiased) -> training/src/test/resources/golden/resize.safetensors."""
import pathlib

import numpy as np
import torch
from PIL import Image
from safetensors.torch import save_file

GOLDEN = pathlib.Path(__file__).parent.parent / "training/src/test/resources/golden/resize.safetensors"


def clean(levels, height, width):
    """clean-fid's build_resizer("clean"): each channel for itself, in floats, cut to 0 … 255."""
    channels = [
        np.asarray(Image.fromarray(channel.astype(np.float32), mode="F").resize((width, height), resample=Image.BICUBIC)).clip(0, 255)
        for channel in levels
    ]
    return torch.from_numpy(np.stack(channels)) / 255


def main():
    levels = torch.randint(0, 256, (3, 23, 17), generator=torch.Generator().manual_seed(5), dtype=torch.uint8)
    out = {"pictures": levels}
    for height, width in ((9, 11), (40, 31)):
        out[f"clean_{height}x{width}"] = clean(levels.numpy(), height, width)
        out[f"legacy_{height}x{width}"] = torch.nn.functional.interpolate(
            levels[None] / 255, size=(height, width), mode="bilinear", align_corners=False)[0]
    save_file({name: tensor.contiguous() for name, tensor in out.items()}, GOLDEN)


if __name__ == "__main__":
    main()
