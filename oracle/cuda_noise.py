# SPDX-License-Identifier: Apache-2.0
"""The noise of torch.Generator("cuda") without a card: torch's normal_ kernel (ATen/native/cuda/DistributionTemplates.h) with
curand_normal4 on Philox 4x32-10 (curand_kernel.h, curand_normal.h), in numpy.

`python oracle/cuda_noise.py` checks it against the known answers of Random123 for Philox, and against what torch drew on an H100
(card_noise.py): layout, draws that fill the card and draws after one another are the card's. Its values are within 2.5e-6: curand_normal4
takes the card's own sine and cosine, which are off by some 4e-7 before they are stretched. Half precision is f32 rounded, on the card too.
"""
from pathlib import Path

import numpy
import torch
from safetensors.torch import load_file

import card_noise

CARD = Path(__file__).parent.parent / "core/src/test/resources/golden/card_noise.safetensors"
H100 = (132, 2048)
BLOCK, UNROLL = 256, 4  # block_size_bound, and the values of curand_normal4
MULTIPLIERS, WEYL = (0xD2511F53, 0xCD9E8D57), (0x9E3779B9, 0xBB67AE85)
WORD = numpy.uint64(0xFFFFFFFF)
INVERSE = numpy.float32(2.3283064e-10)
INVERSE_2PI = numpy.float32(INVERSE * numpy.float32(6.2831855))


def philox(counter, key):
    """Blocks of four words. counter: (4, N) and key: two words."""
    c = [numpy.asarray(word, numpy.uint64) for word in counter]
    k = [numpy.uint64(word) for word in key]
    for _ in range(10):
        first, second = c[0] * numpy.uint64(MULTIPLIERS[0]), c[2] * numpy.uint64(MULTIPLIERS[1])
        c = [(second >> numpy.uint64(32)) ^ c[1] ^ k[0], second & WORD, (first >> numpy.uint64(32)) ^ c[3] ^ k[1], first & WORD]
        k = [(k[0] + numpy.uint64(WEYL[0])) & WORD, (k[1] + numpy.uint64(WEYL[1])) & WORD]
    return c


def box_muller(x, y):
    """f32 where cuRAND has f32; the functions themselves are rounded from f64."""
    x, y = x.astype(numpy.uint32).astype(numpy.float32), y.astype(numpy.uint32).astype(numpy.float32)
    u = x * INVERSE + INVERSE / numpy.float32(2)
    v = (y.astype(numpy.float64) * INVERSE_2PI + INVERSE_2PI / numpy.float32(2)).astype(numpy.float32)  # one rounding: nvcc fuses it
    s = numpy.sqrt(numpy.float32(-2) * numpy.log(u.astype(numpy.float64)).astype(numpy.float32))
    v = v.astype(numpy.float64)
    return numpy.sin(v).astype(numpy.float32) * s, numpy.cos(v).astype(numpy.float32) * s


class CudaGenerator:
    """grid: (multiprocessors, threads of each), or None for a card without an end."""

    def __init__(self, seed, grid=None):
        self.key, self.grid, self.offset = (seed & 0xFFFFFFFF, seed >> 32), grid, 0

    def randn(self, shape, dtype=torch.float32):
        count = int(numpy.prod(shape))
        blocks = (count + BLOCK - 1) // BLOCK
        if self.grid:
            blocks = min(blocks, self.grid[0] * (self.grid[1] // BLOCK))
        threads = BLOCK * blocks
        turns = (count - 1) // (threads * UNROLL) + 1
        thread = numpy.arange(threads, dtype=numpy.uint64)
        values = []
        for turn in range(turns):  # curand_normal4 of each thread; its i-th value is that of the i-th row of threads
            at = self.offset // 4 + turn
            low, high = numpy.full(threads, at & 0xFFFFFFFF, numpy.uint64), numpy.full(threads, at >> 32, numpy.uint64)
            words = philox((low, high, thread & WORD, thread >> numpy.uint64(32)), self.key)
            values += [*box_muller(words[0], words[1]), *box_muller(words[2], words[3])]
        self.offset += turns * 4  # philox_cuda_state(counter_offset)
        return torch.from_numpy(numpy.concatenate(values)[:count].reshape(shape).copy()).to(dtype)


def check():
    # Random123, tests/kat_vectors, "philox4x32 10": counter, key, block
    for counter, key, block in (
            ((0,) * 4, (0,) * 2, (0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8)),
            ((0xffffffff,) * 4, (0xffffffff,) * 2, (0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd)),
            ((0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344), (0xa4093822, 0x299f31d0),
             (0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1))):
        assert tuple(int(word) for word in philox(counter, key)) == block
    wanted = load_file(CARD)

    def calculated(seed):
        return CudaGenerator(seed, H100).randn

    for name, found in card_noise.draws(calculated).items():
        off = (found.float() - wanted[name].float()).abs()
        ulp = {"f16": 2.0**-10, "bf16": 2.0**-7}.get(name.split()[1], 0)  # of a value below 2: a rounding may fall the other way
        assert off.max() <= max(2.5e-6, 2 * ulp), name
    print("as published, and as on the card")


if __name__ == "__main__":
    check()
