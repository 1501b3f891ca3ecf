# SPDX-License-Identifier: Apache-2.0
"""The way back: diffusers loads the pipelines that Java saved, and draws the same pictures from the same seeds.

Java (oracle/JavaPipelines.java) saves a pipeline for each case below and draws three pictures from it, once with a generator for
each picture and once with one for all. Here each folder is loaded with DiffusionPipeline.from_pretrained, its scheduler's config
is compared with the one that was asked for, and the pictures are drawn by calling the parts, and where the pipeline's own class
can be called, by calling it. At the end the real TensorBoard reads the event file that Java wrote.

Usage: python oracle/check_java_pipelines.py [OUT_FOLDER]       exit code 1 where anything differs
"""
import inspect
import json
import logging
import pathlib
import shutil
import subprocess
import sys
import tempfile
import warnings

import diffusers
import numpy as np
import torch
from PIL import Image
from diffusers import DiffusionPipeline
from diffusers.utils.torch_utils import randn_tensor
from golden_unet import BASE, VARIANTS
from safetensors.torch import load_file
from scheduler_cases import FLOW

ROOT = pathlib.Path(__file__).parent.parent
SEED, COUNT, TOLERANCE = 7, 3, 2e-4
FAMILIES = ("base", "google_ddpm", "scale_shift_attn_groups", "resnet_blocks", "resnet_sampling", "no_mid_block", "learned_time",
            "fourier_time", "class_table", "non_square", "skip", "skip_three_levels", "skip_then_plain")
# whose own pipeline class draws with it, as DDPMPipeline calls it: no scaled input, a generator in step
CALLABLE = ("DDPM", "DDIM", "PNDM", "DPMSolverMultistep", "DPMSolverSinglestep", "LCM", "ScoreSdeVe")


def cases():
    found = {}

    def case(name, scheduler, family="base", steps=6, eta=0.0, config=None, step_options=None, **extra):
        found[name] = dict(model={**BASE, **VARIANTS[family]}, scheduler=scheduler + "Scheduler", steps=steps, eta=eta, config=config or {},
                           step_options=step_options or {}, **extra)

    for family in FAMILIES:
        fourier = family == "fourier_time" or VARIANTS[family].get("time_embedding_type") == "fourier"  # its time is sigma, never 0
        case("family-" + family, "ScoreSdeVe" if fourier else "DDIM", family, config=dict(sigma_max=20.0) if fourier else {})
    for kind in ("DDPM", "DDIM", "PNDM", "LMSDiscrete", "EulerDiscrete", "EulerAncestralDiscrete", "HeunDiscrete", "KDPM2Discrete",
                 "KDPM2AncestralDiscrete", "DPMSolverMultistep", "DPMSolverSinglestep", "DEISMultistep", "UniPCMultistep", "LCM", "TCD",
                 "EDMEuler", "FlowMatchEulerDiscrete"):
        case("scheduler-" + kind, kind)
    case("scheduler-ScoreSdeVe", "ScoreSdeVe", "skip", config=dict(sigma_max=50.0))
    case("ddim-eta", "DDIM", eta=0.7, config=dict(clip_sample_range=2.0), step_options=dict(use_clipped_model_output=True))
    case("tcd-eta", "TCD", eta=0.3)
    case("ddpm-v", "DDPM", config=dict(prediction_type="v_prediction", beta_schedule="squaredcos_cap_v2", timestep_spacing="trailing"))
    case("euler-karras-churn", "EulerDiscrete", config=dict(use_karras_sigmas=True),
         step_options=dict(s_churn=3.0, s_tmin=0.1, s_tmax=10.0, s_noise=1.01))
    case("edm-churn", "EDMEuler", step_options=dict(s_churn=3.0))
    case("flow-mu", "FlowMatchEulerDiscrete", config=dict(use_dynamic_shifting=True), step_options=dict(mu=0.8))
    case("dpm-flow", "DPMSolverMultistep", config=FLOW)
    case("dpm-sde", "DPMSolverMultistep", config=dict(algorithm_type="sde-dpmsolver++", use_karras_sigmas=True))
    case("sharded", "DDIM", shard=20_000)
    case("variant-bf16", "DDIM", variant="bf16")
    case("variant-fp16-sharded", "DDIM", variant="fp16", shard=20_000)
    return found


