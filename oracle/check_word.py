# SPDX-License-Identifier: Apache-2.0
"""A word that learnt beside a LoRA, as `diffuse train dreambooth-lora` writes both: diffusers reads them by load_lora_weights and load_textual_inversion,
and draws the same latents from the word as Java does; without the word, others.

Usage: python oracle/check_word.py       exit code 1 where anything differs
"""
import pathlib
import subprocess
import sys
import tempfile

import torch
from diffusers import DDIMScheduler, StableDiffusionPipeline
from safetensors.torch import load_file

ROOT = pathlib.Path(__file__).resolve().parent.parent
BASE = ROOT / "core/src/test/resources/golden/tiny-sd"
PROMPT = "a red zog on a black ground"
SETTINGS = {
    "model.from": BASE, "data.image_size": 16, "training.max_steps": 6, "training.batch_size": 4, "training.dtype": "f32", "samples.count": 0,
    "dreambooth.word_learning_rate": 0.1, "dreambooth.prior_weight": 0, "lora.rank": 2}


def draw(lora, with_word):
    pipe = StableDiffusionPipeline.from_pretrained(BASE, torch_dtype=torch.float32, safety_checker=None)
    pipe.scheduler = DDIMScheduler.from_config(pipe.scheduler.config)
    pipe.set_progress_bar_config(disable=True)
    pipe.load_lora_weights(lora)
    if with_word:
        pipe.load_textual_inversion(lora)
        assert pipe.maybe_convert_prompt(PROMPT, pipe.tokenizer) == "a red zog zog_1 zog_2 on a black ground"
    with torch.no_grad():
        return pipe(PROMPT, generator=torch.Generator().manual_seed(5), num_inference_steps=3, guidance_scale=4.0, output_type="latent").images


def main():
    target = ROOT / "cli/target"
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        settings = [part for key, value in SETTINGS.items() for part in ("--set", f"{key}={value}")]
        subprocess.run([ROOT / "diffuse", "train", "dreambooth-lora", *settings, "--out", folder / "run"], check=True, stdout=subprocess.DEVNULL)
        subprocess.run(["java", "-cp", f"{target}/classes:{target}/lib/*", ROOT / "oracle/JavaWord.java", BASE, folder / "run", PROMPT,
                        folder / "drawn.safetensors"], check=True)
        java = load_file(folder / "drawn.safetensors")["samples"]
        python, without = draw(folder / "run/lora", True), draw(folder / "run/lora", False)
        far, other = (float((latents - java).abs().max() / java.abs().max()) for latents in (python, without))
        rows = load_file(folder / "run/lora/learned_embeds.safetensors")
        print(f"{ {key: list(value.shape) for key, value in rows.items()} }: latents differ by {far:.1e} of the largest, without the word by {other:.1e}")
        sys.exit(0 if far < 1e-3 < other else 1)


if __name__ == "__main__":
    main()
