# SPDX-License-Identifier: Apache-2.0
"""A training step under torchrun and DistributedDataParallel, as PyTorch's own documentation has it. Usage: torchrun … ddp.py MODE BATCH STEPS

MODE: words joined by commas of fused, bf16, cl (channels last), or default. Prints the seconds of an update, behind an @.
"""
import contextlib
import statistics
import sys
import time

import torch
import torch.distributed as dist
from diffusers import DDPMScheduler
from torch.nn.parallel import DistributedDataParallel

from nets import ClassConditioned


def main():
    mode, batch, steps = set(sys.argv[1].split(",")), int(sys.argv[2]), int(sys.argv[3])
    dist.init_process_group("gloo")
    torch.manual_seed(dist.get_rank())
    model = ClassConditioned().train()
    layout = {"memory_format": torch.channels_last} if "cl" in mode else {}
    model = DistributedDataParallel(model.to(**layout))
    optimizer = torch.optim.Adam(model.parameters(), 1e-3, **({"fused": True} if "fused" in mode else {}))
    scheduler = DDPMScheduler(beta_schedule="squaredcos_cap_v2")
    images, labels = torch.rand(2000, 1, 28, 28) * 2 - 1, torch.randint(10, (2000,))
    seconds = []
    for _ in range(steps):
        start = time.perf_counter()
        chosen = torch.randint(len(images), (batch,))
        clean = images[chosen]
        noise, timesteps = torch.randn_like(clean), torch.randint(1000, (batch,))
        noisy = scheduler.add_noise(clean, noise, timesteps).contiguous(**layout)
        with torch.autocast("cpu", torch.bfloat16) if "bf16" in mode else contextlib.nullcontext():
            predicted = model(noisy, timesteps, labels[chosen]).sample
        loss = torch.nn.functional.mse_loss(predicted.float(), noise)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        loss.item()
        seconds.append(time.perf_counter() - start)
    if dist.get_rank() == 0:
        print(f"@{statistics.median(seconds[steps // 3:])}")
    dist.destroy_process_group()


main()
