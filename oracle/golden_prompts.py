# SPDX-License-Identifier: Apache-2.0
"""What diffusers' pipelines make of prompts, with the tiny text encoders of golden_text.py -> core/src/test/resources/golden/text/prompts.safetensors.

    python oracle/golden_prompts.py
"""
import json

import torch
from diffusers import StableDiffusionPipeline, StableDiffusionXLPipeline
from golden_text import GOLDEN, load
from safetensors.torch import save_file
from transformers import CLIPTokenizer

PROMPTS = ["a Red cat and a blue dog!", "style !! of a toystyle"]
SECOND = ["a dog", ""]
NEGATIVES = ["a bad dog!!", "blue"]
LONG = "red dog and " * 30


def tokenizer(place):
    return CLIPTokenizer.from_pretrained(GOLDEN / place)


def sd(name):
    encoder = load(f"{name}/text_encoder")
    # transformers 5 has no text_model in a CLIPTextModel, which is where diffusers 0.42.1 looks for the norm after skipped blocks
    encoder.text_model = torch.nn.Module()
    encoder.text_model.final_layer_norm = encoder.final_layer_norm
    return StableDiffusionPipeline(
        vae=None, text_encoder=encoder, tokenizer=tokenizer(f"{name}/tokenizer"), unet=None, scheduler=None, safety_checker=None,
        feature_extractor=None, requires_safety_checker=False)


def xl(zeros=True, both=True):
    return StableDiffusionXLPipeline(
        vae=None, text_encoder=load("xl/text_encoder") if both else None, tokenizer=tokenizer("xl/tokenizer") if both else None,
        text_encoder_2=load("xl/text_encoder_2"), tokenizer_2=tokenizer("xl/tokenizer_2"), unet=None, scheduler=None,
        force_zeros_for_empty_prompt=zeros)


def encode_sd(pipe, prompts, negatives=None, skip=None):
    with torch.no_grad():
        return pipe.encode_prompt(prompts, "cpu", 1, True, negatives, clip_skip=skip)


def encode_xl(pipe, prompts, second=None, negatives=None, negative_second=None, skip=None):
    with torch.no_grad():
        return pipe.encode_prompt(
            prompts, second, "cpu", 1, True, negatives, negative_second, clip_skip=skip)


def cases():
    found = {}
    for name in ("sd1", "sd2"):
        pipe = sd(name)
        found[f"{name}.states"], found[f"{name}.empty"] = encode_sd(pipe, PROMPTS)
        found[f"{name}.empty"] = found[f"{name}.empty"][:1]
        if name == "sd2":
            continue
        found[f"{name}.long"] = encode_sd(pipe, LONG)[0]
        found[f"{name}.skip1"], found[f"{name}.negatives"] = encode_sd(pipe, PROMPTS, NEGATIVES, skip=1)
        found[f"{name}.skip2"] = encode_sd(pipe, PROMPTS[:1], skip=2)[0]
    for case, pipe, arguments in (
        ("xl", xl(), (PROMPTS, None, None, None)),
        ("xl.second", xl(False), (PROMPTS, SECOND, None, None)),
        ("xl.negatives", xl(), (PROMPTS[:1], None, NEGATIVES[:1], None, 1)),
        ("xl.both", xl(), (PROMPTS[:1], SECOND[:1], NEGATIVES[:1], NEGATIVES[1:])),
        ("refiner", xl(both=False), (PROMPTS[:1], None, NEGATIVES[:1], None)),
    ):
        parts = encode_xl(pipe, *arguments)
        found.update({f"{case}.{name}": part for name, part in zip(("states", "away", "pooled", "away_pooled"), parts)})
    return found


def main():
    found = cases()
    assert not found.pop("xl.away").any() and not found.pop("xl.away_pooled").any()
    assert found["xl.second.away"].any()
    texts = dict(prompts=PROMPTS, second=SECOND, negatives=NEGATIVES, long=LONG)
    file = GOLDEN / "prompts.safetensors"
    save_file({name: tensor.contiguous().clone() for name, tensor in found.items()}, file, dict(texts=json.dumps(texts)))
    moved = (found["sd1.states"][0] - found["sd1.states"][1]).abs().mean() / found["sd1.states"].abs().mean()
    print(file.stat().st_size, "bytes; two prompts differ by", moved.item())


if __name__ == "__main__":
    main()
