# SPDX-License-Identifier: Apache-2.0
"""Makes, once, the models of bench/load: pipeline folders of random weights that both sides load.   Usage: python make_load.py WORK_FOLDER"""
import pathlib
import sys

import torch
from diffusers import DDIMPipeline, DDIMScheduler, UNet2DModel

from nets import MNIST, TINY

PIXELS_28 = MNIST | {"in_channels": 1}  # the course's network, without a class

out = pathlib.Path(sys.argv[1])
for name, config in (("load-tiny", TINY), ("load-28", PIXELS_28)):
    torch.manual_seed(0)
    scheduler = DDIMScheduler(beta_schedule="squaredcos_cap_v2")  # draws no noise on its way
    DDIMPipeline(UNet2DModel(**config).eval(), scheduler).save_pretrained(out / name)
