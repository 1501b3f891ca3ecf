# SPDX-License-Identifier: Apache-2.0
"""LoRA across the fence: what Java wrote is read by peft and draws the same, and the other way round.

Java (oracle/JavaLora.java) saves a network, an adapter for it, an input and what comes out with it. Here peft reads the adapter,
and writes two of its own: by its save_pretrained, and under the names of diffusers' training scripts. Java then reads these.

Usage: python oracle/check_lora.py [OUT_FOLDER]       fails where anything differs
"""
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import torch
from diffusers import UNet2DModel
from diffusers.loaders.lora_base import LoraBaseMixin
from diffusers.utils import convert_state_dict_to_diffusers
from peft import LoraConfig, PeftModel, get_peft_model, get_peft_model_state_dict, inject_adapter_in_model
from safetensors.torch import load_file, save_file

ROOT = Path(__file__).resolve().parent.parent
TOLERANCE = 1e-5


def near(name, got, wanted):
    distance = (got - wanted).abs().max().item()
    assert distance <= TOLERANCE, f"{name}: {distance}"
    print(f"{name}: within {distance:.1e}")


def run_java(folder, what):
    """With the command's class path, which has everything."""
    target = ROOT / "cli/target"
    subprocess.run(["java", "-cp", f"{target}/classes:{target}/lib/*", ROOT / "oracle/JavaLora.java", folder, what], check=True)


def network(folder):
    return UNet2DModel.from_pretrained(str(folder / "model"), subfolder="unet").eval()


def output(model, case):
    with torch.no_grad():
        return model(case["sample"], case["timestep"]).sample


def fill(model):
    torch.manual_seed(5)
    with torch.no_grad():
        for name, tensor in model.named_parameters():
            if "lora_B" in name:
                tensor.normal_(0, 0.2)


def main(folder):
    subprocess.run([ROOT / "diffuse", "--version"], check=True, stdout=subprocess.DEVNULL)
    run_java(folder, "write")
    case = load_file(folder / "case.safetensors")
    near("the network itself", output(network(folder), case), case["plain"])
    adapted = PeftModel.from_pretrained(network(folder), folder / "from-java")
    near("Java's adapter in peft", output(adapted, case), case["adapted"])
    near("merged there", output(adapted.merge_and_unload(), case), case["adapted"])

    written = {"sample": case["sample"], "timestep": case["timestep"]}
    own = get_peft_model(
        network(folder),
        LoraConfig(r=3, lora_alpha=6, target_modules=["to_q", "to_v", "to_out.0", "conv1", "conv_in"], use_rslora=True),
    )
    fill(own)
    own.save_pretrained(folder / "from-peft")
    written["from-peft"] = output(own, case)

    # diffusers' UNet2DModel has no add_adapter; its attention is adapted as by the adapter mixin, under the names that the
    # training scripts save
    unet = inject_adapter_in_model(LoraConfig(r=4, lora_alpha=4, target_modules=["to_k", "to_out.0"]), network(folder))
    fill(unet)
    state = convert_state_dict_to_diffusers(get_peft_model_state_dict(unet))
    LoraBaseMixin.write_lora_layers(
        {f"unet.{name}": tensor for name, tensor in state.items()},
        folder / "from-diffusers", True, "pytorch_lora_weights.safetensors", None, True)
    written["from-diffusers"] = output(unet, case)
    save_file(written, folder / "expected.safetensors")
    print(json.dumps(sorted(load_file(next((folder / "from-diffusers").glob("*.safetensors"))))[:2]))
    run_java(folder, "read")


main(Path(sys.argv[1] if len(sys.argv) > 1 else tempfile.mkdtemp(prefix="java-lora-")))
