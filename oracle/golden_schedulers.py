# SPDX-License-Identifier: Apache-2.0
"""What diffusers' schedulers do, call by call -> core/src/test/resources/golden/schedulers.safetensors.

Two kinds of runs of scheduler_cases.py. "made up": the network's output at call i is 0.5·randn_i + 0.1·scaled sample, so that
any config can be tried at no cost (for a score: of the sample over sigma, and over sigma). "real": the tiny trained pipeline of
make_tiny_pipeline.py. The noise comes from per-image generators or from one shared. Inputs are made from seeds on both sides.
Each run is one flat tensor: the initial sigma; of all calls the timesteps, the sums of prev_sample and (where diffusers has it)
the sums of pred_original_sample; the last sample, of a real run every 8th value.
"""
import inspect
import json
import pathlib
import warnings

import diffusers
import torch
from diffusers import DDPMPipeline
from diffusers.pipelines.flux.pipeline_flux import calculate_shift
from safetensors.torch import save_file
from scheduler_cases import BEGUN, CASES, NOISED, REFUSED

warnings.filterwarnings("ignore")
diffusers.logging.set_verbosity_error()
GOLDEN = pathlib.Path(__file__).parent.parent / "core/src/test/resources/golden"
SHAPE = (2, 3, 3, 2)


def noise_of(generators, shape):
    return diffusers.utils.torch_utils.randn_tensor(shape, generator=generators)


def create(spec):
    """As from_config does it, so that settings of other schedulers are kept and used."""
    return getattr(diffusers, spec["cls"]).from_config(dict(spec["config"]))


class Run:
    """One run: what the network and the random numbers are."""

    def __init__(self, spec, net):
        self.net = net if spec.get("real") else None
        self.shape = (spec.get("batch", 2), 1, 16, 16) if self.net else SHAPE
        self.generators = (torch.Generator().manual_seed(100) if spec.get("shared")
                           else [torch.Generator().manual_seed(100 + k) for k in range(self.shape[0])])
        self.outputs = torch.Generator().manual_seed(5)
        self.learned = str(spec["config"].get("variance_type", "")).startswith("learned")
        self.score = spec["cls"] == "ScoreSdeVeScheduler"
        self.timesteps, self.sums, self.originals = [], [], []

    def predict(self, scaled, timestep):
        if self.net:
            with torch.no_grad():
                return self.net(scaled, timestep).sample
        if self.score:  # of the size that a score has, else the sample grows beyond all bounds
            return (0.5 * torch.randn(self.shape, generator=self.outputs) + 0.1 * scaled / timestep[0]) / timestep[0]
        output = 0.5 * torch.randn(self.shape, generator=self.outputs) + 0.1 * scaled
        if self.learned:
            variance = 0.01 + 0.3 * torch.rand(self.shape, generator=self.outputs)
            output = torch.cat([output, variance], dim=1)
        return output

    def note(self, net_time, sample, original=None):
        self.timesteps.append(float(net_time))
        self.sums.append(float(sample.double().sum()))
        if original is not None:
            self.originals.append(float(original.double().sum()))

    def result(self, initial, last):
        flat = torch.tensor([initial] + self.timesteps + self.sums + self.originals)
        return torch.cat([flat, last.float().flatten()[::8 if self.net else 1]])


