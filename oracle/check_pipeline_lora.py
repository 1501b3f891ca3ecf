# SPDX-License-Identifier: Apache-2.0
"""LoRAs of a Stable Diffusion as a training in Java writes them: diffusers' load_lora_weights loads them whole and draws the same, and reads
of the file with kohya's names the same weights and alphas.

The text encoder's share goes in by peft as golden_text_lora.py does it: diffusers' own way leaves tensors out with transformers 5.

Usage: python oracle/check_pipeline_lora.py [OUT_FOLDER]       fails where anything differs
"""
import pathlib
import subprocess
import sys
import tempfile

import torch
from diffusers import DDIMScheduler, StableDiffusionPipeline
from safetensors.torch import load_file

ROOT = pathlib.Path(__file__).resolve().parent.parent
BASE = ROOT / "core/src/test/resources/golden/tiny-sd"


def draw(lora=None, loader=None):
    if loader:
        import diffusers.loaders.lora_pipeline as module
        module._load_lora_into_text_encoder = loader
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
                alpha = next((value for k, value in (alphas or {}).items() if k.split(".alpha")[0].replace(".processor", "").removesuffix("_lora").removesuffix(".lora").replace("to_out.0", "to_out") == key.split(old)[0].replace(".processor", "")), None)
                scale = 5 / 3 if alphas is None or not alphas else alpha / down.shape[0]
                layers[name] = scale * state[key.replace(old, new)].flatten(1) @ down.flatten(1)
    return layers


def main(folder):
    target = ROOT / "cli/target"
    subprocess.run(["java", "-cp", f"{target}/classes:{target}/lib/*", ROOT / "oracle/JavaPipelineLora.java", BASE, folder], check=True)
    drawn = load_file(folder / "drawn.safetensors")
    near("the base itself", draw(), drawn["plain"])
    near("the denoiser's LoRA by load_lora_weights", draw(folder / "unet"), drawn["unet"])
    sys.path.insert(0, str(ROOT / "oracle"))
    import golden_text_lora
    near("with the text encoder's", draw(folder / "both", golden_text_lora.load_text), drawn["both"])
    near("the same from kohya's names, in Java", drawn["kohya.safetensors"], drawn["both"])
    ours, kohya = weights(folder / "both"), weights(folder / "kohya.safetensors")
    assert sorted(ours) == sorted(kohya), sorted(set(ours) ^ set(kohya))
    for name in ours:
        assert torch.allclose(ours[name], kohya[name], rtol=1e-5, atol=1e-6), name
    print(f"kohya's file: the same {len(ours)} layers")


main(pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else tempfile.mkdtemp(prefix="java-pipeline-lora-")))
