# SPDX-License-Identifier: Apache-2.0
"""Weighted prompts by the formulas of A1111's stable-diffusion-webui and of ComfyUI, with the tiny text encoders of golden_text.py
-> core/src/test/resources/golden/text/weights.safetensors.

    python oracle/golden_weights.py

What each prompt means is written down here by hand, as the tools' documentation says it ("Attention/emphasis" in the one's wiki, "Up and
down weighting" in the other's readme); chunks and states are computed.

A1111: tokens one after the other, 75 a chunk; a full chunk ends behind its last comma where that is among the last 20 tokens; a chunk's states times
its weights, and then times the mean before over the mean after. ComfyUI: words stay whole, those of 8 tokens and more are cut where the chunk is full; each
state goes from the empty prompt's by its weight. Both pad with what the tokenizer pads with and read "!" as a word.
"""
import json

import torch
from golden_text import GOLDEN, load
from safetensors.torch import save_file
from transformers import CLIPTokenizer

BREAK = object()
COMMAS = "red cat, blue dog, " * 12 + "a stylestyle and (toy:1.5) style"
SHIFTED = "a " + "red cat, blue dog, " * 16 + "(toy)"
LONG = "abcdefghijkl cat " * 7
CASES = {  # name: syntax, pipeline, prompt, what it means
    "a1111": ("a1111", "sd1", "a (red:1.3) cat and [blue] ((dog))", [
        ("a ", 1), ("red", 1.3), (" cat and ", 1), ("blue", 1 / 1.1), (" ", 1), ("dog", 1.1 * 1.1)]),
    "a1111.commas": ("a1111", "sd1", COMMAS, [("red cat, blue dog, " * 12 + "a stylestyle and ", 1), ("toy", 1.5), (" style", 1)]),
    "a1111.shifted": ("a1111", "sd1", SHIFTED, [(SHIFTED[:-5], 1), ("toy", 1.1)]),
    "a1111.break": ("a1111", "sd2", "a cat! BREAK (a dog!:0.7)", [("a cat!", 1), BREAK, ("a dog!", 0.7)]),
    "a1111.xl": ("a1111", "xl", "a (red:1.3) \\(cat\\)!", [("a ", 1), ("red", 1.3), (" (cat)!", 1)]),
    "comfy": ("comfy", "sd1", "a (red (blue) cat:1.3) and (dog) [toy] (a (style:0.5):2)", [
        ("a ", 1), ("red ", 1.3), ("blue", 1.3 * 1.1), (" cat", 1.3), (" and ", 1), ("dog", 1.1), (" [toy] ", 1), ("a ", 2), ("style", 0.5)]),
    "comfy.long": ("comfy", "sd1", f"{LONG}(toy:1.2) {LONG}", [(LONG, 1), ("toy", 1.2), (f" {LONG}", 1)]),
    "comfy.words": ("comfy", "sd2", "cat! " * 40 + "(blue:0.8)", [("cat! " * 40, 1), ("blue", 0.8)]),
    "comfy.xl": ("comfy", "xl", "a (red:1.3) \\(cat\\)!", [("a ", 1), ("red", 1.3), (" (cat)!", 1)]),
}


class Tokens:
    def __init__(self, place):
        self.of = CLIPTokenizer.from_pretrained(GOLDEN / place)
        self.plain = CLIPTokenizer.from_pretrained(GOLDEN / place, pad_token="<|endoftext|>", added_tokens_decoder={})
        self.comma = self.of.get_vocab()[",</w>"]

    def __call__(self, text):
        return self.plain(text, add_special_tokens=False).input_ids

    def filled(self, tokens):
        """With start, end, padding and their weights."""
        ids = [self.of.bos_token_id, *(token for token, _ in tokens), self.of.eos_token_id]
        weights = [1.0, *(weight for _, weight in tokens), 1.0]
        missing = 77 - len(ids)
        return ids + [self.of.pad_token_id] * missing, weights + [1.0] * missing


def a1111_chunks(meaning, tokens):
    chunks, chunk, comma = [], [], None

    def end():
        nonlocal chunk, comma
        chunks.append(chunk)
        chunk, comma = [], None

    for part in meaning:
        if part is BREAK:
            end()
            continue
        for token in tokens(part[0]):
            if len(chunk) == 75:
                rest = []
                if token != tokens.comma and comma is not None and 75 - comma <= 20:
                    chunk, rest = chunk[: comma + 1], chunk[comma + 1 :]
                end()
                chunk = rest
            elif token == tokens.comma:
                comma = len(chunk)
            chunk.append((token, part[1]))
    if chunk or not chunks:
        end()
    return chunks


def comfy_chunks(meaning, tokens):
    chunks = [[]]
    for text, weight in meaning:
        for word in text.split():
            ids = tokens(word)
            keep = len(ids) < 8
            while ids:
                room = 75 - len(chunks[-1])
                if len(ids) > room and keep:
                    chunks.append([])
                    continue
                chunks[-1] += [(token, weight) for token in ids[:room]]
                ids = ids[room:]
                if ids:
                    chunks.append([])
    return chunks


def weighted(syntax, states, weights, empty):
    if all(weight == 1 for weight in weights):
        return states
    weights = torch.tensor(weights)[:, None]
    if syntax == "comfy":
        return (states - empty) * weights + empty
    result = states * weights
    return result * (states.mean() / result.mean())


def encode(syntax, pipeline, meaning, suffix):
    model, tokens = load(f"{pipeline}/text_encoder{suffix}"), Tokens(f"{pipeline}/tokenizer{suffix}")
    chunks = (a1111_chunks if syntax == "a1111" else comfy_chunks)(meaning, tokens)
    filled = [tokens.filled(chunk) for chunk in chunks]
    with torch.no_grad():
        out = model(torch.tensor([ids for ids, _ in filled] + [tokens.filled([])[0]]), output_hidden_states=True)
    states = out.hidden_states[-2] if pipeline == "xl" else out.last_hidden_state
    result = torch.cat([weighted(syntax, states[i], weights, states[-1]) for i, (_, weights) in enumerate(filled)])
    return result, out.text_embeds[:1] if suffix else None, [len(chunk) for chunk in chunks]


def main():
    found, texts = {}, {}
    for name, (syntax, pipeline, prompt, meaning) in CASES.items():
        parts = [encode(syntax, pipeline, meaning, suffix) for suffix in (("", "_2") if pipeline == "xl" else ("",))]
        found[name] = torch.cat([states for states, _, _ in parts], -1)[None]
        if pipeline == "xl":
            found[f"{name}.pooled"] = parts[-1][1]
        texts[name] = dict(syntax=syntax, pipeline=pipeline, prompt=prompt)
        print(name, found[name].shape, "tokens of the chunks:", parts[0][2])
    save_file({name: tensor.contiguous().clone() for name, tensor in found.items()}, GOLDEN / "weights.safetensors", dict(cases=json.dumps(texts)))
    print((GOLDEN / "weights.safetensors").stat().st_size, "bytes")


if __name__ == "__main__":
    main()
