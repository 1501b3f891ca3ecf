# SPDX-License-Identifier: Apache-2.0
"""The way back of whole pipelines: diffusers loads what Java loaded and saved, as the same class, and draws the same latents.

Usage: python oracle/check_text_calls.py       exit code 1 where anything differs
"""
import pathlib
import subprocess
import sys
import tempfile

import torch
from diffusers import DiffusionPipeline
from safetensors.torch import load_file

ROOT = pathlib.Path(__file__).parent.parent
GOLDEN = ROOT / "core/src/test/resources/golden"


def main():
    subprocess.run([ROOT / "diffuse", "--version"], check=True, stdout=subprocess.DEVNULL)
    target = ROOT / "cli/target"
    wrong = 0
    for name in ("tiny-sd", "tiny-xl"):
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run(["java", "-cp", f"{target}/diffuse.jar:{target}/lib/*", ROOT / "oracle/JavaTextCalls.java",
                            GOLDEN / name, folder], check=True)
            first = DiffusionPipeline.from_pretrained(GOLDEN / name, torch_dtype=torch.float32)
            pipe = DiffusionPipeline.from_pretrained(folder, torch_dtype=torch.float32)
            pipe.set_progress_bar_config(disable=True)
            latents = pipe("a red cat", negative_prompt="house", num_inference_steps=4,
                           generator=torch.Generator().manual_seed(3), output_type="latent").images
            java = load_file(pathlib.Path(folder, "drawn.safetensors"))["samples"]
            far = float((latents - java).abs().max() / latents.abs().max())
            right = type(pipe) is type(first) and far < 1e-3
            wrong += not right
            print(f"{name}: {type(pipe).__name__}, latents differ by {far:.1e} of the largest: {'right' if right else 'WRONG'}")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
