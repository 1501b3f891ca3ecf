# SPDX-License-Identifier: Apache-2.0
"""What torch.Generator("cuda") draws on a card: golden/card_noise.safetensors. It needs a card; the file is of an NVIDIA H100 80GB HBM3
(132 multiprocessors of 2048 threads) with torch 2.11.0+cu130.

Two draws after one another of each shape, whole where it is small, otherwise 32 values at equal distances and the last 32.

Usage: python oracle/card_noise.py core/src/test/resources/golden/card_noise.safetensors
"""
import sys

import torch
from safetensors.torch import save_file

SEEDS = (0, 7, 2**40 + 3)
SHAPES = ((1, 4, 8, 8), (1, 4, 64, 64), (2, 4, 64, 64), (1, 4, 128, 128), (1, 16, 256, 256))  # the last has more values than threads
HALF = {"f16": torch.float16, "bf16": torch.bfloat16}


def kept(values):
    return values if len(values) <= 256 else torch.cat([values[::len(values) // 32], values[-32:]])


def draws(randn):
    """By name. randn(seed) gives a function of shape and dtype, the draws of a new generator."""
    tensors = {}
    for seed in SEEDS:
        for shape in SHAPES:
            draw = randn(seed)
            name = f"{seed} f32 {'x'.join(map(str, shape))}"
            tensors[name] = torch.cat([kept(draw(shape, torch.float32).flatten()) for _ in range(2)])
        for name, dtype in HALF.items():
            draw = randn(seed)
            tensors[f"{seed} {name}"] = torch.cat([draw(SHAPES[0], dtype).flatten()[:64] for _ in range(2)])
    return tensors


def card(seed):
    generator = torch.Generator("cuda").manual_seed(seed)
    return lambda shape, dtype: torch.randn(shape, generator=generator, device="cuda", dtype=dtype).cpu()


if __name__ == "__main__":
    properties = torch.cuda.get_device_properties(0)
    print(properties.name, properties.multi_processor_count, properties.max_threads_per_multi_processor, torch.__version__)
    save_file(draws(card), sys.argv[1], metadata={"format": "pt"})
