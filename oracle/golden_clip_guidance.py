# SPDX-License-Identifier: Apache-2.0
"""CLIP as OpenCLIP has it, and CLIP guidance as the course has it -> core/src/test/resources/golden/clip/{open_quick,open_gelu,guidance}.

open_quick is a folder of the hub's form, open_gelu a training checkpoint of CustomTextCLIP; both with a vocabulary of 40 pieces, and with
embeddings, of pictures as open_clip prepares them too. guidance holds torchvision's random cuts (seeded) with their gradients, and the
course's loss of the transformers folder 'quick' (golden_clip.py comes first; it also gets the vocabulary)."""
import json
import pathlib
import shutil
import string

import open_clip
import torch
import torchvision.transforms as T
from PIL import Image
from safetensors.torch import save_file
from transformers import CLIPImageProcessorPil, CLIPModel, CLIPTokenizer

GOLDEN = pathlib.Path(__file__).parent.parent / "core/src/test/resources/golden/clip"
MEAN, STD = (0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)
SIZE = 16
CONFIG = dict(
    embed_dim=12,
    vision_cfg=dict(image_size=SIZE, layers=2, width=24, patch_size=4, head_width=8, mlp_ratio=1.5),
    text_cfg=dict(context_length=9, vocab_size=40, width=16, heads=4, layers=2))


def write_vocabulary(folder):
    letters = string.ascii_lowercase[:18]
    pieces = [*letters, *(x + "</w>" for x in letters), "bl", "bla</w>", "<|startoftext|>", "<|endoftext|>"]
    (folder / "vocab.json").write_text(json.dumps({piece: i for i, piece in enumerate(pieces)}))
    (folder / "merges.txt").write_text("#version: 0.2\nb l\nbl a</w>\n")


def random_image(height, width, seed):
    """Smooth colours, so that resizing matters, in whole grey levels."""
    small = torch.rand((1, 3, 5, 6), generator=torch.Generator().manual_seed(seed))
    big = torch.nn.functional.interpolate(small, (height, width), mode="bilinear")[0]
    return (big * 255).round().to(torch.uint8)


def expected(model, prepare):
    pictures = [random_image(19, 29, 1), random_image(31, 16, 2), random_image(27, 20, 3)]
    ids = torch.tensor([[38, 5, 7, 39, 0, 0, 0, 0, 0], [38, 1, 2, 3, 4, 39, 0, 0, 0]])
    pixels = torch.stack([prepare(Image.fromarray(x.permute(1, 2, 0).numpy())) for x in pictures])
    with torch.no_grad():
        found = dict(ids=ids, text=model.encode_text(ids), pixels=pixels, image=model.encode_image(pixels))
    found.update({f"picture.{i}": x for i, x in enumerate(pictures)})
    return {k: v.contiguous() for k, v in found.items()}


def make_open_clip(name, quick, custom):
    folder = GOLDEN / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    torch.manual_seed(5)
    cls = open_clip.model.CustomTextCLIP if custom else open_clip.model.CLIP
    model = cls(CONFIG["embed_dim"], CONFIG["vision_cfg"], CONFIG["text_cfg"], quick_gelu=quick).eval()
    for parameter in model.parameters():
        parameter.data += 0.1 * torch.randn(parameter.shape)
    config = dict(CONFIG, quick_gelu=True) if quick else CONFIG
    prepared = dict(mean=[0.5, 0.4, 0.3], std=[0.3, 0.2, 0.25]) if custom else dict(mean=MEAN, std=STD)
    whole = dict(model_cfg=config, preprocess_cfg=prepared)
    (folder / "open_clip_config.json").write_text(json.dumps(whole, indent=1))
    if custom:
        state = {"module." + k: v for k, v in model.state_dict().items()}
        torch.save(dict(epoch=3, name="run", state_dict=state), folder / "epoch_3.pt")
    else:
        save_file(model.state_dict(), folder / "open_clip_model.safetensors")
    write_vocabulary(folder)
    prepare = open_clip.image_transform(SIZE, is_train=False, **prepared)
    save_file(expected(model, prepare), folder / "expected.safetensors")


def spherical_distance(x, y):
    x, y = torch.nn.functional.normalize(x, dim=-1), torch.nn.functional.normalize(y, dim=-1)
    return (x - y).norm(dim=-1).div(2).arcsin().pow(2).mul(2)


def features(found):
    return found if torch.is_tensor(found) else found.pooler_output


def make_guidance():
    quick = GOLDEN / "quick"
    write_vocabulary(quick)
    model = CLIPModel.from_pretrained(quick).eval()
    tokenizer = CLIPTokenizer(str(quick / "vocab.json"), str(quick / "merges.txt"), model_max_length=9)
    found = {}
    ids = tokenizer(["bla cad", "q"], padding="max_length", return_tensors="pt").input_ids
    text = features(model.get_text_features(ids)).detach()
    found.update(ids=ids, text=text)
    cut = T.Compose([T.RandomResizedCrop(SIZE), T.RandomAffine(5), T.RandomHorizontalFlip(), T.Normalize(MEAN, STD)])
    pictures = torch.stack([random_image(14, 12, 7), random_image(14, 12, 8)]).float() / 255
    found["pictures"] = pictures
    for seed in range(6):
        x = pictures.clone().requires_grad_()
        torch.manual_seed(seed)
        pixels = cut(x)
        loss = spherical_distance(features(model.get_image_features(pixels)), text[:1])
        loss.sum().backward()
        found.update({f"{seed}.pixels": pixels[:1].detach(), f"{seed}.loss": loss.detach(), f"{seed}.grad": x.grad})
    processor = CLIPImageProcessorPil(size={"shortest_edge": SIZE}, crop_size={"height": SIZE, "width": SIZE})
    shown = [random_image(19, 29, 1), random_image(31, 16, 2), random_image(27, 20, 3)]
    pixels = torch.cat([processor(Image.fromarray(x.permute(1, 2, 0).numpy()), return_tensors="pt").pixel_values for x in shown])
    with torch.no_grad():
        embedded = features(model.get_image_features(pixels))
        cosine = torch.nn.functional.cosine_similarity(embedded, text[[0, 1, 0]])
    found.update(shown_pixels=pixels, shown_cosine=cosine)
    save_file({k: v.detach().contiguous() for k, v in found.items()}, GOLDEN / "guidance.safetensors")
    print(cosine, [found[f"{s}.loss"].tolist() for s in range(6)])


if __name__ == "__main__":
    make_open_clip("open_quick", quick=True, custom=False)
    make_open_clip("open_gelu", quick=False, custom=True)
    make_guidance()
