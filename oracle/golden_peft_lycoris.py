# SPDX-License-Identifier: Apache-2.0
"""peft's own LoHa and LoKr on the UNet2DModel of golden_lora.py, and what it draws with each -> core/src/test/resources/golden/lora/{loha,lokr,lokr-both},
golden/lora/lycoris.safetensors.

The network's weights and the sample come from seeds, as there. The metadata holds peft's default configs.

Usage: python oracle/golden_peft_lycoris.py
"""
import json
import pathlib
import warnings

import torch
from diffusers import UNet2DModel
from peft import LoHaConfig, LoKrConfig, PeftModel, get_peft_model
from safetensors.torch import save_file

GOLDEN = pathlib.Path(__file__).parent.parent / "core/src/test/resources/golden/lora"
CONFIG = dict(
    sample_size=8, in_channels=3, out_channels=3, layers_per_block=1, block_out_channels=(16, 32), norm_num_groups=8,
    down_block_types=("DownBlock2D", "AttnDownBlock2D"), up_block_types=("AttnUpBlock2D", "UpBlock2D"),
)
LAYERS = ["to_q", "to_v", "to_out.0", "mid_block.resnets.0.conv1", "downsamplers.0.conv"]
ADAPTERS = {
    "loha": LoHaConfig(
        r=2, alpha=3, rank_dropout=0.2, target_modules=LAYERS, use_effective_conv2d=True, rank_pattern={"to_v": 1}, alpha_pattern={"mid_block.*to_q": 5}),
    # alpha / r counts also where both factors are whole: to_v, whose rank is as large as they are
    "lokr": LoKrConfig(
        r=2, alpha=3, target_modules=LAYERS, use_effective_conv2d=True, rank_pattern={"to_v": 8}, alpha_pattern={"to_v": 12}, init_weights="lycoris"),
    "lokr-both": LoKrConfig(r=1, alpha=2, module_dropout=0.1, target_modules=LAYERS, decompose_both=True, decompose_factor=4),
}


def network():
    torch.manual_seed(7)
    return UNet2DModel(**CONFIG).eval()


def output(model, sample):
    with torch.no_grad():
        return model(sample, torch.tensor([3.0, 977.0])).sample


def write(folder, config):
    model = get_peft_model(network(), config)
    generator = torch.Generator().manual_seed(31)
    with torch.no_grad():
        for key, tensor in model.named_parameters():
            if "hada_" in key or "lokr_" in key:
                tensor.copy_(torch.randn(tensor.shape, generator=generator) * 0.4)
    model.save_pretrained(folder)
    (folder / "README.md").unlink(missing_ok=True)


def main():
    warnings.simplefilter("ignore")
    sample = torch.randn(2, 3, 8, 8, generator=torch.Generator().manual_seed(11))
    plain = output(network(), sample)
    tensors = {}
    for name, config in ADAPTERS.items():
        write(GOLDEN / name, config)
        tensors[name] = output(PeftModel.from_pretrained(network(), GOLDEN / name).eval(), sample).contiguous()
        print(name, "changes the output by", float((tensors[name] - plain).norm() / plain.norm()))
    defaults = {config.peft_type.value: config.to_dict() for config in (LoHaConfig(), LoKrConfig())}
    save_file(tensors, GOLDEN / "lycoris.safetensors", metadata={"defaults": json.dumps(defaults)})


if __name__ == "__main__":
    main()
