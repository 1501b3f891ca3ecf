# SPDX-License-Identifier: Apache-2.0
"""The way back: transformers loads the text encoders and tokenizers that Java saved, and gets what it gets from its own.

Java (oracle/JavaText.java) reads the folders of golden_text.py and saves each part. Runs with transformers 5 and, where that is what is
installed, with 4 (4.57 was seen), whose slow tokenizer reads vocab.json and merges.txt.

Usage: python oracle/check_text.py [OUT_FOLDER]       fails where anything differs
"""
import logging
import pathlib
import subprocess
import sys
import tempfile

import torch
import transformers
from golden_text import ENCODERS, GOLDEN, TOKENIZERS
from safetensors.torch import load_file
from transformers import AutoTokenizer, CLIPTokenizer

ROOT = pathlib.Path(__file__).parent.parent
TEXTS = ("a red cat and a blue dog", "style!! of a toystyle", "cat " * 90, "", "Wow ! <|endoftext|> x <toy>s")


def run_java(folder):
    """With the command's class path, which has everything."""
    target = ROOT / "cli/target"
    parts = [(GOLDEN / place).relative_to(GOLDEN).parts + (ENCODERS[place][1].__name__,) for place in ENCODERS]
    parts += [(*place.split("/"), "CLIPTokenizer") for place in TOKENIZERS]
    triples = [argument for pipeline, name, kind in parts for argument in (GOLDEN / pipeline, name, kind)]
    subprocess.run(["java", "-cp", f"{target}/classes:{target}/lib/*", ROOT / "oracle/JavaText.java", folder, *triples], check=True)


def check_encoder(folder, place):
    kind = ENCODERS[place][1]
    saved = folder / place.replace("/", "-") / "text_encoder"
    names = load_file(saved / "model.safetensors")
    assert all(name.startswith(("text_model.", "text_projection.")) for name in names), sorted(names)
    golden = load_file(GOLDEN / "states.safetensors")
    for variant, near in ((None, 1e-5), ("fp16", 0.05)):
        model, report = kind.from_pretrained(saved, variant=variant, output_loading_info=True, torch_dtype=torch.float32)
        assert not any(report[key] for key in ("missing_keys", "unexpected_keys", "mismatched_keys")), report
        with torch.no_grad():
            got = model.eval()(golden["ids"], output_hidden_states=True)
        found = {f"hidden.{i}": hidden for i, hidden in enumerate(got.hidden_states)}
        found.update(dict(last=got.last_hidden_state), **({"projected": got.text_embeds} if "text_embeds" in got else {"pooled": got.pooler_output}))
        for name, tensor in found.items():
            assert (tensor - golden[f"{place}.{name}"]).abs().max() <= near, (place, variant, name)
    config = model.config.to_dict()
    assert not [key for key in config if key.startswith("_class") or key.startswith("_diffusers")], config
    assert config["architectures"] == [kind.__name__], config
    print(place, "equal; config", {key: config.get(key) for key in ("model_type", "eos_token_id", "projection_dim", "hidden_act")})


def check_tokenizer(folder, place, version):
    wanted = CLIPTokenizer.from_pretrained(GOLDEN / place) if version == 5 else AutoTokenizer.from_pretrained(GOLDEN / place)
    saved = folder / place.replace("/", "-")
    for kind in (CLIPTokenizer, AutoTokenizer):
        got = kind.from_pretrained(saved)
        for text in TEXTS:
            if version == 4 and kind is CLIPTokenizer and "<|endoftext|>" in text:
                continue  # its slow tokenizer splits otherwise
            one, other = (t(text, padding="max_length", max_length=77, truncation=True).input_ids for t in (got, wanted))
            assert one == other, (place, kind, text, one, other)
        assert (got.pad_token, got.model_max_length) == (wanted.pad_token, 77)
        words = kind.from_pretrained(f"{saved}-words")
        ids = words("a <Toy>s <Toy>_1", add_special_tokens=False).input_ids
        assert ids[1:2] == [207] and ids[-1] == 208 and len(words) == 209, (kind, ids)
    print(place, "equal, with words too;", sorted(file.name for file in saved.iterdir()))


def main(folder):
    subprocess.run([ROOT / "diffuse", "--version"], check=True, stdout=subprocess.DEVNULL)
    run_java(folder)
    version = int(transformers.__version__.split(".")[0])
    print("transformers", transformers.__version__)
    for place in ENCODERS:
        check_encoder(folder, place)
    for place in TOKENIZERS:
        check_tokenizer(folder, place, version)


if __name__ == "__main__":
    logging.getLogger("transformers").setLevel(logging.ERROR)
    with tempfile.TemporaryDirectory() as temp:
        main(pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else temp))
