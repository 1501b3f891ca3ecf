# SPDX-License-Identifier: Apache-2.0
"""Makes, once, what both sides of bench/compare load: networks as pipeline folders, pictures, and the networks' operation counts.

Usage: python make_inputs.py WORK_FOLDER [PHOTOS]      PHOTOS: a folder with JPEGs of about 128 pixels; made up where there is none.
"""
import json
import pathlib
import random
import sys

import torch
from diffusers import DDIMScheduler, DDPMPipeline, DDPMScheduler, UNet2DModel
from diffusers.models.attention_processor import Attention, AttnProcessor
from PIL import Image
from safetensors.torch import save_file
from torch.utils.flop_counter import FlopCounterMode
from torchvision.models import inception_v3
from transformers import CLIPConfig, CLIPModel

from lessons import LESSONS
from nets import L, MNIST, S, TINY, ClassConditioned


def flops(model, *inputs):
    """GFLOP of a forward pass of one picture: of convolutions, and of matrix products."""
    for module in model.modules():
        if isinstance(module, Attention):
            module.set_processor(AttnProcessor())  # plain products, which the counter knows
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        model(*inputs)
    by_op = counter.get_flop_counts()["Global"]
    convolution = sum(n for op, n in by_op.items() if "convolution" in str(op))
    return {"convolution": convolution / 1e9, "product": (sum(by_op.values()) - convolution) / 1e9}


def noisy(channels, side):
    return torch.randn(1, channels, side, side), torch.tensor([500])


def networks(out):
    counts = {}
    for name, config, scheduler, sides in (("s", S, DDIMScheduler(), (32,)), ("s-train", S, DDPMScheduler(), (32,)), ("l", L, DDIMScheduler(), (64, 256)),
                                           ("tiny", TINY, DDPMScheduler(), (16,))):
        torch.manual_seed(0)
        model = UNet2DModel(**config).eval()
        DDPMPipeline(model, scheduler).save_pretrained(out / name)
        for side in sides:
            counts[f"{name}-{side}"] = flops(model, *noisy(3, side))
    torch.manual_seed(0)
    model = ClassConditioned()
    folder = out / "mnist"
    (folder / "unet").mkdir(parents=True, exist_ok=True)
    save_file(model.state_dict(), folder / "unet/diffusion_pytorch_model.safetensors", {"format": "pt"})
    unet = {key: list(value) if isinstance(value, tuple) else value for key, value in MNIST.items()}
    config = {"_class_name": "ClassConditionedUnet", "num_classes": 10, "class_emb_size": 4, "unet": unet}
    (folder / "unet/config.json").write_text(json.dumps(config))
    DDPMScheduler(beta_schedule="squaredcos_cap_v2").save_pretrained(folder / "scheduler")
    index = {"_class_name": "DiffusionPipeline", "unet": ["diffusion4j", "ClassConditionedUnet"], "scheduler": ["diffusers", "DDPMScheduler"]}
    (folder / "model_index.json").write_text(json.dumps(index))
    counts["mnist-28"] = flops(model, *noisy(1, 28), torch.tensor([3]))
    lessons(out, counts)
    towers(out, counts)
    (out / "flops.json").write_text(json.dumps(counts, indent=1))


def lessons(out, counts):
    """The lessons' networks: what they cost, and one as a folder, for the LoRA."""
    for name, task in LESSONS.items():
        task = task()
        torch.manual_seed(0)
        network = task.network().eval()
        *inputs, _ = task.parts(torch.zeros(1, task.channels, task.size, task.size), torch.tensor([3]))
        counts[name] = flops(network, *(i for i in inputs[:3 if name != "residual" else 2]))
    folder = out / "cross"
    (folder / "unet").mkdir(parents=True, exist_ok=True)
    weights = LESSONS["cross"]().network().state_dict()
    save_file({name: w for name, w in weights.items() if "num_batches" not in name}, folder / "unet/diffusion_pytorch_model.safetensors", {"format": "pt"})
    (folder / "unet/config.json").write_text(json.dumps({"_class_name": "CrossAttentionUnet", "sample_size": 48}))
    DDPMScheduler().save_pretrained(folder / "scheduler")
    index = {"_class_name": "DiffusionPipeline", "unet": ["diffusion4j", "CrossAttentionUnet"], "scheduler": ["diffusers", "DDPMScheduler"]}
    (folder / "model_index.json").write_text(json.dumps(index))


def towers(out, counts):
    """CLIP ViT-B/32 and InceptionV3 without content: they take as long as with it."""
    torch.manual_seed(0)
    clip = CLIPModel(CLIPConfig()).eval()  # its defaults are ViT-B/32's
    clip.save_pretrained(out / "clip")
    counts["clip"] = flops(clip.vision_model, torch.zeros(1, 3, 224, 224))
    inception = inception_v3(weights=None, init_weights=True).eval()
    (out / "inception").mkdir(exist_ok=True)
    save_file(inception.state_dict(), out / "inception/inception.safetensors")
    counts["inception"] = flops(inception, torch.zeros(1, 3, 299, 299))


def blob(side, mode, generator):
    """A smooth picture with some grain: compresses about as photographs do."""
    channels = 3 if mode == "RGB" else 1
    coarse = torch.rand(1, channels, 6, 6, generator=generator)
    smooth = torch.nn.functional.interpolate(coarse, (side, side), mode="bicubic")[0]
    grain = 0.08 * torch.randn(channels, side, side, generator=generator)
    pixels = ((smooth + grain).clamp(0, 1) * 255).byte()
    return Image.fromarray(pixels.permute(1, 2, 0).numpy() if mode == "RGB" else pixels[0].numpy(), mode)


def pictures(out, photos):
    generator = torch.Generator().manual_seed(0)
    for name, count, side, mode in (("pictures-32", 64, 32, "RGB"), ("pictures-28", 512, 28, "L"), ("pictures-64", 512, 64, "RGB")):
        for i in range(count):
            folder = out / name / str(i % 10)
            folder.mkdir(parents=True, exist_ok=True)
            blob(side, mode, generator).save(folder / f"{i:04}.png")
    found = sorted(pathlib.Path(photos).rglob("*.jpg")) if photos else []
    small = [Image.open(file).convert("RGB").resize((128, 128)) for file in found[:: max(1, len(found) // 1024)][:1024]]
    small = small or [blob(128, "RGB", generator) for _ in range(1024)]
    shuffled = random.Random(0)
    for i, image in enumerate(small):
        folder = out / "photos-128" / str(i % 5)
        folder.mkdir(parents=True, exist_ok=True)
        image.save(folder / f"{i:04}.jpg", quality=92)
    for i in range(256):  # sixteen of them side by side: as much detail a pixel as in a photograph of that size
        mosaic = Image.new("RGB", (512, 512))
        for k in range(16):
            mosaic.paste(shuffled.choice(small), (128 * (k % 4), 128 * (k // 4)))
        folder = out / "photos-500" / str(i % 5)
        folder.mkdir(parents=True, exist_ok=True)
        mosaic.crop((6, 6, 506, 506)).save(folder / f"{i:04}.jpg", quality=92)


if __name__ == "__main__":
    work = pathlib.Path(sys.argv[1])
    networks(work)
    pictures(work, sys.argv[2] if len(sys.argv) > 2 else None)
    (work / "made").write_text("1\n")