def shift(spec, scheduler):
    """mu as a case gives it, or as diffusers' pipelines work it out from the size of the sample."""
    if "canvas" in spec:
        height, width, patch = spec["canvas"]
        keys = dict(base_image_seq_len=256, max_image_seq_len=4096, base_shift=0.5, max_shift=1.15)
        line = [scheduler.config.get(key, default) for key, default in keys.items()]
        return {"mu": calculate_shift((height // patch) * (width // patch), *line)}
    return {"mu": spec["mu"]} if "mu" in spec else {}


def sample_with(spec, run):
    scheduler = create(spec)
    spread = {"strength": spec["strength"]} if "strength" in spec else {}
    scheduler.set_timesteps(spec["steps"], **shift(spec, scheduler), **spread)
    if hasattr(scheduler, "set_begin_index"):
        scheduler.set_begin_index(0)  # else diffusers begins at the second level where the first timestep comes twice
    initial = float(getattr(scheduler, "init_noise_sigma", 1.0))
    sample = noise_of(run.generators, run.shape) * initial
    accepted = inspect.signature(scheduler.step).parameters
    extra = {"eta": spec.get("eta", 0.0), "generator": run.generators}
    extra |= dict(zip(("s_churn", "s_tmin", "s_tmax", "s_noise"), spec.get("churn", ())))
    extra = {key: value for key, value in extra.items() if key in accepted}
    for t in scheduler.timesteps:
        scaled = scheduler.scale_model_input(sample, t) if hasattr(scheduler, "scale_model_input") else sample
        step = scheduler.step(run.predict(scaled, t), t, sample, **extra)
        sample = step.prev_sample
        run.note(t, sample, getattr(step, "pred_original_sample", getattr(step, "denoised", None)))
    return run.result(initial, sample)


def sample_with_sde(spec, run):
    """The loop of diffusers' ScoreSdeVePipeline, without its clamp at the end."""
    scheduler = create(spec)
    sample = noise_of(run.generators, run.shape) * scheduler.init_noise_sigma
    scheduler.set_timesteps(spec["steps"])
    scheduler.set_sigmas(spec["steps"])
    for i, t in enumerate(scheduler.timesteps):
        net_time = scheduler.sigmas[i] * torch.ones(run.shape[0])
        for _ in range(scheduler.config.correct_steps):
            sample = scheduler.step_correct(run.predict(sample, net_time), sample, generator=run.generators).prev_sample
            run.note(net_time[0], sample)
        step = scheduler.step_pred(run.predict(sample, net_time), t, sample, generator=run.generators)
        last = i == len(scheduler.timesteps) - 1
        sample = step.prev_sample_mean if last else step.prev_sample
        run.note(net_time[0], sample)
    return run.result(scheduler.init_noise_sigma, sample)


def run_case(spec, net):
    run = Run(spec, net)
    flat = (sample_with_sde if spec["cls"] == "ScoreSdeVeScheduler" else sample_with)(spec, run)
    if not torch.isfinite(flat).all():
        raise ValueError(f"not finite: {spec}")
    return flat, spec | {"calls": len(run.timesteps), "originals": bool(run.originals)}


def add_noise(spec):
    """Two levels, one for each image: what the network is given, x_t, and v where diffusers has it."""
    scheduler = create(spec)
    generator = torch.Generator().manual_seed(9)
    original, noise = torch.randn(SHAPE, generator=generator), torch.randn(SHAPE, generator=generator)
    index = [120, 830]
    net_time = torch.tensor(index)
    used = net_time
    if spec["cls"] == "ScoreSdeVeScheduler":
        net_time = scheduler.discrete_sigmas[net_time]
    elif spec["cls"] in ("EDMEulerScheduler", "FlowMatchEulerDiscreteScheduler"):
        used = net_time = scheduler.timesteps[scheduler.config.num_train_timesteps - 1 - net_time]
    elif "Multistep" in spec["cls"] or "Singlestep" in spec["cls"]:
        scheduler.set_timesteps(999)  # before that, diffusers' solvers take the levels in the wrong order
    noisy = (scheduler.scale_noise(original, used, noise) if hasattr(scheduler, "scale_noise")
             else scheduler.add_noise(original, noise, used))
    # Euler's get_velocity takes places in its falling list of timesteps for timesteps
    velocity = hasattr(scheduler, "get_velocity") and "Euler" not in spec["cls"]
    parts = [net_time.float(), noisy.flatten()]
    if velocity:
        parts.append(scheduler.get_velocity(original, noise, used).flatten())
    return torch.cat(parts), spec | {"index": index, "velocity": velocity}


def begin(spec):
    """Picture to picture, as diffusers' img2img pipelines do it (get_timesteps), keeping a part as inpainting does: the noised
    picture where the run begins; of all calls the timesteps and the sums of prev_sample; after each whole step the sum of the
    picture noised to the next timestep, clean after the last; the last sample."""
    scheduler = create(spec)
    scheduler.set_timesteps(spec["steps"])
    run = Run(spec, None)
    first = max(spec["steps"] - min(int(spec["steps"] * spec["strength"]), spec["steps"]), 0)
    timesteps = scheduler.timesteps[first * scheduler.order:]
    if hasattr(scheduler, "set_begin_index"):
        scheduler.set_begin_index(first * scheduler.order)
    generator = torch.Generator().manual_seed(9)
    original, noise = torch.randn(SHAPE, generator=generator), torch.randn(SHAPE, generator=generator)

    def noised(timestep):
        net_time = timestep.repeat(SHAPE[0])
        return (scheduler.scale_noise(original, net_time, noise) if hasattr(scheduler, "scale_noise")
                else scheduler.add_noise(original, noise, net_time))

    sample = noised(timesteps[0])
    began, kept = sample.flatten(), []
    accepted = inspect.signature(scheduler.step).parameters
    extra = {"eta": spec.get("eta", 0.0), "generator": run.generators}
    extra = {key: value for key, value in extra.items() if key in accepted}
    for i, t in enumerate(timesteps):
        scaled = scheduler.scale_model_input(sample, t) if hasattr(scheduler, "scale_model_input") else sample
        sample = scheduler.step(run.predict(scaled, t), t, sample, **extra).prev_sample
        run.note(t, sample)
        if (i + 1) % scheduler.order == 0 or i + 1 == len(timesteps):
            region = noised(timesteps[i + 1]) if i + 1 < len(timesteps) else original
            kept.append(float(region.double().sum()))
    flat = torch.cat([began, torch.tensor(run.timesteps + run.sums + kept), sample.flatten()])
    if not torch.isfinite(flat).all():
        raise ValueError(f"not finite: {spec}")
    return flat, spec | {"first": first, "order": scheduler.order, "calls": len(timesteps), "kept": len(kept)}


def check_refused(spec, net):
    try:
        run_case(spec, net)
    except Exception as error:
        print("refused", spec, "|", str(error)[:90])
        return
    raise AssertionError(f"diffusers takes {spec}")


def main():
    net = DDPMPipeline.from_pretrained(GOLDEN / "tiny-pipeline").unet
    tensors, metadata = {}, {}

    def keep(name, flat, spec):
        tensors[name] = flat
        metadata[name] = json.dumps(spec, separators=(",", ":"))

    for i, spec in enumerate(CASES):
        keep(f"{i:03d}", *run_case(spec, net))
    for i, spec in enumerate(NOISED):
        keep(f"noised {i:02d}", *add_noise(spec))
    for i, spec in enumerate(BEGUN):
        keep(f"begun {i:02d}", *begin(spec))
    for i, spec in enumerate(REFUSED):
        check_refused(spec, net)
        metadata[f"refused {i:02d}"] = json.dumps(spec, separators=(",", ":"))
    file = GOLDEN / "schedulers.safetensors"
    save_file(tensors, file, metadata)
    file.chmod(0o644)
    print(len(CASES), "runs,", file.stat().st_size, "bytes")


if __name__ == "__main__":
    main()
