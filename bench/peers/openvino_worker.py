# SPDX-License-Identifier: Apache-2.0
"""OpenVINO's side of bench/compare for a Stable Diffusion, on parts that openvino_parts.py converted.

Usage: python openvino_worker.py stable FOLDER f32|bf16 step|text|decode|fast SIDE
"""
import pathlib
import sys
import time

import openvino
import torch

import stable
from openvino_parts import file_of
from worker import done, next_round, ready


def compiled(folder, part, side, batch, dtype):
    core = openvino.Core()
    options = {"INFERENCE_PRECISION_HINT": dtype, "PERFORMANCE_HINT": "LATENCY"}
    made = core.compile_model(str(file_of(folder, part, side, batch)), "CPU", options)
    return lambda *inputs: torch.from_numpy(made([i.numpy() for i in inputs])[0])


def part(folder, what, side, dtype):
    """A function that does a round."""
    if what == "text":
        call = compiled(folder, "text", 0, 2, dtype)
        return lambda: call(stable.ids())
    if what == "decode":
        call, latents = compiled(folder, "decoder", side, 1, dtype), torch.randn(1, 4, side // 8, side // 8)
        return lambda: call(latents)
    from diffusers import UNet2DConditionModel
    config = UNet2DConditionModel.load_config(folder / "unet")
    config = type("Config", (), {"addition_embed_type": None, **config})
    if what == "step":
        return stable.step(compiled(folder, "unet", side, 2, dtype), config, side, lambda x: x)
    text, call, decode = (compiled(folder, name, side if name != "text" else 0, batch, dtype) for name, batch in (("text", 2), ("unet", 1), ("decoder", 1)))
    x, t, _ = stable.denoiser_inputs(config, side, 1)
    return lambda: decode(call(x, t, text(stable.ids())[:1]))


if __name__ == "__main__":
    torch.set_grad_enabled(False)
    run = part(pathlib.Path(sys.argv[2]), sys.argv[4], int(sys.argv[5]), sys.argv[3])

    def timed():
        start = time.perf_counter()
        run()
        return time.perf_counter() - start

    timed()
    ready({sys.argv[3]})
    while next_round():
        done(timed())
