# SPDX-License-Identifier: Apache-2.0
"""The way back: transformers loads the CLIP that Java trained on its own captions, and gets its tokens and embeddings.

Java (oracle/JavaClip.java) trains clip-small for four steps on small pictures. CLIPModel, CLIPTokenizer and CLIPProcessor load the folder; CLIPTextModel and
CLIPTokenizer load the two parts beside, and give the states that the whole gives.

Usage: python oracle/check_clip_training.py [OUT_FOLDER]       fails where anything differs
"""
import json
import logging
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
import torch
from PIL import Image
from safetensors.torch import load_file
from transformers import AutoTokenizer, CLIPModel, CLIPProcessor, CLIPTextModel, CLIPTokenizer

ROOT = pathlib.Path(__file__).parent.parent
TEXTS = ("a small striped red circle in the middle on a black ground", "A BIG   blue square", "an unseen zebra, 42!", "", "circle " * 60)
NEAR = 2e-5


def run_java(folder):
    target = ROOT / "cli/target"
    subprocess.run(["java", "--add-modules", "jdk.incubator.vector", "-cp", f"{target}/classes:{target}/lib/*", ROOT / "oracle/JavaClip.java", folder, *TEXTS],
                   check=True)


def loaded(kind, folder):
    model, report = kind.from_pretrained(folder, output_loading_info=True)
    assert not any(report[key] for key in ("missing_keys", "unexpected_keys", "mismatched_keys")), report
    return model.eval()


def pooled(found):
    return found if isinstance(found, torch.Tensor) else found.pooler_output


def unit(features):
    return features / features.norm(dim=-1, keepdim=True)


def main():
    folder = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else tempfile.mkdtemp()).absolute()
    logging.getLogger("transformers").setLevel(logging.ERROR)
    run_java(folder)
    java, place = load_file(folder / "embeddings.safetensors"), folder / "run/model"
    model, processor = loaded(CLIPModel, place), CLIPProcessor.from_pretrained(place)
    ids = {str(kind): kind.from_pretrained(where)(list(TEXTS), padding="max_length", truncation=True, return_tensors="pt").input_ids
           for kind, where in ((CLIPTokenizer, place), (AutoTokenizer, place / "tokenizer"))}
    one, other = ids.values()
    assert torch.equal(one, other) and one.shape == (len(TEXTS), 32), one.shape
    levels = java["pictures"].mul(255).round().permute(0, 2, 3, 1).numpy().astype(np.uint8)
    pixels = processor(images=[Image.fromarray(picture) for picture in levels], return_tensors="pt").pixel_values
    with torch.no_grad():
        texts, pictures = unit(pooled(model.get_text_features(input_ids=one))), unit(pooled(model.get_image_features(pixel_values=pixels)))
        half = loaded(CLIPTextModel, place / "text_encoder")(one).last_hidden_state
        whole = model.text_model(input_ids=one).last_hidden_state
    gaps = [(a - b).abs().max().item() for a, b in ((texts, java["of_texts"]), (pictures, java["of_pictures"]), (half, whole))]
    assert max(gaps) <= NEAR, gaps
    config = json.loads((place / "config.json").read_text())
    print("loaded by transformers; texts, pictures, text half differ by", gaps, "; eos", config["text_config"]["eos_token_id"], "of",
          config["text_config"]["vocab_size"], "; logit_scale", model.logit_scale.exp().item())


if __name__ == "__main__":
    main()
