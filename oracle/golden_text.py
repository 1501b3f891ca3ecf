# SPDX-License-Identifier: Apache-2.0
"""Tiny text encoders with their tokenizers as folders of pipelines, and the states that transformers computes
-> core/src/test/resources/golden/text/.

    python oracle/golden_text.py
"""
import json
import pathlib
import shutil
import tempfile

import torch
from safetensors.torch import load_file, save_file
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection, CLIPTokenizer

GOLDEN = pathlib.Path(__file__).parent.parent / "core/src/test/resources/golden/text"
MERGES = "c a|ca t</w>|d o|do g</w>|r e|re d</w>|b l|bl u|blu e</w>|a n|an d</w>|s t|st y|sty l|styl e</w>|to y</w>|t o".split("|")
MERGES = sorted(MERGES, key=lambda merge: len(merge.replace("</w>", "")) - merge.endswith("</w>") * 0.5)


def vocabulary():
    letters = [chr(code) for code in range(33, 127)]
    pieces = letters + [letter + "</w>" for letter in letters] + [merge.replace(" ", "") for merge in MERGES]
    return {piece: i for i, piece in enumerate(pieces + ["<|startoftext|>", "<|endoftext|>"])}


def tokenizer(pad):
    with tempfile.TemporaryDirectory() as folder:
        pathlib.Path(folder, "vocab.json").write_text(json.dumps(vocabulary()))
        pathlib.Path(folder, "merges.txt").write_text("#version: 0.2\n" + "\n".join(MERGES) + "\n")
        pathlib.Path(folder, "tokenizer_config.json").write_text(json.dumps(dict(model_max_length=77, pad_token=pad)))
        return CLIPTokenizer.from_pretrained(folder)


def encoder(seed, kind, **changes):
    config = dict(
        vocab_size=len(vocabulary()), hidden_size=8, intermediate_size=12, num_hidden_layers=3, num_attention_heads=2, projection_dim=8,
        bos_token_id=0, pad_token_id=1, eos_token_id=2, hidden_act="quick_gelu")
    torch.manual_seed(seed)
    model = kind(CLIPTextConfig(**dict(config, **changes))).eval()
    for parameter in model.parameters():  # so large that a prompt matters
        parameter.data += 0.3 * torch.randn(parameter.shape)
    return model


def save(model, folder, form):
    """`old` has the names of transformers 4, `new` those of 5; `half` is a file of fp16."""
    model.save_pretrained(folder)
    weights = load_file(folder / "model.safetensors")
    prefix = "text_model."
    plain = {name.removeprefix(prefix): tensor for name, tensor in weights.items()}
    if form == "old":
        weights = {name if name.startswith("text_projection") else prefix + name: tensor for name, tensor in plain.items()}
        weights[prefix + "embeddings.position_ids"] = torch.arange(77)[None]
    elif form == "new":
        weights = plain
    else:
        weights = {name: tensor.half() for name, tensor in weights.items()}
        (folder / "model.safetensors").unlink()
    save_file(weights, folder / ("model.fp16.safetensors" if form == "half" else "model.safetensors"), dict(format="pt"))


END = vocabulary()["<|endoftext|>"]
ENCODERS = {
    "sd1/text_encoder": (1, CLIPTextModel, {}, "old"),
    "sd2/text_encoder": (2, CLIPTextModel, dict(hidden_act="gelu", eos_token_id=END), "half"),
    "xl/text_encoder": (3, CLIPTextModel, {}, "new"),
    "xl/text_encoder_2": (
        4, CLIPTextModelWithProjection, dict(hidden_act="gelu", hidden_size=12, num_attention_heads=3, projection_dim=6), "old"),
}
TOKENIZERS = {"sd1/tokenizer": "<|endoftext|>", "sd2/tokenizer": "!", "xl/tokenizer": "<|endoftext|>", "xl/tokenizer_2": "!"}


def load(place):
    """As it was saved, in f32."""
    kind = ENCODERS[place][1]
    variant = "fp16" if ENCODERS[place][3] == "half" else None
    return kind.from_pretrained(GOLDEN / place, variant=variant, dtype=torch.float32).eval()


def states():
    """All states of two texts, of which one has an end in its middle."""
    start, end = vocabulary()["<|startoftext|>"], END
    ids = torch.tensor([[start, 5, 7, end, 9, end, end], [start, 1, 200, 3, 4, 60, end]])
    found = dict(ids=ids)
    for place in ENCODERS:
        with torch.no_grad():
            out = load(place)(ids, output_hidden_states=True)
        for i, hidden in enumerate(out.hidden_states):
            found[f"{place}.hidden.{i}"] = hidden
        found[f"{place}.last"] = out.last_hidden_state
        if "text_embeds" in out:
            found[f"{place}.projected"] = out.text_embeds
        else:
            found[f"{place}.pooled"] = out.pooler_output
    return found


def main():
    for name in ("sd1", "sd2", "xl"):
        shutil.rmtree(GOLDEN / name, ignore_errors=True)
    for place, pad in TOKENIZERS.items():
        tokenizer(pad).save_pretrained(GOLDEN / place)
    for place, (seed, kind, changes, form) in ENCODERS.items():
        (GOLDEN / place).mkdir(parents=True)
        save(encoder(seed, kind, **changes), GOLDEN / place, form)
    save_file({name: tensor.contiguous().clone() for name, tensor in states().items()}, GOLDEN / "states.safetensors")
    for file in sorted(GOLDEN.rglob("*")):
        if file.is_file():
            print(file.relative_to(GOLDEN), file.stat().st_size)


if __name__ == "__main__":
    main()
