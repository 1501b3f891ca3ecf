# SPDX-License-Identifier: Apache-2.0
"""Makes captioned pictures, and what a text-to-image model makes of them: the latents' moments and the captions' states; counts what its network multiplies.

Usage: python make_captioned.py WORK MODEL SIDE COUNT      MODEL: a folder in WORK; the pictures are those of WORK/captioned-SIDE
"""
import json
import pathlib
import random
import sys

import numpy
import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from make_inputs import blob, flops
from safetensors.torch import save_file
from transformers import CLIPTextModel, CLIPTokenizer

COLOURS, FORMS, PLACES = ("red", "green", "blue", "yellow", "white", "black"), ("circle", "square", "triangle", "ring"), ("left of", "above", "beside")


def pictures(folder, side, count):
    """As images and captions; on the disk, an image folder with its metadata.jsonl."""
    generator, words = torch.Generator().manual_seed(0), random.Random(0)
    folder.mkdir(exist_ok=True)
    images, captions = [], []
    for i in range(count):
        images.append(blob(side, "RGB", generator))
        things = [f"a {words.choice(COLOURS)} {words.choice(FORMS)}" for _ in range(2)]
        captions.append(f"{things[0]} {words.choice(PLACES)} {things[1]}")
        images[-1].save(folder / f"{i:04}.png")
    lines = [json.dumps({"file_name": f"{i:04}.png", "text": caption}) for i, caption in enumerate(captions)]
    (folder / "metadata.jsonl").write_text("\n".join(lines) + "\n")
    return images, captions


def moments(model, images):
    """Mean and deviation of each picture's latent, scaled as the network sees them."""
    vae = AutoencoderKL.from_pretrained(model / "vae").eval()
    pixels = torch.stack([torch.from_numpy(numpy.array(image)).permute(2, 0, 1) for image in images]) / 127.5 - 1
    latents = [vae.encode(part).latent_dist for part in pixels.split(max(1, 2**16 // pixels[0, 0].numel()))]
    return tuple(torch.cat(parts) * vae.config.scaling_factor for parts in ([of.mean for of in latents], [of.std for of in latents]))


def states(model, captions):
    tokenizer = CLIPTokenizer.from_pretrained(model / "tokenizer")
    encoder = CLIPTextModel.from_pretrained(model / "text_encoder", dtype=torch.float32).eval()
    length = encoder.config.max_position_embeddings
    tokens = tokenizer(captions, max_length=length, padding="max_length", truncation=True, return_tensors="pt").input_ids
    return torch.cat([encoder(part, return_dict=False)[0] for part in tokens.split(32)])


def count_of(model, latent, text):
    """GFLOP of a forward pass of one picture; the network is made without memory."""
    with torch.device("meta"):
        network = UNet2DConditionModel.from_config(UNet2DConditionModel.load_config(model / "unet"))
        return flops(network, torch.empty(1, *latent.shape[1:]), torch.tensor(500), torch.empty(1, *text.shape[1:]))


if __name__ == "__main__":
    torch.set_grad_enabled(False)
    work, name, side, count = pathlib.Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    images, captions = pictures(work / f"captioned-{side}", side, count)
    mean, std = moments(work / name, images)
    text = states(work / name, [*captions, ""])
    counts = work / "captioned-flops.json"
    known = json.loads(counts.read_text()) if counts.exists() else {}
    counts.write_text(json.dumps(known | {name: count_of(work / name, mean, text)}, indent=1))
    kept = {key: tensor.contiguous() for key, tensor in (("mean", mean), ("std", std), ("states", text[:-1]), ("nothing", text[-1:]))}
    save_file(kept, work / f"{name}-kept.safetensors")
