# SPDX-License-Identifier: Apache-2.0
"""LoRAs of a Stable Diffusion as a training in Java writes them: diffusers' load_lora_weights loads them whole and draws the same, and reads
of the file with kohya's names the same weights and alphas.

The text encoder's share goes in by peft: diffusers' own way leaves tensors out with transformers 5, whatever wrote the file.

Usage: python oracle/check_pipeline_lora.py [OUT_FOLDER]       fails where anything differs
"""
import pathlib
import subprocess
import sys
import tempfile

import diffusers.loaders.lora_pipeline
import torch
from diffusers import DDIMScheduler, StableDiffusionPipeline
from peft import LoraConfig
from peft.utils import set_peft_model_state_dict
from safetensors.torch import load_file

ROOT = pathlib.Path(__file__).resolve().parent.parent
BASE = ROOT / "core/src/test/resources/golden/tiny-sd"


def load_text(state_dict, network_alphas, text_encoder, prefix=None, metadata=None, adapter_name=None, **_):
    prefix = (prefix or "text_encoder") + "."
    own = {key.removeprefix(prefix + "text_model."): value for key, value in state_dict.items() if key.startswith(prefix)}
    adapter_name = adapter_name or "default"
    if own:
        text_encoder.add_adapter(LoraConfig(**{k.removeprefix(prefix): v for k, v in metadata.items() if k.startswith(prefix)}), adapter_name)
        set_peft_model_state_dict(text_encoder, own, adapter_name)
        there = {name.replace(f".{adapter_name}", ""): value for name, value in text_encoder.named_parameters() if f".{adapter_name}" in name}
        assert sorted(there) == sorted(own) and all(torch.equal(there[key], value) for key, value in own.items())


diffusers.loaders.lora_pipeline._load_lora_into_text_encoder = load_text


def draw(lora=None):
    pipe = StableDiffusionPipeline.from_pretrained(BASE, torch_dtype=torch.float32, safety_checker=None)
    pipe.scheduler = DDIMScheduler.from_config(pipe.scheduler.config)
    pipe.set_progress_bar_config(disable=True)
    if lora:
        pipe.load_lora_weights(lora.parent if lora.is_file() else lora, **({"weight_name": lora.name} if lora.is_file() else {}))
    with torch.no_grad():
        return pipe("a photo of a red cat", generator=torch.Generator().manual_seed(5), num_inference_steps=3, guidance_scale=4.0,
                    output_type="latent").images


def near(name, got, wanted):
    distance = ((got - wanted).abs().max() / wanted.abs().max()).item()
    assert distance <= 1e-3, f"{name}: {distance}"
    print(f"{name}: within {distance:.1e}")


def weights(path):
    """Of each layer B·A·alpha/r, by its name without what the spellings differ in."""
    state, alphas = StableDiffusionPipeline.lora_state_dict(path)[:2]
    layers = {}
    for key, down in state.items():
        for old, new in ((".lora_A.", ".lora_B."), (".lora.down.", ".lora.up."), ("_lora.down.", "_lora.up."), (".lora_linear_layer.down.", ".lora_linear_layer.up.")):
            if old in key:
                name = key.split(old)[0].replace(".processor", "").replace("self_attn.to_q", "self_attn.q_proj").replace("self_attn.to_out", "self_attn.out_proj")
                name = name + ".0" if name.endswith(".to_out") else name
                scale = 5 / 3 if not alphas else alphas[key.split(".lora.")[0] + ".alpha"] / down.shape[0]
                layers[name] = scale * state[key.replace(old, new)].flatten(1) @ down.flatten(1)
    return layers


def main(folder):
    target = ROOT / "cli/target"
    subprocess.run(["java", "-cp", f"{target}/classes:{target}/lib/*", ROOT / "oracle/JavaPipelineLora.java", BASE, folder], check=True)
    drawn = load_file(folder / "drawn.safetensors")
    near("the base itself", draw(), drawn["plain"])
    near("the denoiser's LoRA by load_lora_weights", draw(folder / "unet"), drawn["unet"])
    near("with the text encoder's", draw(folder / "both"), drawn["both"])
    near("the same from kohya's names, in Java", drawn["kohya.safetensors"], drawn["both"])
    ours, kohya = weights(folder / "both"), weights(folder / "kohya.safetensors")
    assert sorted(ours) == sorted(kohya), sorted(set(ours) ^ set(kohya))
    for name in ours:
        assert torch.allclose(ours[name], kohya[name], rtol=1e-5, atol=1e-6), name
    print(f"kohya's file: the same {len(ours)} layers")


main(pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else tempfile.mkdtemp(prefix="java-pipeline-lora-")))
