# SPDX-License-Identifier: Apache-2.0
"""The Python side of bench/compare: one case in one process; gets ready, says so, does a round for each line "go".

Usage: python worker.py train|forward|photos FOLDER MODE [ARGUMENT ...]      MODE: words joined by commas, or "default".
"""
import json
import pathlib
import resource
import statistics
import sys
import time
from concurrent.futures import ThreadPoolExecutor


def say(**answer):
    print("@" + json.dumps(answer), flush=True)


def next_round():
    return sys.stdin.readline().strip() == "go"


def done(seconds, **more):
    say(seconds=seconds, peak_mib=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, **more)


def ready(mode):
    say(ready=True, note=",".join(sorted(mode)), dtype="bf16" if "bf16" in mode else "f32")


def load_model(folder):
    import torch
    from diffusers import UNet2DModel
    from nets import ClassConditioned
    if "ClassConditionedUnet" not in (folder / "model_index.json").read_text():
        return UNet2DModel.from_pretrained(folder / "unet")
    from safetensors.torch import load_file
    model = ClassConditioned()
    model.load_state_dict(load_file(folder / "unet/diffusion_pytorch_model.safetensors"))
    return model


def load_pictures(folder):
    """All of a folder's pictures, (N, C, H, W) in [-1, 1], with their classes."""
    import numpy
    import torch
    from PIL import Image
    files = sorted(pathlib.Path(folder).rglob("*.png"))
    pixels = [torch.from_numpy(numpy.array(Image.open(file))) for file in files]
    images = torch.stack([p[None] if p.dim() == 2 else p.permute(2, 0, 1) for p in pixels]).float() / 127.5 - 1
    return images, torch.tensor([int(file.parent.name) for file in files])


def train(folder, mode, pictures, batch, optimizer, clip, steps):
    import torch
    from diffusers import DDPMScheduler
    batch, steps = int(batch), int(steps)
    model = load_model(folder).train()
    scheduler = DDPMScheduler.from_pretrained(folder / "scheduler")
    channels_last = {"memory_format": torch.channels_last} if "cl" in mode else {}
    if channels_last:
        model.to(**channels_last)
    images, labels = load_pictures(pictures)
    labelled = not hasattr(model, "config")
    adam = torch.optim.Adam if optimizer == "adam" else torch.optim.AdamW
    optimizer = adam(model.parameters(), 4e-4, **({"fused": True} if "fused" in mode else {}))
    called = torch.compile(model) if "compile" in mode else model
    shards = 2 if "split" in mode else 1
    threads = torch.get_num_threads()
    pool = ThreadPoolExecutor(shards)

    def gradients(noisy, timesteps, classes, noise):
        torch.set_num_threads(max(1, threads // shards))
        if channels_last:
            noisy = noisy.contiguous(**channels_last)
        with torch.autocast("cpu", torch.bfloat16, enabled="bf16" in mode):
            predicted = called(noisy, timesteps, *([classes] if labelled else [])).sample
        loss = torch.nn.functional.mse_loss(predicted.float(), noise) / shards
        loss.backward()
        return loss.item()

    def step():
        chosen = torch.randperm(len(images))[:batch]
        clean = images[chosen]
        noise, timesteps = torch.randn_like(clean), torch.randint(1000, (batch,))
        parts = [t.chunk(shards) for t in (scheduler.add_noise(clean, noise, timesteps), timesteps, labels[chosen], noise)]
        loss = sum(pool.map(gradients, *parts)) if shards > 1 else gradients(*(p[0] for p in parts))
        if clip == "clip":
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
        return loss

    for _ in range(4):
        step()
    ready(mode)
    while next_round():
        start = time.perf_counter()
        losses = [step() for _ in range(steps)]
        done((time.perf_counter() - start) / steps, loss=losses[-1])


def forward(folder, mode, side, batch, steps):
    import torch
    torch.set_grad_enabled(False)
    model = load_model(folder).eval()
    dtype = torch.bfloat16 if "bf16" in mode else torch.float32
    layout = torch.channels_last if "cl" in mode else torch.contiguous_format
    model.to(dtype).to(memory_format=layout)
    x = torch.randn(int(batch), 3, int(side), int(side)).to(dtype).contiguous(memory_format=layout)
    t = torch.full((int(batch),), 500)
    if "script" in mode:
        class Plain(torch.nn.Module):
            def forward(self, x, t):
                return model(x, t, return_dict=False)[0]
        plain = Plain()
        plain.model = model
        call = torch.jit.optimize_for_inference(torch.jit.freeze(torch.jit.trace(plain.eval(), (x, t), check_trace=False)))
    elif "compile" in mode:
        import torch._inductor.config
        torch._inductor.config.freezing = True
        call = torch.compile(model)
    else:
        call = model

    def round_():
        times = []
        for _ in range(int(steps)):
            start = time.perf_counter()
            call(x, t)
            times.append(time.perf_counter() - start)
        return statistics.median(times)

    for _ in range(2):
        round_()
    ready(mode)
    while next_round():
        done(round_())


def photos(folder, mode, side, workers):
    from torch.utils.data import DataLoader
    from torchvision import datasets, transforms
    steps = [transforms.Resize((int(side), int(side))), transforms.ToTensor(), transforms.Normalize([0.5] * 3, [0.5] * 3)]
    loader = DataLoader(datasets.ImageFolder(folder, transforms.Compose(steps)), 64, shuffle=True, num_workers=int(workers), persistent_workers=True)

    def round_():
        start = time.perf_counter()
        count = sum(len(images) for images, _ in loader)
        return (time.perf_counter() - start) / count

    for _ in range(2):
        round_()
    ready(mode)
    while next_round():
        seconds = round_()
        done(seconds, images_per_second=1 / seconds)


if __name__ == "__main__":
    case = {"train": train, "forward": forward, "photos": photos}[sys.argv[1]]
    case(pathlib.Path(sys.argv[2]), set(sys.argv[3].split(",")), *sys.argv[4:])