def run_java(spec, out):
    """Builds the command, whose class path has everything, and runs the Java half."""
    subprocess.run([ROOT / "diffuse", "--version"], check=True, stdout=subprocess.DEVNULL)
    target = ROOT / "cli/target"
    file = out / "cases.json"
    file.write_text(json.dumps(spec))
    subprocess.run(["java", "-cp", f"{target}/diffuse.jar:{target}/lib/*", ROOT / "oracle/JavaPipelines.java", file, out], check=True)


class Complaints(logging.Handler):
    """What diffusers says while a folder is loaded."""

    def __init__(self):
        super().__init__(logging.WARNING)
        self.lines = []

    def emit(self, record):
        self.lines.append(record.getMessage())


def load(folder, variant):
    complaints = Complaints()
    logger = logging.getLogger("diffusers")
    logger.addHandler(complaints)
    try:
        pipeline = DiffusionPipeline.from_pretrained(folder, variant=variant, local_files_only=True)
    finally:
        logger.removeHandler(complaints)
    assert pipeline.unet.dtype == torch.float32
    pipeline.set_progress_bar_config(disable=True)
    return pipeline, complaints.lines


def generators(shared):
    return torch.Generator().manual_seed(SEED) if shared else [torch.Generator().manual_seed(SEED + k) for k in range(COUNT)]


def shape_of(net):
    size = net.config.sample_size
    return (COUNT, net.config.in_channels, *(size if isinstance(size, (list, tuple)) else (size, size)))


def network(net):
    labels = torch.arange(COUNT) if net.config.num_class_embeds else None
    return lambda sample, t: net(sample, t, labels).sample


@torch.no_grad()
def draw(pipeline, spec, shared):
    """The parts, called one by one: any network with any scheduler."""
    scheduler, generator, net = pipeline.scheduler, generators(shared), network(pipeline.unet)
    if spec["scheduler"] == "ScoreSdeVeScheduler":
        return draw_sde(scheduler, net, generator, shape_of(pipeline.unet), spec["steps"])
    options = spec["step_options"]
    scheduler.set_timesteps(spec["steps"], **{key: options[key] for key in ("mu",) if key in options})
    if hasattr(scheduler, "set_begin_index"):
        scheduler.set_begin_index(0)
    sample = randn_tensor(shape_of(pipeline.unet), generator=generator) * getattr(scheduler, "init_noise_sigma", 1.0)
    accepted = inspect.signature(scheduler.step).parameters
    extra = {key: value for key, value in dict(options, eta=spec["eta"], generator=generator).items() if key in accepted}
    for t in scheduler.timesteps:
        scaled = scheduler.scale_model_input(sample, t) if hasattr(scheduler, "scale_model_input") else sample
        sample = scheduler.step(net(scaled, t), t, sample, **extra).prev_sample
    return sample


def draw_sde(scheduler, net, generator, shape, steps):
    sample = randn_tensor(shape, generator=generator) * scheduler.init_noise_sigma
    scheduler.set_timesteps(steps)
    scheduler.set_sigmas(steps)
    for i, t in enumerate(scheduler.timesteps):
        net_time = scheduler.sigmas[i] * torch.ones(COUNT)
        for _ in range(scheduler.config.correct_steps):
            sample = scheduler.step_correct(net(sample, net_time), sample, generator=generator).prev_sample
        output = scheduler.step_pred(net(sample, net_time), t, sample, generator=generator)
        sample = output.prev_sample
    return output.prev_sample_mean


def call_pipeline(pipeline, spec, folder):
    """The largest difference in grey levels between the pipeline's own pictures and Java's PNG files."""
    accepted = inspect.signature(type(pipeline).__call__).parameters
    extra = {"eta": spec["eta"], "use_clipped_model_output": spec["step_options"].get("use_clipped_model_output")}
    extra = {key: value for key, value in extra.items() if key in accepted}
    with torch.no_grad():
        pictures = pipeline(batch_size=COUNT, generator=generators(False), num_inference_steps=spec["steps"], **extra).images
    files = [Image.open(folder / "pictures" / f"{k:04d}.png") for k in range(COUNT)]
    return max(int(np.abs(np.int32(a) - np.int32(b)).max()) for a, b in zip(pictures, files))


