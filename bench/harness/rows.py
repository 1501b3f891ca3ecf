# SPDX-License-Identifier: Apache-2.0
"""What is compared with what. A case is a worker's arguments; a row reads one number from a case's rounds."""
from dataclasses import dataclass, field

from .processes import BENCH, WORK


@dataclass
class Case:
    """The same work on both sides. The tuned modes are tried first, and the fastest goes on to the rounds."""
    kind: str
    folder: str
    arguments: list
    java_modes: list = field(default_factory=lambda: [None])
    tuned: list = field(default_factory=list)
    compiled: list = field(default_factory=list)
    flops: str = ""
    flop_factor: float = 1
    counts: str = "flops.json"  # the file that `flops` is looked up in
    more: list = field(default_factory=list)  # arguments after the mode and the steps
    peer: tuple = ()  # the peer's kind and arguments, where they are not Java's
    openvino: str = ""  # the dtype of OpenVINO's side, where it has one
    apart: bool = False  # one side after the other, where memory does not hold all of them


@dataclass
class Row:
    title: str
    case: str
    number: str  # seconds or peak_mib
    of_default: float
    of_tuned: float = 0


KERAS = ("keras,jax", "keras,tensorflow")


def lesson(name, recipe, pictures, steps, batch, size, more=(), settings=()):
    """A recipe of a lesson beside the same update in PyTorch."""
    modes = ["fused", "fused,malloc", "bf16,cl,fused", "bf16,cl,fused,malloc"]
    split = [] if name in ("residual", "cross") else ["bf16,cl,fused,split,malloc"]  # two halves of a batch have statistics of their own
    changes = [f"data.source=folder:{WORK / pictures}", f"data.image_size={size}", f"data.channels={'rgb' if name == 'residual' else 'grey'}",
               f"training.batch_size={batch}", "validation=null", "data.repeat=1000", *settings]
    return Case("recipe", name, [recipe, steps, *changes], peer=("lesson", [name, WORK / pictures, steps]),
                tuned=[*modes, *split, *more], compiled=["bf16,cl,fused,compile"], flops=f"{name}", flop_factor=(2 if name == "lora" else 3) * batch)


def captioned(name, folder, recipe, steps, pictures, modes, flop_factor, settings=()):
    """A step of text to image from latents and text states that both sides keep, beside that of diffusers' script; peers/captioned.py says what it holds."""
    changes = [f"model.from={WORK / folder}", f"data.source=folder:{WORK / pictures}", "training.checkpoint_every_steps=1000000", *settings]
    return Case("recipe", folder, [recipe, steps, *changes], peer=("captioned", [name, WORK / f"{folder}-kept.safetensors", steps]),
                tuned=modes, compiled=["bf16,cl,fused,compile"], flops=folder, flop_factor=flop_factor, counts="captioned-flops.json")


def guided(gradient):
    """A DDIM step of U-Net L, two pictures, pushed to a colour."""
    return Case("forward", "l", [256, 2], java_modes=["bf16"], more=[f"color=#55FFAA:40,gradient={gradient}"],
                tuned=["cl", "bf16,cl", "bf16,cl,malloc"], flops="l-256", flop_factor=2 if gradient == "cheap" else 6)


def features(kind, tuned):
    return Case("features", kind, [kind, 16, 6], tuned=tuned, compiled=["compile"], flops=kind)


CASES = {
    "train-s": Case("train", "s-train", [WORK / "pictures-32", 16, "adamw", "clip", 4],
                    tuned=["fused", "bf16,cl,fused", "bf16,cl,fused,split", "bf16,cl,fused,malloc", "bf16,cl,fused,mmap", "bf16,cl,fused,split,malloc"],
                    compiled=["bf16,cl,fused,compile"], flops="s-train-32", flop_factor=3 * 16),
    "train-mnist": Case("train", "mnist", [WORK / "pictures-28", 128, "adam", "noclip", 2],
                        tuned=["fused", "fused,cl", "fused,split", "fused,malloc", "fused,split,malloc"], flops="mnist-28", flop_factor=3 * 128),
    "forward-l-256": Case("forward", "l", [256, 1], java_modes=["f32", "bf16"], tuned=["cl", "bf16,cl", "bf16,cl,malloc"],
                          compiled=["bf16,cl,compile"], flops="l-256"),
    "forward-l-64": Case("forward", "l", [64, 4], java_modes=["f32", "bf16"], tuned=["cl", "bf16,cl", "bf16,cl,malloc"],
                         compiled=["bf16,cl,compile"], flops="l-64", flop_factor=4),
    "forward-s": Case("forward", "s", [32, 1], java_modes=["f32", "bf16"], tuned=["cl", "bf16,cl", "script", "script,malloc"],
                      compiled=["compile", "bf16,cl,compile"], flops="s-32"),
    "lab": lesson("lab", "context-guided-lab", "pictures-28", 3, 128, 28),
    "residual": lesson("residual", "flowers-continuous", "pictures-64", 2, 64, 64, KERAS),
    "cross": lesson("cross", "digits-cross-attention", "pictures-28", 1, 128, 48),
    "lora": lesson("lora", "digits-lora", "pictures-28", 1, 128, 48, (), [f"model.from={WORK / 'cross'}"]),
    "text-to-image-small": captioned("text-to-image-small", "text-to-image-small", "text-to-image-small:unet", 3, "captioned-64",
                                     ["fused", "fused,malloc", "fused,split,malloc", "bf16,cl,fused", "bf16,cl,fused,malloc", "bf16,cl,fused,mmap",
                                      "bf16,fused,split,malloc", "bf16,cl,fused,split,malloc"], 3 * 64, ["model.parts={}"]),
    "sd-lora": captioned("sd-lora", "sd15", BENCH / "recipes/sd-lora.yaml", 2, "captioned-256",
                         ["fused,malloc", "cl,fused,malloc", "bf16,fused,malloc", "bf16,cl,fused,malloc", "bf16,cl,fused,mmap"], 2),
    "colour-cheap": guided("cheap"),
    "colour-exact": guided("exact"),
    "clip": features("clip", ["eager", "sdpa,malloc", "script", "script,malloc"]),
    "inception": features("inception", ["cl", "cl,malloc", "script", "script,malloc", "script,cl,malloc"]),
    "photos-128": Case("photos", "photos-128", [64, 2]),
    "photos-500": Case("photos", "photos-500", [64, 2]),
    **{f"hf-{name}": Case("table", f"table-{name}", [64, 2], tuned=["workers", "tensors", "batches,tensors"])
       for name in ("jpeg-128", "jpeg-64", "png-64")},
}

