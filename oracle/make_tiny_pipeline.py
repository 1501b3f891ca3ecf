# SPDX-License-Identifier: Apache-2.0
"""Trains a tiny UNet2DModel on 16x16 digits and saves it as a pipeline folder for the tests (170 kB).

Usage: python oracle/make_tiny_pipeline.py DATA_FOLDER      (DATA_FOLDER/mnist holds the IDX files)
"""
import gzip
import pathlib
import sys

import numpy as np
import torch
from diffusers import DDPMPipeline, DDPMScheduler, UNet2DModel

OUT = pathlib.Path(__file__).parent.parent / "core/src/test/resources/golden/tiny-pipeline"


def main():
    data = pathlib.Path(sys.argv[1]) / "mnist/train-images-idx3-ubyte.gz"
    raw = np.frombuffer(gzip.open(data).read(), np.uint8, offset=16).reshape(-1, 1, 28, 28)
    images = torch.nn.functional.avg_pool2d(torch.nn.functional.pad(torch.from_numpy(raw.copy()).float(), (2, 2, 2, 2)), 2)
    images = images / 127.5 - 1
    torch.manual_seed(0)
    model = UNet2DModel(
        sample_size=16, in_channels=1, out_channels=1, layers_per_block=1, block_out_channels=(8, 16, 16), norm_num_groups=4,
        attention_head_dim=4, down_block_types=("DownBlock2D", "DownBlock2D", "AttnDownBlock2D"),
        up_block_types=("AttnUpBlock2D", "UpBlock2D", "UpBlock2D"))
    print(sum(p.numel() for p in model.parameters()), "parameters")
    scheduler = DDPMScheduler()
    optimizer = torch.optim.AdamW(model.parameters(), 2e-3)
    steps = 3000
    lr = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    for step in range(steps):
        x = images[torch.randint(0, len(images), (128,))]
        noise, t = torch.randn_like(x), torch.randint(0, 1000, (128,))
        loss = torch.nn.functional.mse_loss(model(scheduler.add_noise(x, noise, t), t).sample, noise)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        lr.step()
        if step % 500 == 0:
            print(step, loss.item(), flush=True)
    DDPMPipeline(model, scheduler).save_pretrained(OUT)


if __name__ == "__main__":
    main()
