# SPDX-License-Identifier: Apache-2.0
"""What the calls of diffusers' pipelines take where nothing is said: golden/call_defaults.json.

Usage: python oracle/golden_call_defaults.py
"""
import inspect
import json
import pathlib

import diffusers

CALLS = """
StableDiffusionPipeline StableDiffusionImg2ImgPipeline StableDiffusionInpaintPipeline
StableDiffusionXLPipeline StableDiffusionXLImg2ImgPipeline StableDiffusionXLInpaintPipeline
StableDiffusionControlNetPipeline StableDiffusionControlNetImg2ImgPipeline StableDiffusionControlNetInpaintPipeline
StableDiffusionXLControlNetPipeline StableDiffusionXLControlNetImg2ImgPipeline StableDiffusionXLControlNetInpaintPipeline
LatentConsistencyModelPipeline LatentConsistencyModelImg2ImgPipeline StableDiffusionInstructPix2PixPipeline
""".split()
KEYS = ["num_inference_steps", "guidance_scale", "strength", "image_guidance_scale", "controlnet_conditioning_scale", "control_guidance_start",
        "control_guidance_end", "guess_mode", "guidance_rescale", "eta", "aesthetic_score", "negative_aesthetic_score"]


def main():
    defaults = {}
    for name in CALLS:
        given = inspect.signature(getattr(diffusers, name).__call__).parameters
        defaults[name] = {key: given[key].default for key in KEYS if key in given}
        print(name, defaults[name])
    file = pathlib.Path(__file__).parent.parent / "core/src/test/resources/golden/call_defaults.json"
    file.write_text(json.dumps(defaults, indent=1) + "\n")


if __name__ == "__main__":
    main()
