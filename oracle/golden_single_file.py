# SPDX-License-Identifier: Apache-2.0
"""What diffusers makes of single files in the original layout: golden/single_file.json.gz.

"tiny": small models of each kind, whose weights both sides draw from one seed: the tensors of the file, and a hash of each
tensor that diffusers' from_single_file gives its parts. "real": names and shapes of the real models' files, which diffusers maps to exactly
the weights of the networks that the Hub's configs describe; no weight of them is made. golden/single_file.ckpt: a training's checkpoint.

Usage: python oracle/golden_single_file.py
"""
import gzip
import hashlib
import json
import pathlib
import re
import sys
import tempfile
import types

import numpy
import torch
from diffusers import (AutoencoderKL, StableDiffusionInpaintPipeline, StableDiffusionInstructPix2PixPipeline, StableDiffusionPipeline,
                       StableDiffusionXLImg2ImgPipeline, StableDiffusionXLPipeline, UNet2DConditionModel)
from diffusers.loaders import single_file_utils as conversion
from safetensors.torch import save_file
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection

ROOT = pathlib.Path(__file__).parent.parent
GOLDEN = ROOT / "core/src/test/resources/golden"
RESNET = {"norm1": "in_layers.0", "conv1": "in_layers.2", "time_emb_proj": "emb_layers.1", "norm2": "out_layers.0",
          "conv2": "out_layers.3", "conv_shortcut": "skip_connection"}
OUTSIDE = {"time_embedding.linear_1": "time_embed.0", "time_embedding.linear_2": "time_embed.2", "add_embedding.linear_1": "label_emb.0.0",
           "add_embedding.linear_2": "label_emb.0.2", "conv_in": "input_blocks.0.0", "conv_norm_out": "out.0", "conv_out": "out.2"}


def unet_name(name, config):
    """The original name, from the rules of openaimodel.py: two rows of blocks, counted through all levels."""
    module, kind = name.rsplit(".", 1)
    if module in OUTSIDE:
        return f"{OUTSIDE[module]}.{kind}"
    layers = config["layers_per_block"]
    where = re.match(r"(down|up)_blocks\.(\d+)\.(resnets|attentions|downsamplers|upsamplers)\.(\d+)\.(.+)|mid_block\.(resnets|attentions)\.(\d+)\.(.+)", module)
    row, level, what, number, rest, middle, place, inner = where.groups()
    if middle:
        return f"middle_block.{2 * int(place)}.{RESNET[inner]}.{kind}" if middle == "resnets" else f"middle_block.1.{inner}.{kind}"
    level, number = int(level), int(number)
    if row == "down":
        if what == "downsamplers":
            return f"input_blocks.{(level + 1) * (layers + 1)}.0.op.{kind}"
        block = f"input_blocks.{1 + level * (layers + 1) + number}"
    else:
        attends = config["up_block_types"][level].startswith("Cross")
        if what == "upsamplers":
            return f"output_blocks.{level * (layers + 1) + layers}.{2 if attends else 1}.conv.{kind}"
        block = f"output_blocks.{level * (layers + 1) + number}"
    return f"{block}.0.{RESNET[rest]}.{kind}" if what == "resnets" else f"{block}.1.{rest}.{kind}"


def vae_name(name, levels):
    name = re.sub(r"mid_block\.resnets\.(\d)", lambda m: f"mid.block_{int(m[1]) + 1}", name)
    name = re.sub(r"encoder\.down_blocks\.(\d+)\.resnets", r"encoder.down.\1.block", name)
    name = re.sub(r"encoder\.down_blocks\.(\d+)\.downsamplers\.0", r"encoder.down.\1.downsample", name)
    name = re.sub(r"decoder\.up_blocks\.(\d+)\.resnets", lambda m: f"decoder.up.{levels - 1 - int(m[1])}.block", name)
    name = re.sub(r"decoder\.up_blocks\.(\d+)\.upsamplers\.0", lambda m: f"decoder.up.{levels - 1 - int(m[1])}.upsample", name)
    for new, old in {"mid_block.attentions.0": "mid.attn_1", "group_norm": "norm", "to_q": "q", "to_k": "k", "to_v": "v", "to_out.0": "proj_out",
                     "conv_shortcut": "nin_shortcut", "conv_norm_out": "norm_out"}.items():
        name = name.replace(new, old)
    return name


