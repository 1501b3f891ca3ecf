# SPDX-License-Identifier: Apache-2.0
"""Makes a pipeline folder of a published Stable Diffusion's shapes with random weights, to measure with. Nothing is downloaded.

Usage: python tools/make_full_size.py sd15|xl|taesd OUT [--dtype fp32|fp16] [--vocabulary bpe_simple_vocab_16e6.txt.gz]

Needs torch, diffusers and transformers (oracle/requirements.txt). Weights are written one by one: memory for the largest is enough.
sd15 takes 4.3 GB of disk (fp16 half), xl 13.9, taesd 10 MB (an AutoencoderTiny alone, for --vae).
"""
import argparse
import gzip
import json
import math
import pathlib

import torch
from diffusers import AutoencoderKL, AutoencoderTiny, EulerDiscreteScheduler, PNDMScheduler, UNet2DConditionModel
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection

VOCABULARY = pathlib.Path(__file__).resolve().parents[2] / "shared/data/clip/bpe_simple_vocab_16e6.txt.gz"
BETAS = dict(beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", num_train_timesteps=1000, steps_offset=1)
FILES = {"fp32": ("F32", torch.float32), "fp16": ("F16", torch.float16)}


SHAPES = torch.device("meta")  # without content


def unet(**changes):  # the defaults of diffusers' class are those of Stable Diffusion 1 but for the prompt's width
    with SHAPES:
        return UNet2DConditionModel(**{"sample_size": 64, "cross_attention_dim": 768, **changes})


def autoencoder(**changes):
    with SHAPES:
        return AutoencoderKL(
            block_out_channels=(128, 256, 512, 512), down_block_types=("DownEncoderBlock2D",) * 4, up_block_types=("UpDecoderBlock2D",) * 4,
            layers_per_block=2, **changes)


def tiny_autoencoder():
    with SHAPES:
        return AutoencoderTiny()


def text(kind, width, layers, heads, act):
    config = CLIPTextConfig(hidden_size=width, intermediate_size=4 * width, num_hidden_layers=layers, num_attention_heads=heads, hidden_act=act,
                            projection_dim=width, bos_token_id=0, eos_token_id=2, pad_token_id=1)
    with SHAPES:
        return kind(config)


def sd15():
    networks = {"unet": unet(), "vae": autoencoder(sample_size=512), "text_encoder": text(CLIPTextModel, 768, 12, 12, "quick_gelu")}
    scheduler = PNDMScheduler(**BETAS, skip_prk_steps=True, set_alpha_to_one=False)
    return "StableDiffusionPipeline", networks, scheduler, {"tokenizer": "<|endoftext|>"}, {"safety_checker": [None, None], "feature_extractor": [None, None]}


def xl():
    large = unet(
        sample_size=128, cross_attention_dim=2048, block_out_channels=(320, 640, 1280), attention_head_dim=(5, 10, 20), use_linear_projection=True,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"), transformer_layers_per_block=(1, 2, 10),
        up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"), addition_embed_type="text_time", addition_time_embed_dim=256,
        projection_class_embeddings_input_dim=2816)
    networks = {"unet": large, "vae": autoencoder(sample_size=1024, scaling_factor=0.13025, force_upcast=True),
                "text_encoder": text(CLIPTextModel, 768, 12, 12, "quick_gelu"),
                "text_encoder_2": text(CLIPTextModelWithProjection, 1280, 32, 20, "gelu")}
    return ("StableDiffusionXLPipeline", networks, EulerDiscreteScheduler(**BETAS), {"tokenizer": "<|endoftext|>", "tokenizer_2": "!"},
            {"force_zeros_for_empty_prompt": True})


def random_weight(name, shape):
    """As fresh layers have it; norms at 1, biases at 0, embeddings small."""
    if len(shape) < 2:
        return (torch.ones if name.endswith("weight") else torch.zeros)(shape)
    bound = 0.03 if "embedding" in name else 1 / math.sqrt(math.prod(shape[1:]))
    return torch.rand(shape).mul_(2 * bound).sub_(bound)


def write_weights(file, network, kind):
    """A safetensors file, tensor by tensor."""
    word, dtype = FILES[kind]
    prefix = "text_model." if isinstance(network, (CLIPTextModel, CLIPTextModelWithProjection)) else ""
    shapes = {}
    for name, value in network.state_dict().items():
        old = name if name.startswith((prefix, "text_projection")) else prefix + name  # transformers 5 writes text encoders without it
        shapes[old] = tuple(value.shape)
    header, end = {"__metadata__": {"format": "pt"}}, 0
    for name, shape in shapes.items():
        begin, end = end, end + math.prod(shape) * dtype.itemsize
        header[name] = {"dtype": word, "shape": shape, "data_offsets": [begin, end]}
    head = json.dumps(header).encode()
    head += b" " * (-len(head) % 8)
    with open(file, "wb") as out:
        out.write(len(head).to_bytes(8, "little") + head)
        for name, shape in shapes.items():
            random_weight(name, shape).to(dtype).numpy().tofile(out)


def write_network(folder, network, kind):
    folder.mkdir(parents=True)
    diffusers = hasattr(network, "save_config")
    network.save_config(folder) if diffusers else network.config.save_pretrained(folder)
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | ({} if diffusers else {"architectures": [type(network).__name__]}), indent=2))
    write_weights(folder / ("diffusion_pytorch_model.safetensors" if diffusers else "model.safetensors"), network, kind)


