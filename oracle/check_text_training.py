# SPDX-License-Identifier: Apache-2.0
"""What `diffuse train` made of a text-to-image recipe, read by diffusers: the same class, the same latents, and untouched parts to the last byte.

Trains twice for a few steps: the denoiser of the tiny Stable Diffusion, and a fresh one between its autoencoder and its text encoder.

Usage: python oracle/check_text_training.py       exit code 1 where anything differs
"""
import hashlib
import json
import pathlib
import subprocess
import sys
import tempfile

import torch
from diffusers import StableDiffusionPipeline
from safetensors.torch import load_file

ROOT = pathlib.Path(__file__).parent.parent
BASE = ROOT / "core/src/test/resources/golden/tiny-sd"
FRESH = dict(
    block_out_channels=[8, 16], down_block_types=["CrossAttnDownBlock2D", "DownBlock2D"], up_block_types=["UpBlock2D", "CrossAttnUpBlock2D"],
    layers_per_block=1, attention_head_dim=2, norm_num_groups=4)
SCALED = dict(kind="ddim", config=dict(beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", set_alpha_to_one=False, steps_offset=1))
CASES = {
    "base": dict(model={"kind": "UNet2DConditionModel", "from": str(BASE)}),
    "fresh": dict(model=dict(kind="UNet2DConditionModel", config=FRESH, parts=dict(vae=str(BASE), text_encoder=str(BASE))), scheduler=SCALED),
    "text_encoder": dict(model={"kind": "UNet2DConditionModel", "from": str(BASE)}, training=dict(groups=dict(text_encoder=dict(learning_rate=1e-3)))),
}


def sha256(file):
    return hashlib.sha256(file.read_bytes()).hexdigest()


def main():
    subprocess.run([ROOT / "diffuse", "--version"], check=True, stdout=subprocess.DEVNULL)
    target = ROOT / "cli/target"
    wrong = 0
    for name, recipe in CASES.items():
        with tempfile.TemporaryDirectory() as folder:
            folder = pathlib.Path(folder)
            recipe["name"] = name
            recipe["data"] = dict(source="scenes", image_size=16, limit=16)
            recipe["training"] = dict(max_steps=3, epochs=3, batch_size=4, dtype="f32") | recipe.get("training", {})
            recipe["samples"] = dict(count=0)
            (folder / "recipe.yaml").write_text(json.dumps(recipe))
            subprocess.run([ROOT / "diffuse", "train", folder / "recipe.yaml", "--out", folder / "run"], check=True, stdout=subprocess.DEVNULL)
            model = folder / "run/model"
            subprocess.run(["java", "-cp", f"{target}/diffuse.jar:{target}/lib/*", ROOT / "oracle/JavaTextCalls.java", model, folder / "again"],
                           check=True)
            pipe = StableDiffusionPipeline.from_pretrained(model, torch_dtype=torch.float32)
            pipe.set_progress_bar_config(disable=True)
            latents = pipe("a red cat", negative_prompt="house", num_inference_steps=4,
                           generator=torch.Generator().manual_seed(3), output_type="latent").images
            java = load_file(folder / "again/drawn.safetensors")["samples"]
            far = float((latents - java).abs().max() / latents.abs().max())
            same = [part for part in ("vae/diffusion_pytorch_model.safetensors", "text_encoder/model.safetensors")
                    if sha256(model / part) == sha256(BASE / part)]
            right = far < 1e-3 and len(same) == (1 if name == "text_encoder" else 2)
            wrong += not right
            print(f"{name}: {type(pipe).__name__}, latents differ by {far:.1e} of the largest, unchanged {same}: {'right' if right else 'WRONG'}")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
