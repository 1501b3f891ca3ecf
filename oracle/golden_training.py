# SPDX-License-Identifier: Apache-2.0
"""Five training steps in PyTorch and diffusers -> training/src/test/resources/golden/training.safetensors.

The network is made after torch.manual_seed(7); pictures, noise and timesteps come from one torch.Generator seeded 11, in this
order for each batch: pictures, noise, timesteps.

Of each weight is kept how it changed: itself where it is small, else its products with PROJECTIONS vectors of standard normals
from a torch.Generator seeded 13, which is not begun anew from weight to weight (sorted by name). ".norms" is each change's norm.
"""
import json
import pathlib

import torch
from diffusers import DDPMScheduler, UNet2DModel
from diffusers.optimization import get_scheduler
from diffusers.training_utils import EMAModel
from safetensors.torch import save_file

GOLDEN = pathlib.Path(__file__).parent.parent / "training/src/test/resources/golden"
NET = dict(
    sample_size=8, in_channels=3, out_channels=3, layers_per_block=1, block_out_channels=(16, 32), norm_num_groups=8,
    down_block_types=("DownBlock2D", "AttnDownBlock2D"), up_block_types=("AttnUpBlock2D", "UpBlock2D"))
SMALL = 16
PROJECTIONS = 4
CASES = {
    "adamw": {},
    "adam_decay": dict(optimizer="adam", weight_decay=0.1),
    "clip": dict(clip=0.05),
    "accumulate": dict(accumulate=3),
    "ema": dict(ema=True),
    "v_prediction_min_snr": dict(prediction="v_prediction", min_snr=5.0),
    "sample_snr": dict(prediction="sample", snr=True),
    "l1": dict(loss="l1"),
    "huber": dict(loss="huber"),
    "cosine_warmup": dict(schedule="cosine", warmup=2),
}


def run(optimizer="adamw", weight_decay=0.01, clip=None, accumulate=1, ema=False, prediction="epsilon", min_snr=None, snr=False,
        loss="mse", schedule="constant", warmup=0):
    torch.manual_seed(7)
    model = UNet2DModel(**NET)
    start = {name: p.detach().clone() for name, p in model.named_parameters()}
    scheduler = DDPMScheduler(prediction_type=prediction)
    make = torch.optim.AdamW if optimizer == "adamw" else torch.optim.Adam
    opt = make(model.parameters(), lr=1e-3, weight_decay=weight_decay)
    rate = get_scheduler(schedule, opt, num_warmup_steps=warmup, num_training_steps=5)
    average = EMAModel(model.parameters(), use_ema_warmup=True, inv_gamma=1.0, power=0.75) if ema else None
    generator = torch.Generator().manual_seed(11)
    losses = []
    for _ in range(5):
        total = 0.0
        for _ in range(accumulate):
            x = torch.randn((4, 3, 8, 8), generator=generator)
            noise = torch.randn((4, 3, 8, 8), generator=generator)
            t = torch.randint(0, 1000, (4,), generator=generator)
            target = {"epsilon": noise, "sample": x}.get(prediction)
            if target is None:
                target = scheduler.get_velocity(x, noise, t)
            out = model(scheduler.add_noise(x, noise, t), t).sample
            f = {"mse": torch.nn.functional.mse_loss, "l1": torch.nn.functional.l1_loss,
                 "huber": torch.nn.functional.huber_loss}[loss]
            ratio = scheduler.alphas_cumprod[t] / (1 - scheduler.alphas_cumprod[t])
            if min_snr:
                weight = torch.minimum(ratio, torch.tensor(min_snr)) / (ratio + 1)
                value = (f(out, target, reduction="none").mean((1, 2, 3)) * weight).mean()
            elif snr:
                value = (f(out, target, reduction="none").mean((1, 2, 3)) * ratio).mean()
            else:
                value = f(out, target)
            (value / accumulate).backward()
            total += value.item() / accumulate
        if clip:
            torch.nn.utils.clip_grad_norm_(model.parameters(), clip)
        opt.step()
        rate.step()
        opt.zero_grad()
        if average:
            average.step(model.parameters())
        losses.append(total)
    if average:
        average.copy_to(model.parameters())
    changes = {name: p.detach() - start[name] for name, p in sorted(model.named_parameters())}
    generator = torch.Generator().manual_seed(13)
    return torch.tensor(losses), torch.cat([projected(c, generator) for c in changes.values()]), torch.stack(
        [c.norm() for c in changes.values()])


def projected(change, generator):
    if change.numel() <= SMALL:
        return change.flatten()
    return torch.randn((PROJECTIONS, change.numel()), generator=generator) @ change.flatten()


def main():
    GOLDEN.mkdir(parents=True, exist_ok=True)
    tensors = {}
    for name, options in CASES.items():
        tensors[name + ".losses"], tensors[name + ".changes"], tensors[name + ".norms"] = run(**options)
        print(name, [round(v, 6) for v in tensors[name + ".losses"].tolist()])
    save_file(tensors, GOLDEN / "training.safetensors", {name: json.dumps(options) for name, options in CASES.items()})


if __name__ == "__main__":
    main()
