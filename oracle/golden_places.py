# SPDX-License-Identifier: Apache-2.0
"""Autoencoders in place of golden/tiny-sd's own, and control networks that pool what they see, guess, or are parts of a pipeline's folder:
networks in golden/tiny-places (weights in f16, read as f32 on both sides), golden/places.safetensors and .json.

Usage: python oracle/golden_places.py
"""
import json
import pathlib
import shutil
import tempfile

import numpy
import torch
from diffusers import (AutoencoderKL, AutoencoderTiny, ControlNetModel, DiffusionPipeline, MultiControlNetModel,
                       StableDiffusionControlNetPipeline, StableDiffusionImg2ImgPipeline, StableDiffusionPipeline)
from safetensors.torch import save_file

from golden_text_calls import BETAS, GOLDEN, PROMPTS, SCHEDULERS, generators, picture

NETS = GOLDEN / "tiny-nets"
OWN = GOLDEN / "tiny-places"


def network(kind, name, seed, **config):
    """Made, saved in f16, and read again as f32; what is made zero is filled."""
    torch.manual_seed(seed)
    made = kind(**config)
    with torch.no_grad():
        for weight in (value for value in made.parameters() if not value.any()):
            weight.normal_(0, 0.1)
    made.to(torch.float16).save_pretrained(OWN / name)
    return kind.from_pretrained(OWN / name, torch_dtype=torch.float32)


class Calls:
    def __init__(self):
        self.tensors, self.cases = {}, []
        self.sd = DiffusionPipeline.from_pretrained(GOLDEN / "tiny-sd", torch_dtype=torch.float32)

    def kept(self, image):
        name = "picture-%dx%d-%d" % (*image.size, numpy.asarray(image).sum() % 997)
        self.tensors[name] = torch.from_numpy(numpy.asarray(image).copy())
        return name

    def record(self, name, pipe, scheduler, images, case, prompts=PROMPTS, seed=5, **call):
        pipe.set_progress_bar_config(disable=True)
        kind, more = SCHEDULERS[scheduler]
        config = {**BETAS, **more}
        pipe.scheduler = kind(**config)
        with torch.no_grad():
            latents = pipe(prompts, generator=generators(len(prompts), seed), output_type="latent", **images, **call).images
            pictures = pipe(prompts, generator=generators(len(prompts), seed), output_type="pt", **images, **call).images
            decoded = pipe.vae.decode(latents / pipe.vae.config.scaling_factor, return_dict=False)[0]
        assert float(((decoded / 2 + 0.5).clamp(0, 1) - pictures).abs().max()) < 1e-4
        self.tensors[name + ".latents"] = latents.contiguous()
        self.tensors[name + ".pictures"] = decoded.contiguous()
        self.cases.append({"name": name, "scheduler": scheduler, "config": config, "prompts": prompts, "seed": seed, **case, **call})
        print(name, tuple(latents.shape), "std %.4f" % float(latents.std()), flush=True)


def autoencoders(calls):
    tiny = network(AutoencoderTiny, "vae-tiny", 51, encoder_block_out_channels=(8, 8), decoder_block_out_channels=(8, 8),
                   num_encoder_blocks=(1, 1), num_decoder_blocks=(1, 1), latent_channels=4, scaling_factor=1.0)
    other = network(AutoencoderKL, "vae-other", 52, block_out_channels=(8, 8), down_block_types=("DownEncoderBlock2D",) * 2,
                    up_block_types=("UpDecoderBlock2D",) * 2, latent_channels=4, norm_num_groups=4, layers_per_block=1, sample_size=16,
                    scaling_factor=0.5)
    network(AutoencoderKL, "vae-wide", 53, block_out_channels=(4,), latent_channels=8, norm_num_groups=4, layers_per_block=1)
    image = picture(21, 27, 1)
    for name, vae in (("vae-tiny", tiny), ("vae-other", other)):
        parts = {**calls.sd.components, "vae": vae, "requires_safety_checker": False}
        case = {"vae": name}
        calls.record(name + "-text", StableDiffusionPipeline(**parts), "ddim", {}, case, num_inference_steps=4)
        calls.record(name + "-start", StableDiffusionImg2ImgPipeline(**parts), "euler", {"image": image}, {**case, "image": calls.kept(image)},
                     num_inference_steps=5, strength=0.6)


