# SPDX-License-Identifier: Apache-2.0
"""What diffusers' schedulers do, step by step -> core/src/test/resources/golden/schedulers.safetensors.

Two kinds of runs. "made up": the network's output at call i is 0.5·randn_i + 0.1·scaled sample, so that any config can be
tried at no cost. "real": the tiny trained pipeline of make_tiny_pipeline.py, drawn with per-image generators or one shared.
Inputs are made from seeds on both sides. Each run stores its timesteps, its initial sigma, and after every call the sums of
prev_sample and pred_original_sample, and the last sample whole.
"""
import json
import pathlib
import warnings

import diffusers
import torch
from diffusers import DDPMPipeline
from safetensors.torch import save_file

warnings.filterwarnings("ignore")
GOLDEN = pathlib.Path(__file__).parent.parent / "core/src/test/resources/golden"
SHAPE = (2, 3, 4, 4)
ALL_TYPES = ("epsilon", "sample", "v_prediction")

CASES = []


def case(cls, steps, eta=0.0, mode="made up", batch=2, shared=False, **config):
    CASES.append(dict(cls=cls, steps=steps, eta=eta, mode=mode, batch=batch, shared=shared, config=config))


def ddpm():
    for prediction in ALL_TYPES:
        case("DDPMScheduler", 10, prediction_type=prediction)
    for steps in (1, 3, 50):
        case("DDPMScheduler", steps)
    for spacing in ("leading", "linspace", "trailing"):
        case("DDPMScheduler", 7, timestep_spacing=spacing, steps_offset=1)
    for schedule in ("scaled_linear", "squaredcos_cap_v2", "sigmoid", "laplace"):
        case("DDPMScheduler", 10, beta_schedule=schedule)
    for variance in ("fixed_small_log", "fixed_large", "learned", "learned_range"):
        case("DDPMScheduler", 10, variance_type=variance)
    case("DDPMScheduler", 4, num_train_timesteps=5, trained_betas=[0.01, 0.05, 0.1, 0.2, 0.3])
    case("DDPMScheduler", 10, rescale_betas_zero_snr=True, prediction_type="v_prediction", timestep_spacing="trailing")
    case("DDPMScheduler", 10, clip_sample=False)
    case("DDPMScheduler", 10, clip_sample_range=0.7)
    case("DDPMScheduler", 10, thresholding=True, sample_max_value=1.5, dynamic_thresholding_ratio=0.9)
    case("DDPMScheduler", 20, mode="real")
    case("DDPMScheduler", 12, mode="real", batch=4)
    case("DDPMScheduler", 12, mode="real", batch=4, shared=True)


def ddim():
    for prediction in ALL_TYPES:
        for eta in (0.0, 0.7, 1.0):
            case("DDIMScheduler", 10, eta, prediction_type=prediction)
    for steps in (1, 3, 50):
        case("DDIMScheduler", steps)
    for spacing in ("leading", "linspace", "trailing"):
        case("DDIMScheduler", 7, timestep_spacing=spacing, steps_offset=1, set_alpha_to_one=False)
    case("DDIMScheduler", 10, rescale_betas_zero_snr=True, prediction_type="v_prediction", timestep_spacing="trailing")
    case("DDIMScheduler", 10, beta_schedule="squaredcos_cap_v2", clip_sample_range=2.0)
    case("DDIMScheduler", 10, thresholding=True, sample_max_value=1.5)
    case("DDIMScheduler", 20, mode="real")
    case("DDIMScheduler", 10, 0.5, mode="real", batch=4)
    case("DDIMScheduler", 10, 0.5, mode="real", batch=4, shared=True)


def noise_of(generators, shape):
    return diffusers.utils.torch_utils.randn_tensor(shape, generator=generators)


def run(spec, net):
    scheduler = getattr(diffusers, spec["cls"])(**spec["config"])
    real = spec["mode"] == "real"
    shape = (spec["batch"], 1, 16, 16) if real else SHAPE
    generators = (torch.Generator().manual_seed(100) if spec["shared"]
                  else [torch.Generator().manual_seed(100 + k) for k in range(shape[0])])
    outputs = torch.Generator().manual_seed(5)
    scheduler.set_timesteps(spec["steps"])
    sample = noise_of(generators, shape) * scheduler.init_noise_sigma
    learned = str(spec["config"].get("variance_type", "")).startswith("learned")
    extra = {}
    import inspect
    accepted = inspect.signature(scheduler.step).parameters
    if "eta" in accepted:
        extra["eta"] = spec["eta"]
    if "generator" in accepted:
        extra["generator"] = generators
    sums, originals = [], []
    for t in scheduler.timesteps:
        scaled = scheduler.scale_model_input(sample, t)
        if real:
            with torch.no_grad():
                output = net(scaled, t).sample
        else:
            output = 0.5 * torch.randn(shape, generator=outputs) + 0.1 * scaled
            if learned:
                output = torch.cat([output, 0.01 + 0.3 * torch.rand(shape, generator=outputs)], dim=1)
        step = scheduler.step(output, t, sample, **extra)
        sample = step.prev_sample
        sums.append(sample.double().sum().float())
        original = getattr(step, "pred_original_sample", None)
        if original is not None:
            originals.append(original.double().sum().float())
    result = {
        "timesteps": scheduler.timesteps.float(), "sums": torch.stack(sums), "last": sample.float().contiguous(),
        "init": torch.as_tensor(scheduler.init_noise_sigma).float().reshape(1),
    }
    if originals:
        result["originals"] = torch.stack(originals)
    return result, dict(scheduler.config)


def main():
    for define in (ddpm, ddim):
        define()
    net = DDPMPipeline.from_pretrained(GOLDEN / "tiny-pipeline").unet
    tensors, metadata = {}, {}
    for i, spec in enumerate(CASES):
        result, config = run(spec, net)
        name = f"{i:03d}"
        for key, value in result.items():
            tensors[f"{name}.{key}"] = value.contiguous()
        metadata[name] = json.dumps(spec)
        print(name, spec["cls"], spec["steps"], spec["mode"], spec["config"], float(result["sums"][-1]))
    save_file(tensors, GOLDEN / "schedulers.safetensors", metadata)


if __name__ == "__main__":
    main()