def same_config(pipeline, spec, folder):
    """The config that was asked for, from diffusers itself, equals the one that Java wrote, read by diffusers."""
    cls = getattr(diffusers, spec["scheduler"])
    read = cls.from_pretrained(folder / "scheduler").config
    asked = cls.from_config(dict(spec["config"])).config
    net = json.loads((folder / "unet/config.json").read_text())
    made = diffusers.UNet2DModel(**spec["model"]).config

    def plain(config):
        return {key: list(value) if isinstance(value, tuple) else value for key, value in dict(config).items() if key[0] != "_"}

    wrong = [key for key in plain(asked) if plain(asked)[key] != plain(read).get(key)]
    wrong += [key for key in plain(read) if key not in plain(asked)]
    return wrong + [key for key, value in plain(made).items() if net.get(key) != value]


def check(name, spec, out):
    """One row of the table: what was compared, and what is wrong."""
    folder = out / name
    problems = []
    pipeline, complaints = load(folder, spec.get("variant"))
    problems += [f"complaint: {line}" for line in complaints]
    problems += [f"config: {key}" for key in same_config(pipeline, spec, folder)]
    differences = []
    for mode in ("per-image", "shared"):
        java = load_file(folder / f"{mode}.safetensors")["samples"]
        ours = draw(pipeline, spec, mode == "shared")
        difference = float((ours - java).abs().max() / max(1.0, float(ours.abs().max())))
        differences.append(difference)
        if not difference <= TOLERANCE:
            problems.append(f"{mode}: {difference:.1e}")
    levels = "-"
    callable_class = spec["scheduler"].removesuffix("Scheduler") in CALLABLE and not pipeline.unet.config.num_class_embeds
    if callable_class and spec["config"].get("use_flow_sigmas") is None:
        levels = call_pipeline(pipeline, spec, folder)
        if levels > 1:
            problems.append(f"{type(pipeline).__name__} called: {levels} levels")
    print(f"{name:34s} {type(pipeline).__name__:19s} {differences[0]:9.1e} {differences[1]:9.1e} {str(levels):>6s}  "
          + ("; ".join(problems) or "equal"), flush=True)
    return problems


def check_events(folder):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
    events = EventAccumulator(str(folder), size_guidance={"scalars": 0, "images": 0})
    events.Reload()
    problems = []
    loss = events.Scalars("loss")
    if [e.step for e in loss] != list(range(200)) or any(abs(e.value - 1 / (e.step + 1)) > 1e-7 for e in loss):
        problems.append("loss")
    if sorted(events.Tags()["scalars"]) != ["loss", "lr"]:
        problems.append(f"scalars {events.Tags()['scalars']}")
    images = events.Images("samples")
    sizes = [(e.step, e.width, e.height) for e in images]
    if sizes != [(100, 32, 18), (200, 22, 26)]:
        problems.append(f"images {sizes}")
    print(f"TensorBoard: {len(loss)} scalars, {len(images)} pictures: " + ("; ".join(problems) or "equal"))
    return problems


def main():
    out = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else pathlib.Path(tempfile.mkdtemp(prefix="java-pipelines-"))
    shutil.rmtree(out / "events", ignore_errors=True)
    out.mkdir(parents=True, exist_ok=True)
    warnings.filterwarnings("ignore")
    diffusers.logging.disable_progress_bar()
    torch.set_num_threads(1)  # the networks are tiny
    spec = cases()
    run_java(spec, out)
    print(f"{'case':34s} {'class':19s} {'per image':>9s} {'shared':>9s} {'levels':>6s}")
    wrong = sum(bool(check(name, one, out)) for name, one in spec.items())
    wrong += bool(check_events(out / "events"))
    print(f"{len(spec)} pipelines, {wrong} wrong")
    if len(sys.argv) == 1:
        shutil.rmtree(out)
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
