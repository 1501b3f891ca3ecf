# SPDX-License-Identifier: Apache-2.0
"""Two LoRAs of peft's on a UNet2DModel, and what it draws with each and with both -> core/src/test/resources/golden/lora.

The network's weights are not stored: both sides make them from a seed (torch.manual_seed(7) before the network is made; a Generator
seeded 11 for the sample). The metadata of expected.safetensors holds peft's default config, which of its ways to begin A and B draw an
adapter that is read from its file as the plain sum (true) or otherwise (false), and the same for layers that the config leaves out.
"""
import json
import pathlib
import shutil
import tempfile
import warnings

import torch
from diffusers import UNet2DModel
from peft import LoraConfig, PeftModel, get_peft_model
from safetensors.torch import save_file

GOLDEN = pathlib.Path(__file__).parent.parent / "core/src/test/resources/golden/lora"
CONFIG = dict(
    sample_size=8, in_channels=3, out_channels=3, layers_per_block=1, block_out_channels=(16, 32), norm_num_groups=8,
    down_block_types=("DownBlock2D", "AttnDownBlock2D"), up_block_types=("AttnUpBlock2D", "UpBlock2D"),
)
ADAPTERS = {
    "a": LoraConfig(
        r=2, lora_alpha=6, lora_dropout=0.3, target_modules=["to_q", "to_v", "to_out.0", "mid_block.resnets.0.conv1", "conv_in"],
        rank_pattern={"to_v": 3}, alpha_pattern={"mid_block.*to_v": 5, "to_v": 4}),
    "b": LoraConfig(
        r=3, lora_alpha=2, use_rslora=True, init_lora_weights="gaussian",
        target_modules=["to_k", "to_v", "time_emb_proj", "upsamplers.0.conv", "downsamplers.0.conv", "conv_out", "conv_in"]),
}
# of Linear layers alone: peft knows most ways to begin for no other
LINEAR = LoraConfig(r=2, lora_alpha=6, target_modules=["to_q", "to_v", "to_out.0"])
# loftq and lora_ga need what is not in a file; corda needs a covariance
STARTS = [True, False, "gaussian", "Gaussian", "eva", "orthogonal", "mica", "pissa", "pissa_niter_2", "olora"]
LEFT_OUT = {
    "exclude_modules": ["conv_in"],
    "target_modules": ["to_q", "to_v", "to_out.0", "mid_block.resnets.0.conv1"],
    "layers_to_transform": [1],
}


def network():
    torch.manual_seed(7)
    return UNet2DModel(**CONFIG).eval()


def output(model, sample):
    with torch.no_grad():
        return model(sample, torch.tensor([3.0, 977.0])).sample


def write(folder, config):
    model = get_peft_model(network(), config)
    generator = torch.Generator().manual_seed(sum(map(ord, folder.name[0])))
    with torch.no_grad():
        for key, tensor in model.named_parameters():
            if "lora_" in key:
                tensor.copy_(torch.randn(tensor.shape, generator=generator) * 0.2)
    model.save_pretrained(folder)
    (folder / "README.md").unlink(missing_ok=True)


def drawn(adapter, changes, sample):
    """What peft draws with an adapter where its config says something else; None where it refuses."""
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(adapter, folder, dirs_exist_ok=True)
        file = pathlib.Path(folder, "adapter_config.json")
        file.write_text(json.dumps(json.loads(file.read_text()) | changes))
        try:
            return output(PeftModel.from_pretrained(network(), folder), sample)
        except Exception as e:  # what peft itself cannot load
            print(f"{changes}: {type(e).__name__}: {e}")
            return None


def main():
    warnings.simplefilter("ignore")
    GOLDEN.mkdir(parents=True, exist_ok=True)
    for name, config in ADAPTERS.items():
        write(GOLDEN / name, config)
    sample = torch.randn(2, 3, 8, 8, generator=torch.Generator().manual_seed(11))
    model = PeftModel.from_pretrained(network(), GOLDEN / "a", adapter_name="a")
    model.load_adapter(GOLDEN / "b", adapter_name="b")
    tensors = {"sample": sample, "plain": output(network(), sample)}
    for name in ADAPTERS:
        model.set_adapter(name)
        tensors[name] = output(model, sample)
    model.base_model.set_adapter(["a", "b"])
    tensors["both"] = output(model, sample)

    def is_plain(adapter, changes):
        got = drawn(adapter, changes, sample)
        return got is not None and bool((got - drawn(adapter, {}, sample)).abs().max() <= 1e-5)

    with tempfile.TemporaryDirectory() as folder:
        linear = pathlib.Path(folder, "linear")
        write(linear, LINEAR)
        starts = [[start, is_plain(linear, {"init_lora_weights": start})] for start in STARTS]
    left_out = {key: [value, is_plain(GOLDEN / "a", {key: value})] for key, value in LEFT_OUT.items()}
    defaults = LoraConfig().to_dict()
    print(starts, left_out, {name: float((tensors[name] - tensors["plain"]).abs().max()) for name in tensors})
    save_file(
        {name: tensor.contiguous() for name, tensor in tensors.items()},
        GOLDEN / "expected.safetensors",
        metadata={
            "starts": json.dumps({"list": starts}),
            "left_out": json.dumps(left_out),
            "defaults": json.dumps(defaults, default=lambda value: sorted(value) if isinstance(value, set) else str(value)),
        },
    )


main()
