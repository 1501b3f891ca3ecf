# SPDX-License-Identifier: Apache-2.0
"""Words that textual inversion learnt, in every form of their files, and what diffusers makes of prompts with them
-> core/src/test/resources/golden/text/words/.

    python oracle/golden_words.py
"""
import json
import shutil

import torch
from golden_prompts import encode_sd, encode_xl, sd, xl
from golden_text import GOLDEN
from safetensors.torch import load_file, save_file

WORDS = GOLDEN / "words"
PROMPTS = ["a <toy> and <TOY>s", "triples of a Triples cat, triplestriples", "stylish easy, uneasy style", "a red cat"]
XL_PROMPTS = ["an inverted cat", "a small Inverted"]


def rows(seed, *shape):
    return 0.7 * torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def write():
    shutil.rmtree(WORDS, ignore_errors=True)
    WORDS.mkdir()
    torch.save({"<toy>": rows(1, 8)}, WORDS / "learned_embeds.bin")
    save_file({"triples": rows(2, 3, 8)}, WORDS / "any.safetensors")
    torch.save(
        {"string_to_token": {"*": 265}, "string_to_param": {"*": torch.nn.Parameter(rows(3, 2, 8))}, "name": "stylish", "step": 100,
         "sd_checkpoint": None, "sd_checkpoint_name": None}, WORDS / "other.pt")
    save_file({"emb_params": rows(4, 2, 8)}, WORDS / "easy.safetensors")
    save_file({"clip_l": rows(5, 2, 8), "clip_g": rows(6, 2, 12)}, WORDS / "inverted.safetensors")
    save_file({"emb_params": rows(7, 1, 12)}, WORDS / "small.safetensors")


def main():
    write()
    pipe = sd("sd1")
    for file in ("learned_embeds.bin", "any.safetensors", "other.pt"):
        pipe.load_textual_inversion(WORDS, weight_name=file)
    pipe.load_textual_inversion(WORDS, weight_name="easy.safetensors", token="easy")
    pipe.text_encoder.text_model.final_layer_norm = pipe.text_encoder.final_layer_norm
    found = {"sd1": encode_sd(pipe, PROMPTS)[0]}
    pipe = xl()
    both = load_file(WORDS / "inverted.safetensors")
    for key, suffix in (("clip_l", ""), ("clip_g", "_2")):
        part = dict(text_encoder=getattr(pipe, f"text_encoder{suffix}"), tokenizer=getattr(pipe, f"tokenizer{suffix}"))
        pipe.load_textual_inversion(both[key], token="inverted", **part)
    pipe.load_textual_inversion(
        load_file(WORDS / "small.safetensors")["emb_params"], token="small", text_encoder=pipe.text_encoder_2, tokenizer=pipe.tokenizer_2)
    found["xl.states"], _, found["xl.pooled"], _ = encode_xl(pipe, XL_PROMPTS)
    texts = dict(sd1=PROMPTS, xl=XL_PROMPTS, expanded=pipe_texts(sd_words()))
    save_file({name: tensor.contiguous().clone() for name, tensor in found.items()}, WORDS / "expected.safetensors", dict(texts=json.dumps(texts)))
    for file in sorted(WORDS.iterdir()):
        print(file.name, file.stat().st_size)
    print(texts["expanded"])


def sd_words():
    pipe = sd("sd1")
    pipe.load_textual_inversion(WORDS, weight_name="any.safetensors")
    return pipe


def pipe_texts(pipe):
    return [pipe.maybe_convert_prompt(prompt, pipe.tokenizer) for prompt in PROMPTS]


if __name__ == "__main__":
    main()
