# SPDX-License-Identifier: Apache-2.0
"""A text-to-image folder that `diffuse train` left, drawn by diffusers and by `diffuse sample` from the same seeds: the same pictures.

Usage: python oracle/check_folder.py FOLDER [PROMPT ...]       exit code 1 where a pixel differs by more than 2 of 255

Two, as rounding to 8 bits doubles what twenty steps leave of other sums (about 1e-3 of a latent).
"""
import pathlib
import subprocess
import sys
import tempfile

import numpy
import torch
from diffusers import DPMSolverMultistepScheduler, StableDiffusionPipeline
from PIL import Image

ROOT = pathlib.Path(__file__).parent.parent
PROMPTS = ["a blue ring to the left of an orange star on a black background", "a big dotted brown square on the right on a white ground",
           "on a grey background, an orange square above an orange circle", "a small purple cross in the centre on a black background"]
STEPS, SCALE, MOST = 20, 3.0, 2


def java(folder, prompt, seed, out):
    subprocess.run([str(ROOT / "diffuse"), "sample", "--model", str(folder), "--prompt", prompt, "--scheduler", "dpm-multistep", "--steps", str(STEPS),
                    "--guidance-scale", str(SCALE), "--seed", str(seed), "--dtype", "f32", "-o", str(out)], check=True, stdout=subprocess.DEVNULL)
    return numpy.asarray(Image.open(next(iter(sorted(out.glob("*.png"))))).convert("RGB"), dtype=int)


def main():
    folder = pathlib.Path(sys.argv[1])
    model = folder / "model" if (folder / "model").is_dir() else folder
    pipe = StableDiffusionPipeline.from_pretrained(model, safety_checker=None)
    pipe.scheduler = DPMSolverMultistepScheduler.from_config(pipe.scheduler.config)
    pipe.set_progress_bar_config(disable=True)
    worst = 0
    with tempfile.TemporaryDirectory() as temporary:
        for seed, prompt in enumerate(sys.argv[2:] or PROMPTS):
            theirs = pipe(prompt, num_inference_steps=STEPS, guidance_scale=SCALE, generator=torch.Generator().manual_seed(seed)).images[0]
            away = abs(numpy.asarray(theirs, dtype=int) - java(folder, prompt, seed, pathlib.Path(temporary) / str(seed)))
            worst = max(worst, away.max())
            print(f"{prompt}: at most {away.max()} of 255, {100 * (away > 0).mean():.2f} % of the values differ")
    return 1 if worst > MOST else 0


if __name__ == "__main__":
    sys.exit(main())
