# SPDX-License-Identifier: Apache-2.0
"""Embeddings of tiny random transformers CLIP models -> core/src/test/resources/golden/clip/, folders as save_pretrained writes them;
pictures.safetensors: pictures of long sides as transformers prepares them with Pillow, which takes the columns first in the tall one."""
import json
import pathlib
import shutil

import torch
from PIL import Image
from safetensors.torch import save_file
from transformers import CLIPConfig, CLIPImageProcessorPil, CLIPModel

GOLDEN = pathlib.Path(__file__).parent.parent / "core/src/test/resources/golden/clip"
TEXT = dict(hidden_size=16, intermediate_size=24, num_hidden_layers=2, num_attention_heads=4, max_position_embeddings=9, vocab_size=40)
VISION = dict(hidden_size=24, intermediate_size=32, num_hidden_layers=2, num_attention_heads=3, image_size=16, patch_size=4)
CASES = {
    "quick": dict(hidden_act="quick_gelu"),
    "gelu": dict(hidden_act="gelu"),
    "old_eos": dict(hidden_act="quick_gelu", eos_token_id=2),
}

LONG = {"tall": (120, 37), "rather_tall": (64, 40), "wide": (37, 120)}


def make_pictures():
    size = VISION["image_size"]
    processor = CLIPImageProcessorPil(size={"shortest_edge": size}, crop_size={"height": size, "width": size})
    generator = torch.Generator().manual_seed(3)
    found = {}
    for name, shape in LONG.items():
        picture = torch.randint(0, 256, (3, *shape), generator=generator, dtype=torch.uint8)
        found[name] = picture
        found[name + ".pixels"] = processor(Image.fromarray(picture.permute(1, 2, 0).numpy()), return_tensors="pt").pixel_values
    save_file(found, GOLDEN / "pictures.safetensors")


def main():
    shutil.rmtree(GOLDEN, ignore_errors=True)
    for name, both in CASES.items():
        torch.manual_seed(5)
        eos = both.get("eos_token_id", 39)
        act = {"hidden_act": both["hidden_act"]}
        config = CLIPConfig(
            text_config=dict(TEXT, **act, eos_token_id=eos, bos_token_id=38), vision_config=dict(VISION, **act), projection_dim=12)
        model = CLIPModel(config).eval()
        for parameter in model.parameters():  # else biases are zero and norms one, which hides mistakes
            parameter.data += 0.1 * torch.randn(parameter.shape)
        model.save_pretrained(GOLDEN / name)
        generator = torch.Generator().manual_seed(11)
        pixels = torch.randn((2, 3, 16, 16), generator=generator)
        ids = torch.tensor([[38, 5, 7, 39, 39, 39], [38, 1, 2, 3, 4, 39]])
        with torch.no_grad():
            text = model.get_text_features(ids)
            image = model.get_image_features(pixels)
        text, image = (x if torch.is_tensor(x) else x.pooler_output for x in (text, image))
        with torch.no_grad():
            states = model.text_model(ids).last_hidden_state
        save_file(dict(ids=ids, pixels=pixels, text=text, image=image, states=states), GOLDEN / name / "expected.safetensors")
        print(name, text.shape, image.shape, sum(p.numel() for p in model.parameters()), json.dumps(both))
    make_pictures()


if __name__ == "__main__":
    main()
