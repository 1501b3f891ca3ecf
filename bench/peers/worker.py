# SPDX-License-Identifier: Apache-2.0
"""The Python side of bench/compare: one case in one process; gets ready, says so, does a round for each line "go".

Usage: python worker.py train|lesson|captioned|forward|features|photos|table|stable FOLDER MODE [ARGUMENT ...]      MODE: words joined by commas, or "default".
"""
import json
import pathlib
import resource
import statistics
import sys
import time
from concurrent.futures import ThreadPoolExecutor


WARM_UP_SECONDS = 15  # of an update's rows: as long as Java's side, though torch needs less


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


def updates(mode, model, batch_parts, loss_of, parameters, adam, clip, after=None):
    """A function that makes one update, then calls what is to come after it, and returns its loss. Modes: cl, bf16, fused, split, compile."""
    import torch
    layout = {"memory_format": torch.channels_last} if "cl" in mode else {}
    if layout:
        model.to(**layout)
    optimizer = adam(parameters, 4e-4, **({"fused": True} if "fused" in mode else {}))
    called = torch.compile(model) if "compile" in mode else model
    shards = 2 if "split" in mode else 1
    threads = torch.get_num_threads()
    pool = ThreadPoolExecutor(shards)

    def gradients(noisy, *rest):
        torch.set_num_threads(max(1, threads // shards))
        noisy = noisy.contiguous(**layout) if layout else noisy
        with torch.autocast("cpu", torch.bfloat16, enabled="bf16" in mode):
            loss = loss_of(called, noisy, *rest) / shards
        loss.backward()
        return loss.item()

    def step():
        parts = [[None] * shards if part is None else part.chunk(shards) for part in batch_parts()]
        loss = sum(pool.map(gradients, *parts)) if shards > 1 else gradients(*(part[0] for part in parts))
        if clip:
            torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        optimizer.zero_grad()
        if after:
            after()
        return loss

    return step


def run_updates(mode, step, steps):
    begun, warm = time.perf_counter(), []
    while len(warm) < 4 or time.perf_counter() - begun < WARM_UP_SECONDS:
        warm.append(step())
    first = warm[0]
    ready(mode)
    while next_round():
        start = time.perf_counter()
        losses = [step() for _ in range(steps)]
        done((time.perf_counter() - start) / steps, loss=losses[-1], first_loss=first)


def train(folder, mode, pictures, batch, optimizer, clip, steps):
    import torch
    from diffusers import DDPMScheduler
    model = load_model(folder).train()
    scheduler = DDPMScheduler.from_pretrained(folder / "scheduler")
    images, labels = load_pictures(pictures)
    labelled = not hasattr(model, "config")

    def parts():
        chosen = torch.randperm(len(images))[:int(batch)]
        clean = images[chosen]
        noise, timesteps = torch.randn_like(clean), torch.randint(1000, (int(batch),))
        return scheduler.add_noise(clean, noise, timesteps), timesteps, labels[chosen], noise

    def loss(call, noisy, timesteps, classes, noise):
        predicted = call(noisy, timesteps, *([classes] if labelled else [])).sample
        return torch.nn.functional.mse_loss(predicted.float(), noise)

    adam = torch.optim.Adam if optimizer == "adam" else torch.optim.AdamW
    run_updates(mode, updates(mode, model, parts, loss, list(model.parameters()), adam, clip == "clip"), int(steps))


def lesson(folder, mode, name, pictures, steps):
    """A recipe's update, or Keras' of the same network (modes keras,tensorflow and keras,jax)."""
    import torch
    from lessons import LESSONS
    task = LESSONS[name]()
    images, labels = load_pictures(pictures)
    images = torch.nn.functional.interpolate(images, (task.size, task.size), mode="bilinear")
    if "keras" in mode:
        from keras_residual import steps as keras_steps
        run = keras_steps(next(word for word in mode if word != "keras"), images)
        run_updates(mode, lambda: run(1), int(steps))
        return
    torch.manual_seed(0)
    model = task.network().train()

    def parts():
        chosen = torch.randint(len(images), (task.batch,))
        return task.parts(images[chosen], labels[chosen])

    run_updates(mode, updates(mode, model, parts, task.loss, task.parameters(model), torch.optim.Adam, False), int(steps))


def captioned(folder, mode, name, kept, steps):
    """An update of a text-to-image model, as diffusers' scripts make it."""
    import torch
    from captioned import TASKS
    torch.manual_seed(0)
    task = TASKS[name](folder, kept, mode)
    run_updates(mode, updates(mode, task.unet, task.parts, task.loss, task.parameters(), torch.optim.AdamW, True, task.after), int(steps))


def forward(folder, mode, side, batch, steps, guide=None):
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

    if guide:
        call = guided(call, folder, dtype, layout, "exact" in guide)

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


def guided(network, folder, dtype, layout, exact):
    """A DDIM step pushed to a colour, as the course writes it: one call of the network, one gradient."""
    import torch
    from diffusers import DDIMScheduler
    scheduler = DDIMScheduler.from_pretrained(folder / "scheduler")
    scheduler.set_timesteps(50)
    t = scheduler.timesteps[25]
    target = (torch.tensor([0x55, 0xFF, 0xAA]) / 127.5 - 1)[None, :, None, None]

    def predict(x, times):
        noise = network(x.to(dtype).contiguous(memory_format=layout), times)
        return (noise if torch.is_tensor(noise) else noise.sample).float()

    def call(x, times):
        x = x.float().detach()
        with torch.enable_grad():
            if exact:
                x.requires_grad_()
                noise = predict(x, times)
            else:
                with torch.no_grad():
                    noise = predict(x, times)
                x.requires_grad_()
            clean = scheduler.step(noise, t, x).pred_original_sample
            loss = (clean - target).abs().mean() * 40
            push = torch.autograd.grad(loss, x)[0]
        return scheduler.step(noise.detach(), t, x.detach() - push).prev_sample

    return call


def features(folder, mode, kind, batch, steps):
    import torch
    torch.set_grad_enabled(False)
    layout = torch.channels_last if "cl" in mode else torch.contiguous_format
    if kind == "clip":
        from transformers import CLIPVisionModelWithProjection
        model, side = CLIPVisionModelWithProjection.from_pretrained(folder, attn_implementation="eager" if "eager" in mode else "sdpa").eval(), 224

        class Plain(torch.nn.Module):
            def forward(self, x):
                return torch.nn.functional.normalize(model(x).image_embeds)
    else:
        from safetensors.torch import load_file
        from torchvision.models import inception_v3
        model, side = inception_v3(weights=None, init_weights=False, aux_logits=True, transform_input=False), 299
        model.load_state_dict(load_file(folder / "inception.safetensors"))
        model.fc = torch.nn.Identity()
        model.eval()

        class Plain(torch.nn.Module):
            def forward(self, x):
                return model(x * 2 - 1)
    model.to(memory_format=layout)
    x = torch.rand(int(batch), 3, side, side).contiguous(memory_format=layout)
    call = Plain()
    call.model = model
    if "script" in mode:
        call = torch.jit.optimize_for_inference(torch.jit.freeze(torch.jit.trace(call.eval(), x, check_trace=False)))
    elif "compile" in mode:
        import torch._inductor.config
        torch._inductor.config.freezing = True
        call = torch.compile(call)

    def round_():
        start = time.perf_counter()
        for _ in range(int(steps)):
            call(x)
        return (time.perf_counter() - start) / int(steps) / int(batch)

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
    passes(loader, mode)


def table(folder, mode, side, workers):
    """A Parquet data set as diffusers' training scripts read it. Modes: workers (one thread of PyTorch in each process that loads), tensors
    (decoded and resized by torchvision, without Pillow), batches (a batch is decoded and resized in one go)."""
    import torch
    from datasets import Image, load_dataset
    from torch.utils.data import DataLoader
    from torchvision import io, transforms
    from torchvision.transforms import v2
    data = load_dataset("parquet", data_files=str(folder / "*.parquet"), split="train", cache_dir=str(folder.parent / "datasets-cache"))
    steps = transforms.Compose([transforms.Resize((int(side), int(side))), transforms.ToTensor(), transforms.Normalize([0.5], [0.5])])
    resize = v2.Resize((int(side), int(side)), antialias=True)

    def one(files):
        pictures = [resize(io.decode_image(torch.frombuffer(bytearray(file["bytes"]), dtype=torch.uint8), io.ImageReadMode.RGB)) for file in files]
        return [picture.float().div_(127.5).sub_(1) for picture in pictures]

    def together(files):
        pictures = [io.decode_image(torch.frombuffer(bytearray(file["bytes"]), dtype=torch.uint8), io.ImageReadMode.RGB) for file in files]
        return list(resize(torch.stack(pictures)).float().div_(127.5).sub_(1))

    if "tensors" in mode:
        data = data.cast_column("image", Image(decode=False))
        decode = together if "batches" in mode else one
        data.set_transform(lambda rows: {"image": decode(rows["image"]), "label": rows["label"]})
    else:
        data.set_transform(lambda rows: {"image": [steps(picture.convert("RGB")) for picture in rows["image"]], "label": rows["label"]})
    single = {"worker_init_fn": lambda _: torch.set_num_threads(1)} if mode & {"workers", "tensors"} else {}
    loader = DataLoader(data, 64, shuffle=True, num_workers=int(workers), persistent_workers=True, **single)
    passes(Pictures(loader), mode)


class Pictures:
    """Batches as pairs."""

    def __init__(self, loader):
        self.loader = loader

    def __iter__(self):
        return ((batch["image"], batch["label"]) for batch in self.loader)


def stable(folder, mode, what, side):
    """Parts of a Stable Diffusion's call: step (guided), text, decode, fast (one step without guidance, and the picture)."""
    import torch
    import stable as parts
    torch.set_grad_enabled(False)
    dtype = torch.bfloat16 if "bf16" in mode else torch.float32
    layout = torch.channels_last if "cl" in mode else torch.contiguous_format
    side = int(side)

    def fit(value):
        value = value.to(dtype)
        return value.contiguous(memory_format=layout) if value.dim() == 4 else value

    def prepared(model):
        model.to(memory_format=layout)
        if "compile" not in mode:
            return model
        import torch._inductor.config
        torch._inductor.config.freezing = True
        return torch.compile(model)

    if what == "text":
        call = prepared(parts.text_states(folder, dtype))
        run = lambda: call(parts.ids())  # noqa: E731
    elif what == "decode":
        call, latents = prepared(parts.decoder(folder, dtype)), fit(torch.randn(1, 4, side // 8, side // 8))
        run = lambda: call(latents)  # noqa: E731
    else:
        model = parts.denoiser(folder, dtype)
        config, call = model.unet.config, prepared(model)
        if what == "step":
            run = parts.step(call, config, side, fit)
        else:
            text, decode = prepared(parts.text_states(folder, dtype)), prepared(parts.decoder(folder, dtype))
            x, t, _ = parts.denoiser_inputs(config, side, 1)
            run = lambda: decode(fit(call(fit(x), t, text(parts.ids())[:1])))  # noqa: E731

    def timed():
        start = time.perf_counter()
        run()
        return time.perf_counter() - start

    timed()
    ready(mode)
    while next_round():
        done(timed())


def passes(loader, mode):
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
    case = {"train": train, "lesson": lesson, "captioned": captioned, "forward": forward, "features": features, "photos": photos, "table": table, "stable": stable}[sys.argv[1]]
    case(pathlib.Path(sys.argv[2]), set(sys.argv[3].split(",")), *sys.argv[4:])