def open_clip(state, width):
    """A text tower under OpenCLIP's names: shapes only."""
    shapes = {}
    for name, shape in state.items():
        layer = re.match(r"text_model\.encoder\.layers\.(\d+)\.(.+)\.(weight|bias)", name)
        if not layer:
            shapes[{"text_model.embeddings.token_embedding.weight": "token_embedding.weight",
                    "text_model.embeddings.position_embedding.weight": "positional_embedding", "text_projection.weight": "text_projection",
                    "text_model.final_layer_norm.weight": "ln_final.weight", "text_model.final_layer_norm.bias": "ln_final.bias"}[name]] = \
                shape[::-1] if name == "text_projection.weight" else shape
            continue
        number, part, kind = layer.groups()
        block = f"transformer.resblocks.{number}."
        if part == "self_attn.q_proj":
            shapes[f"{block}attn.in_proj_{kind}"] = [3 * width, *shape[1:]]
        elif part not in ("self_attn.k_proj", "self_attn.v_proj"):
            own = {"self_attn.out_proj": "attn.out_proj", "layer_norm1": "ln_1", "layer_norm2": "ln_2", "mlp.fc1": "mlp.c_fc", "mlp.fc2": "mlp.c_proj"}
            shapes[f"{block}{own[part]}.{kind}"] = shape
    return shapes


def shapes_of(model):
    """Names and shapes; text towers with the prefix that transformers 5 dropped from one of its classes."""
    state = {name: list(value.shape) for name, value in model.state_dict().items() if not name.endswith("position_ids")}
    if isinstance(model, CLIPTextModel):
        state = {name if name.startswith("text_model.") else "text_model." + name: shape for name, shape in state.items()}
    return state


def networks(kind, configs):
    with torch.device("meta"):
        made = {}
        for part, config in configs.items():
            if part == "unet":
                made[part] = UNet2DConditionModel.from_config(config)
            elif part == "vae":
                made[part] = AutoencoderKL.from_config(config)
            else:
                made[part] = (CLIPTextModelWithProjection if part == "text_encoder_2" else CLIPTextModel)(CLIPTextConfig(**config))
    return made


PLACES = {"sd1": {"text_encoder": "cond_stage_model.transformer."}, "sd2": {"text_encoder": "cond_stage_model.model."},
          "xl": {"text_encoder": "conditioner.embedders.0.transformer.", "text_encoder_2": "conditioner.embedders.1.model."},
          "xl-refiner": {"text_encoder_2": "conditioner.embedders.0.model."}}


def original(kind, configs, made):
    """The names and shapes of the original file."""
    file = {}
    for part, model in made.items():
        shapes = shapes_of(model)
        if part == "unet":
            file.update({"model.diffusion_model." + unet_name(name, configs[part]): shape for name, shape in shapes.items()})
        elif part == "vae":
            levels = len(configs[part]["block_out_channels"])
            for name, shape in shapes.items():
                if re.search(r"attentions\.0\.to_.*weight", name):
                    shape = [*shape, 1, 1]
                file["first_stage_model." + vae_name(name, levels)] = shape
        else:
            place = PLACES[kind][part]
            text = open_clip(shapes, configs[part]["hidden_size"]) if place.endswith("model.") else shapes
            file.update({place + name: shape for name, shape in text.items()})
    return file


def converted(kind, configs, made, checkpoint):
    """What diffusers' conversion gives each part."""
    parts = {}
    for part, model in made.items():
        if part == "unet":
            state = conversion.convert_ldm_unet_checkpoint(dict(checkpoint), configs[part])
        elif part == "vae":
            state = conversion.convert_ldm_vae_checkpoint(dict(checkpoint), configs[part])
        else:
            place = PLACES[kind][part]
            if place.endswith("model."):
                state = conversion.convert_open_clip_checkpoint(model, dict(checkpoint), prefix=place)
            else:
                state = conversion.convert_ldm_clip_checkpoint({k: v for k, v in checkpoint.items() if k.startswith(place)})
        if part == "text_encoder":  # CLIPTextModel has no projection, and its table is made, not read
            state = {name: value for name, value in state.items() if name != "text_projection.weight" and "position_ids" not in name}
        expected = shapes_of(model)
        assert {name: list(value.shape) for name, value in state.items()} == expected, (kind, part, set(state) ^ set(expected))
        parts[part] = state
    return parts


