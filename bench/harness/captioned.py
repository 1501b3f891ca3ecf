# SPDX-License-Identifier: Apache-2.0
"""What the training rows of text to image load, made once."""
import shutil
import subprocess

from . import stable
from .processes import BENCH, HOME, PYTHON, WORK, say

SMALL = "text-to-image-small"
# of a row: its model's folder, and the side and the number of its pictures
MODELS = {SMALL: (SMALL, 64, 512), "sd-lora": ("sd15", 256, 8)}


def prepare(rows):
    """The models, pictures with captions, and for the peers the moments of their latents and the states of their captions."""
    for row in rows:
        if row not in MODELS:
            continue
        name, side, count = MODELS[row]
        if name == SMALL:
            small()
        else:
            stable.make(name)
        if not (WORK / f"{name}-kept.safetensors").exists():
            say(f"making what {row} learns from (once) ...")
            subprocess.run([PYTHON, BENCH / "peers/make_captioned.py", WORK, name, str(side), str(count)], check=True)


def small():
    """The recipe's own three networks and its tokenizer, which have learnt for one step each."""
    if (WORK / SMALL).exists():
        return
    say(f"making {SMALL} (once) ...")
    run = WORK / "run-small"
    shutil.rmtree(run, ignore_errors=True)
    changes = ["training.max_steps=1", "samples.count=0", "validation=null", "data.limit=256", "unet.data.latents=live"]
    subprocess.run([HOME / "diffuse", "train", SMALL, "--out", run, *(word for change in changes for word in ("--set", change))], check=True)
    (run / "unet/model").rename(WORK / SMALL)
    shutil.rmtree(run)
