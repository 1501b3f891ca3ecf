# SPDX-License-Identifier: Apache-2.0
"""The lesson's own sampling loop in continuous time, in NumPy -> core/src/test/resources/golden/continuous.safetensors.

In place of a network stands a formula of the sample and of what the network would be given, the variance of the noise.
"""
import pathlib

import numpy
import torch
from safetensors.torch import save_file

GOLDEN = pathlib.Path(__file__).parent.parent / "core/src/test/resources/golden"


def rates(times):
    start, end = numpy.arccos(0.95), numpy.arccos(0.02)
    angles = start + times * (end - start)
    return numpy.cos(angles), numpy.sin(angles)


def network(sample, variance):
    return 0.5 * sample + 0.1 * variance


def reverse(noise, steps):
    step_size = 1.0 / steps
    following = noise
    for step in range(steps):
        sample = following
        times = 1 - step * step_size
        signal, level = rates(times)
        epsilon = network(sample, level ** 2)
        pictures = (sample - level * epsilon) / signal
        next_signal, next_level = rates(times - step_size)
        following = next_signal * pictures + next_level * epsilon
    return pictures


def main():
    noise = torch.randn((2, 3, 4, 4), generator=torch.Generator().manual_seed(11)).double().numpy()
    tensors = {f"sampled.{steps}": torch.from_numpy(reverse(noise, steps)).float() for steps in range(1, 21)}
    save_file(tensors, GOLDEN / "continuous.safetensors")


if __name__ == "__main__":
    main()