UNET = dict(act_fn="silu", center_input_sample=False, downsample_padding=1, flip_sin_to_cos=True, freq_shift=0, in_channels=4, out_channels=4,
            layers_per_block=2, mid_block_scale_factor=1, norm_eps=1e-5, norm_num_groups=32)
CROSS = ["CrossAttnDownBlock2D"] * 3 + ["DownBlock2D"], ["UpBlock2D"] + ["CrossAttnUpBlock2D"] * 3
VAE = dict(act_fn="silu", block_out_channels=[128, 256, 512, 512], down_block_types=["DownEncoderBlock2D"] * 4, in_channels=3, latent_channels=4,
           layers_per_block=2, norm_num_groups=32, out_channels=3, up_block_types=["UpDecoderBlock2D"] * 4)
TEXT = dict(bos_token_id=0, eos_token_id=2, pad_token_id=1, layer_norm_eps=1e-5, max_position_embeddings=77, vocab_size=49408)
LARGE = dict(**TEXT, hidden_act="quick_gelu", hidden_size=768, intermediate_size=3072, num_attention_heads=12, num_hidden_layers=12, projection_dim=768)
BIG_G = dict(**TEXT, hidden_act="gelu", hidden_size=1280, intermediate_size=5120, num_attention_heads=20, num_hidden_layers=32, projection_dim=1280)
XL_VAE = dict(VAE, sample_size=1024, scaling_factor=0.13025, force_upcast=True)
SD1_UNET = dict(UNET, attention_head_dim=8, block_out_channels=[320, 640, 1280, 1280], cross_attention_dim=768, down_block_types=CROSS[0],
                up_block_types=CROSS[1], sample_size=64)
XL_UNET = dict(UNET, addition_embed_type="text_time", addition_time_embed_dim=256, attention_head_dim=[5, 10, 20], block_out_channels=[320, 640, 1280],
               cross_attention_dim=2048, down_block_types=["DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"],
               projection_class_embeddings_input_dim=2816, sample_size=128, transformer_layers_per_block=[1, 2, 10],
               up_block_types=["CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"], use_linear_projection=True)

