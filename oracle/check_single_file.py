# SPDX-License-Identifier: Apache-2.0
"""The way back of single files: what `diffuse convert` writes, read by diffusers.

For each kind a small pipeline is saved by diffusers, turned into one file by Java, and read by from_single_file; and that file is turned into
a folder by Java and read by from_pretrained. Both must have the weights of the first, say nothing, and draw the same latents.

Usage: python oracle/check_single_file.py [OUT_FOLDER]       exit code 1 where anything differs
"""
import logging
import pathlib
import subprocess
import sys
import tempfile

import torch
from diffusers import (AutoencoderKL, DDIMScheduler, EulerDiscreteScheduler, StableDiffusionPipeline, StableDiffusionXLPipeline,
                       UNet2DConditionModel)
from golden_single_file import GOLDEN, ROOT, TINY
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection, CLIPTokenizer

KINDS = {"sd1": StableDiffusionPipeline, "sd2": StableDiffusionPipeline, "xl": StableDiffusionXLPipeline}
PROMPT = dict(prompt="a photo of a cat", num_inference_steps=3, output_type="latent")


class Complaints(logging.Handler):
    def __init__(self):
        super().__init__(logging.WARNING)
        self.lines = []

    def emit(self, record):
        self.lines.append(record.getMessage())


def make(kind, cls, folder):
    torch.manual_seed(11)
    tokenizer = CLIPTokenizer.from_pretrained(GOLDEN / "text/sd1/tokenizer")
    parts = {"scheduler": (EulerDiscreteScheduler if kind == "xl" else DDIMScheduler)(
        beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", steps_offset=1,
        **({} if kind == "xl" else {"clip_sample": False}), prediction_type="v_prediction" if kind == "sd2" else "epsilon")}
    for part, config in TINY[kind][2].items():
        if part in ("unet", "vae"):
            parts[part] = (UNet2DConditionModel if part == "unet" else AutoencoderKL).from_config(config)
        else:
            text = CLIPTextConfig(**{**config, "vocab_size": len(tokenizer)})
            parts[part] = (CLIPTextModelWithProjection if part == "text_encoder_2" else CLIPTextModel)(text)
            parts[part.replace("text_encoder", "tokenizer")] = tokenizer
    more = {} if kind == "xl" else dict(safety_checker=None, feature_extractor=None, requires_safety_checker=False)
    cls(**parts, **more).save_pretrained(folder)


def convert(*arguments):
    subprocess.run([ROOT / "diffuse", "convert", *arguments], check=True)


def latents(pipe):
    pipe.set_progress_bar_config(disable=True)
    return pipe(generator=torch.Generator().manual_seed(3), **PROMPT).images


def differences(expected, pipe, complaints):
    problems = [f"complaint: {line}" for line in complaints.lines]
    for name, part in expected.components.items():
        if isinstance(part, torch.nn.Module):
            own, other = part.state_dict(), getattr(pipe, name).state_dict()
            problems += [f"{name}: {key}" for key in own.keys() | other.keys()
                         if key not in own or key not in other or not torch.equal(own[key], other[key])]
    if not torch.equal(latents(expected), latents(pipe)):
        problems.append("other latents")
    return problems


def check(kind, cls, out):
    folder, file, again = out / kind, out / f"{kind}.safetensors", out / f"{kind}-again"
    make(kind, cls, folder)
    convert(folder, "--out", file)
    convert(file, "--out", again, "--config", folder)
    expected, wrong = cls.from_pretrained(folder), 0
    for name, load in {"from_single_file": lambda: cls.from_single_file(str(file), config=str(folder), local_files_only=True),
                       "from_pretrained": lambda: cls.from_pretrained(again)}.items():
        complaints = Complaints()
        for library in ("diffusers", "transformers"):
            logging.getLogger(library).addHandler(complaints)
        pipe = load()
        for library in ("diffusers", "transformers"):
            logging.getLogger(library).removeHandler(complaints)
        complaints.lines = [line for line in complaints.lines if "safety checker" not in line and "kept in float32" not in line]
        problems = differences(expected, pipe, complaints)
        print(f"{kind:5s} {name:17s} " + ("; ".join(problems) or "equal"), flush=True)
        wrong += bool(problems)
    return wrong


def main():
    with tempfile.TemporaryDirectory() as temporary:
        out = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else temporary)
        out.mkdir(parents=True, exist_ok=True)
        wrong = sum(check(kind, cls, out) for kind, cls in KINDS.items())
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