def write_tokenizer(folder, vocabulary, pad):
    """CLIP's, from the file that OpenAI published: 256 letters, the same at a word's end, 48,894 merges, two marks."""
    folder.mkdir()
    merges = gzip.decompress(vocabulary.read_bytes()).decode().split("\n")[1:49152 - 256 - 2 + 1]
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    letters = [chr(b) for b in plain] + [chr(256 + n) for n in range(256 - len(plain))]
    words = [*letters, *(letter + "</w>" for letter in letters), *("".join(merge.split()) for merge in merges), "<|startoftext|>", "<|endoftext|>"]
    (folder / "vocab.json").write_text(json.dumps({word: number for number, word in enumerate(words)}, ensure_ascii=False))
    (folder / "merges.txt").write_text("#version: 0.2\n" + "\n".join(merges) + "\n")
    marks = {"bos_token": "<|startoftext|>", "eos_token": "<|endoftext|>", "unk_token": "<|endoftext|>", "pad_token": pad}
    config = {"tokenizer_class": "CLIPTokenizer", "model_max_length": 77, "do_lower_case": True, "add_prefix_space": False, "errors": "replace", **marks}
    (folder / "tokenizer_config.json").write_text(json.dumps(config, indent=2))
    (folder / "special_tokens_map.json").write_text(json.dumps(marks, indent=2))


def write_pipeline(out, made, kind, vocabulary):
    name, networks, scheduler, tokenizers, more = made
    out.mkdir(parents=True)
    index = {"_class_name": name, "_diffusers_version": "0.42.1", **more, "scheduler": ["diffusers", type(scheduler).__name__]}
    scheduler.save_pretrained(out / "scheduler")
    for part, pad in tokenizers.items():
        write_tokenizer(out / part, vocabulary, pad)
        index[part] = ["transformers", "CLIPTokenizer"]
    for part, network in networks.items():
        write_network(out / part, network, kind)
        index[part] = ["diffusers" if hasattr(network, "save_config") else "transformers", type(network).__name__]
    (out / "model_index.json").write_text(json.dumps(index, indent=2))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=["sd15", "xl", "taesd"])
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--dtype", choices=FILES, default="fp32", help="of the files (fp32)")
    parser.add_argument("--vocabulary", type=pathlib.Path, default=VOCABULARY, help="OpenAI's file of CLIP's merges")
    options = parser.parse_args()
    torch.manual_seed(0)
    made = {"sd15": sd15, "xl": xl, "taesd": tiny_autoencoder}[options.what]()
    if options.what == "taesd":
        write_network(options.out, made, options.dtype)
    else:
        write_pipeline(options.out, made, options.dtype, options.vocabulary)


if __name__ == "__main__":
    main()