# as the Hub has them: stable-diffusion-v1-5, -inpainting, -2-1, -xl-base-1.0, -xl-refiner-1.0
REAL = {
    "sd1": ("sd1", dict(unet=SD1_UNET, vae=dict(VAE, sample_size=512), text_encoder=LARGE)),
    "sd1-inpaint": ("sd1", dict(unet=dict(SD1_UNET, in_channels=9))),
    "sd2": ("sd2", dict(unet=dict(SD1_UNET, attention_head_dim=[5, 10, 20, 20], cross_attention_dim=1024, sample_size=96, use_linear_projection=True,
                                  upcast_attention=True),
                        vae=dict(VAE, sample_size=768),
                        text_encoder=dict(TEXT, hidden_act="gelu", hidden_size=1024, intermediate_size=4096, num_attention_heads=16,
                                          num_hidden_layers=23, projection_dim=512))),
    "xl": ("xl", dict(unet=XL_UNET, vae=XL_VAE, text_encoder=LARGE, text_encoder_2=BIG_G)),
    "xl-refiner": ("xl-refiner", dict(
        unet=dict(XL_UNET, attention_head_dim=[6, 12, 24, 24], block_out_channels=[384, 768, 1536, 1536], cross_attention_dim=1280,
                  down_block_types=["DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "DownBlock2D"],
                  up_block_types=["UpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"],
                  projection_class_embeddings_input_dim=2560, transformer_layers_per_block=4),
        vae=XL_VAE, text_encoder_2=BIG_G)),
}

TINY_UNET = dict(UNET, attention_head_dim=2, block_out_channels=[8, 16], cross_attention_dim=16, layers_per_block=1, norm_num_groups=4, sample_size=8,
                 down_block_types=["CrossAttnDownBlock2D", "DownBlock2D"], up_block_types=["UpBlock2D", "CrossAttnUpBlock2D"])
TINY_VAE = dict(VAE, block_out_channels=[8, 16], down_block_types=["DownEncoderBlock2D"] * 2, up_block_types=["UpDecoderBlock2D"] * 2,
                layers_per_block=1, norm_num_groups=4, sample_size=16)
TINY_TEXT = dict(TEXT, vocab_size=80, hidden_act="quick_gelu", hidden_size=16, intermediate_size=32, num_attention_heads=2, num_hidden_layers=2,
                 projection_dim=12)
TINY_XL = dict(TINY_UNET, attention_head_dim=[2, 4], cross_attention_dim=24, down_block_types=["DownBlock2D", "CrossAttnDownBlock2D"],
               up_block_types=["CrossAttnUpBlock2D", "UpBlock2D"], transformer_layers_per_block=[1, 2], use_linear_projection=True,
               addition_embed_type="text_time", addition_time_embed_dim=4, projection_class_embeddings_input_dim=12 + 6 * 4)
GELU = dict(TINY_TEXT, hidden_act="gelu")
TINY = {
    "sd1": ("sd1", StableDiffusionPipeline, dict(unet=TINY_UNET, vae=TINY_VAE, text_encoder=TINY_TEXT)),
    "sd1-inpaint": ("sd1", StableDiffusionInpaintPipeline, dict(unet=dict(TINY_UNET, in_channels=9), vae=TINY_VAE, text_encoder=TINY_TEXT)),
    "sd1-instruct": ("sd1", StableDiffusionInstructPix2PixPipeline, dict(unet=dict(TINY_UNET, in_channels=8), vae=TINY_VAE, text_encoder=TINY_TEXT)),
    "sd2": ("sd2", StableDiffusionPipeline,
            dict(unet=dict(TINY_UNET, use_linear_projection=True, layers_per_block=2), vae=TINY_VAE, text_encoder=GELU)),
    "xl": ("xl", StableDiffusionXLPipeline,
           dict(unet=TINY_XL, vae=TINY_VAE, text_encoder=dict(TINY_TEXT, hidden_size=8), text_encoder_2=GELU)),  # distinguished by their widths
    "xl-refiner": ("xl-refiner", StableDiffusionXLImg2ImgPipeline, dict(
        unet=dict(TINY_XL, block_out_channels=[8, 16, 16], attention_head_dim=2, cross_attention_dim=16, transformer_layers_per_block=2,
                  down_block_types=["DownBlock2D", "CrossAttnDownBlock2D", "DownBlock2D"],
                  up_block_types=["UpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"], projection_class_embeddings_input_dim=12 + 5 * 4),
        vae=TINY_VAE, text_encoder_2=GELU)),
}


def digest(tensor):
    return hashlib.sha256(tensor.contiguous().view(torch.uint8).numpy().tobytes()).hexdigest()[:8]


def check_pipeline(kind, cls, configs, file, parts):
    """The same through the front door: from_single_file without a network, its configs from a folder."""
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        index = {"_class_name": cls.__name__, "scheduler": ["diffusers", "DDIMScheduler"]}
        for part, config in configs.items():
            name = {"unet": "UNet2DConditionModel", "vae": "AutoencoderKL", "text_encoder": "CLIPTextModel"}.get(part, "CLIPTextModelWithProjection")
            index[part] = ["transformers" if "text" in part else "diffusers", name]
            (folder / part).mkdir()
            more = {"model_type": "clip_text_model"} if "text" in part else {"_class_name": name}
            (folder / part / "config.json").write_text(json.dumps({**config, **more}))
        (folder / "scheduler").mkdir()
        (folder / "scheduler/scheduler_config.json").write_text(json.dumps({"_class_name": "DDIMScheduler"}))
        (folder / "model_index.json").write_text(json.dumps(index))
        absent = {name: None for name in ("tokenizer", "tokenizer_2", "text_encoder", "safety_checker", "feature_extractor", "image_encoder")
                  if name not in configs and name in cls.__init__.__annotations__}
        pipe = cls.from_single_file(str(file), config=str(folder), local_files_only=True, torch_dtype=torch.float16, **absent)
        for part, state in parts.items():
            loaded = getattr(pipe, part).state_dict()
            for name, value in state.items():
                own = loaded.get(name, loaded.get(name.removeprefix("text_model.")))
                assert torch.equal(own, value), (kind, part, name)


def training_checkpoint():
    """A .ckpt as the original trainings saved them: weights under state_dict, with averages, tables, and notes of Lightning's callback, which
    name its class and a number of NumPy's. Returns the hashes of its autoencoder's weights, which is all that it holds."""
    configs = {"vae": dict(TINY_VAE, block_out_channels=[4], down_block_types=["DownEncoderBlock2D"], up_block_types=["UpDecoderBlock2D"])}
    made = networks("sd1", configs)
    draw = torch.Generator().manual_seed(7)
    tensors = {key: torch.randn(shape, generator=draw).half() for key, shape in sorted(original("sd1", configs, made).items())}
    state = {**tensors, "betas": torch.linspace(0.001, 0.01, 4), "model_ema.decay": torch.tensor(0.9), "first_stage_model.loss.logvar": torch.zeros(())}
    lightning = types.ModuleType("pytorch_lightning.callbacks.model_checkpoint")
    lightning.ModelCheckpoint = type("ModelCheckpoint", (), {"__module__": lightning.__name__})
    sys.modules[lightning.__name__] = lightning
    for parent in ("pytorch_lightning", "pytorch_lightning.callbacks"):
        sys.modules[parent] = types.ModuleType(parent)
    notes = {lightning.ModelCheckpoint: {"monitor": "val/loss", "best_model_score": numpy.float64(0.5), "best_model_path": ""}}
    torch.save({"epoch": 3, "global_step": 875000, "state_dict": state, "callbacks": notes}, GOLDEN / "single_file.ckpt")
    parts = converted("sd1", configs, made, state)
    return {"configs": configs, "parts": {part: {key: digest(value) for key, value in all.items()} for part, all in parts.items()}}


def main():
    golden = {"tiny": {}, "real": {}, "checkpoint": training_checkpoint()}
    for name, (kind, configs) in REAL.items():
        made = networks(kind, configs)
        file = original(kind, configs, made)
        if name == "sd1":  # a table that stands in its files
            file["cond_stage_model.transformer.text_model.embeddings.position_ids"] = [1, 77]
        if name == "sd2":  # which attends to the states before the last block, and has no use for that and for what follows
            last = "cond_stage_model.model.transformer.resblocks."
            file.update({key.replace(last + "22.", last + "23."): shape for key, shape in file.items() if key.startswith(last + "22.")})
            file.update({"cond_stage_model.model.text_projection": [1024, 1024], "cond_stage_model.model.logit_scale": []})
        converted(kind, configs, made, {key: torch.empty(shape, device="meta") for key, shape in file.items()})
        golden["real"][name] = {"configs": configs, "tensors": file}
        print(name, len(file), "tensors")
    for name, (kind, cls, configs) in TINY.items():
        made = networks(kind, configs)
        shapes = original(kind, configs, made)
        draw = torch.Generator().manual_seed(7)
        tensors = {key: torch.randn(shape, generator=draw).half() for key, shape in sorted(shapes.items())}
        parts = converted(kind, configs, made, tensors)
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder) / "model.safetensors"
            save_file(tensors, file, metadata={"format": "pt"})
            check_pipeline(kind, cls, configs, file, parts)
        golden["tiny"][name] = {
            "pipeline": cls.__name__, "configs": configs, "tensors": shapes,
            "parts": {part: {key: digest(value) for key, value in state.items()} for part, state in parts.items()}}
        print(name, len(tensors), "tensors")
    with gzip.GzipFile(GOLDEN / "single_file.json.gz", "wb", mtime=0) as out:
        out.write(json.dumps(golden, separators=(",", ":"), sort_keys=True).encode())


if __name__ == "__main__":
    main()
