# SPDX-License-Identifier: Apache-2.0
"""Converts the parts of a Stable Diffusion's folder for OpenVINO, with the shapes of the rows, once; beside the folder, in FOLDER-openvino.

Usage: python openvino_parts.py FOLDER PART:SIDE:BATCH ...      PART: unet, text, decoder
"""
import pathlib
import sys

import openvino
import torch

import stable


def file_of(folder, part, side, batch):
    return folder.with_name(folder.name + "-openvino") / f"{part}-{side}-{batch}.xml"


def convert(folder, part, side, batch):
    if part == "unet":
        model = stable.denoiser(folder)
        inputs = stable.denoiser_inputs(model.unet.config, side, batch)
    elif part == "text":
        model, inputs = stable.text_states(folder), [stable.ids()]
    else:
        model, inputs = stable.decoder(folder), [torch.randn(batch, 4, side // 8, side // 8)]
    made = openvino.convert_model(model, example_input=tuple(inputs), input=[list(i.shape) for i in inputs])
    file = file_of(folder, part, side, batch)
    file.parent.mkdir(exist_ok=True)
    openvino.save_model(made, file, compress_to_fp16=False)


if __name__ == "__main__":
    torch.set_grad_enabled(False)
    place = pathlib.Path(sys.argv[1])
    for word in sys.argv[2:]:
        name, *numbers = word.split(":")
        if not file_of(place, name, *map(int, numbers)).exists():
            convert(place, name, *map(int, numbers))