# steps of a forward round: about a second of work
FORWARD_STEPS = {"forward-l-256": 2, "forward-l-64": 4, "forward-s": 25, "colour-cheap": 2, "colour-exact": 1}

ROWS = [
    Row("training step, U-Net S (32 px, batch 16, clip, AdamW), s", "train-s", "seconds", 0.6, 0.75),
    Row("the same, peak resident memory, MiB", "train-s", "peak_mib", 0.55, 0.65),
    Row("training step, class-conditioned MNIST net (28 px, batch 128), s", "train-mnist", "seconds", 0.5, 0.5),
    Row("U-Net L (google/ddpm-*-256) forward, 256 px, batch 1, s", "forward-l-256", "seconds", 0.37, 0.9),
    Row("U-Net L forward, 64 px, batch 4, s", "forward-l-64", "seconds", 0.4, 0.85),
    Row("U-Net S forward, 32 px, batch 1, s", "forward-s", "seconds", 0.5, 0.8),
    Row("colour-guided step, cheap, U-Net L, 256 px, batch 2, s", "colour-cheap", "seconds", 0.8, 0.8),
    Row("colour-guided step, exact, the same, s", "colour-exact", "seconds", 0.8, 0.8),
    Row("the same, peak resident memory, MiB", "colour-exact", "peak_mib", 0.8, 0.8),
    Row("training step, lab U-Net (28 px, batch 128), s", "lab", "seconds", 0.8, 0.8),
    Row("the same, peak resident memory, MiB", "lab", "peak_mib", 0.8, 0.8),
    Row("training step, residual U-Net (64 px, batch 64), s", "residual", "seconds", 0.8, 0.8),
    Row("the same, peak resident memory, MiB", "residual", "peak_mib", 0.8, 0.8),
    Row("training step, cross-attention U-Net (48 px, batch 128), s", "cross", "seconds", 0.8, 0.9),
    Row("the same, peak resident memory, MiB", "cross", "peak_mib", 0.8, 0.8),
    Row("LoRA step, cross-attention U-Net (48 px, batch 128), s", "lora", "seconds", 0.8, 0.9),
    Row("the same, peak resident memory, MiB", "lora", "peak_mib", 0.8, 0.8),
    Row("training step, the denoiser of text-to-image-small (latents 4×16×16, batch 64), s", "text-to-image-small", "seconds", 0.5, 0.8),
    Row("the same, peak resident memory, MiB", "text-to-image-small", "peak_mib", 0.7, 0.7),
    Row("LoRA step, SD1.5 at 256 px (rank 4 on attention, batch 1), s", "sd-lora", "seconds", 0.5, 0.8),
    Row("the same, peak resident memory, MiB", "sd-lora", "peak_mib", 0.7, 0.7),
    Row("CLIP ViT-B/32 image embedding, s a picture", "clip", "seconds", 0.95, 0.95),
    Row("InceptionV3 features, 299 px, s a picture", "inception", "seconds", 0.95, 0.95),
    Row("JPEG folder (128 px) to 64-px tensors, 2 workers, s a picture", "photos-128", "seconds", 1.0),
    Row("JPEG folder (500 px) to 64-px tensors, 2 workers, s a picture", "photos-500", "seconds", 1.0),
    Row("hf-images: Parquet data set, JPEG (128 px) to 64-px tensors, 2 workers, s a picture", "hf-jpeg-128", "seconds", 1.0, 1.0),
    Row("hf-images: Parquet data set, JPEG (64 px) to 64-px tensors, 2 workers, s a picture", "hf-jpeg-64", "seconds", 1.0, 1.0),
    Row("hf-images: Parquet data set, PNG (64 px) to 64-px tensors, 2 workers, s a picture", "hf-png-64", "seconds", 1.0, 1.0),
]

# these have code of their own in compare
OTHERS = ["sample", "load", "sampling-memory", "training-memory"]