def controls(calls):
    sd = dict(layers_per_block=1, norm_num_groups=4, conditioning_embedding_out_channels=(4, 8), block_out_channels=(8, 16),
              cross_attention_dim=16, attention_head_dim=2, down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"))
    pool = network(ControlNetModel, "control-pool", 54, **sd, global_pool_conditions=True)
    one = ControlNetModel.from_pretrained(NETS / "control", torch_dtype=torch.float32)
    two = ControlNetModel.from_pretrained(NETS / "control-bgr", torch_dtype=torch.float32)
    lines, other = picture(16, 24, 7), picture(16, 24, 8)

    def call(name, nets, scheduler, scales=None, starts=None, ends=None, **more):
        many = len(nets) > 1
        loaded = {"control": one, "control-bgr": two, "control-pool": pool}
        used = [loaded[net] for net in nets]
        pipe = StableDiffusionControlNetPipeline(
            **{**calls.sd.components, "requires_safety_checker": False}, controlnet=used if many else used[0])
        images = [lines, other][:len(nets)]
        scales, starts, ends = scales or [1.0] * len(nets), starts or [0.0] * len(nets), ends or [1.0] * len(nets)
        case = {"control": [{"net": net, "picture": calls.kept(image), "scale": scale, "start": start, "end": end}
                            for net, image, scale, start, end in zip(nets, images, scales, starts, ends)]}
        own = (lambda values: values) if many else (lambda values: values[0])
        given = {"image": own(images), "controlnet_conditioning_scale": own(scales), "control_guidance_start": own(starts),
                 "control_guidance_end": own(ends)}
        calls.record(name, pipe, scheduler, given, case, **more)

    call("pool", ["control-pool"], "ddim", num_inference_steps=4)
    call("pool-unguided", ["control-pool"], "euler", num_inference_steps=4, guidance_scale=1.0)
    call("guess", ["control"], "ddim", [0.8], [0.2], [0.9], num_inference_steps=5, guess_mode=True)
    call("guess-unguided", ["control"], "euler", num_inference_steps=4, guess_mode=True, guidance_scale=1.0)
    call("guess-two", ["control", "control-bgr"], "euler", [0.7, 0.5], [0.0, 0.3], [0.6, 1.0], num_inference_steps=6, guess_mode=True)
    call("plain-then-pool", ["control", "control-pool"], "ddim", [0.9, 0.6], num_inference_steps=4)
    call("shares-of-two", ["control", "control-bgr"], "ddim", [0.7, 1.2], [0.1, 0.5], [0.5, 1.0], num_inference_steps=7)


def indices():
    """What diffusers writes for pipelines that have control networks as parts."""
    sd = DiffusionPipeline.from_pretrained(GOLDEN / "tiny-sd", torch_dtype=torch.float32)
    nets = [ControlNetModel.from_pretrained(NETS / name, torch_dtype=torch.float32) for name in ("control", "control-bgr")]
    for name, used in (("one", nets[0]), ("two", MultiControlNetModel(nets))):
        pipe = StableDiffusionControlNetPipeline(**{**sd.components, "requires_safety_checker": False}, controlnet=used)
        with tempfile.TemporaryDirectory() as whole:
            pipe.save_pretrained(whole)
            print(name, sorted(path.name for path in pathlib.Path(whole).iterdir()))
            shutil.copy(pathlib.Path(whole) / "model_index.json", OWN / ("control-%s.json" % name))


def main():
    shutil.rmtree(OWN, ignore_errors=True)
    calls = Calls()
    autoencoders(calls)
    controls(calls)
    indices()
    (GOLDEN / "places.json").write_text(json.dumps(calls.cases, indent=1) + "\n")
    save_file(calls.tensors, GOLDEN / "places.safetensors", metadata={"format": "pt"})


if __name__ == "__main__":
    main()
