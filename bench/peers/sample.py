# SPDX-License-Identifier: Apache-2.0
"""What `diffuse sample --model MODEL --steps STEPS --out OUT` does, by diffusers.   Usage: python sample.py MODEL STEPS OUT"""
import pathlib
import sys

import torch
from diffusers import DDPMPipeline

model, steps, out = sys.argv[1:]
pathlib.Path(out).mkdir(parents=True, exist_ok=True)
pipeline = DDPMPipeline.from_pretrained(model)
pipeline.set_progress_bar_config(disable=True)
images = pipeline(batch_size=1, generator=torch.Generator().manual_seed(0), num_inference_steps=int(steps)).images
images[0].save(pathlib.Path(out) / "0000.png")
