# SPDX-License-Identifier: Apache-2.0
"""Outputs and gradients of diffusers' UNet2DConditionModel -> core/src/test/resources/golden/unet2d_condition.safetensors, and of
AutoencoderKL and AutoencoderTiny -> autoencoders.safetensors beside it.

Weights and inputs are not stored: both sides make them from seeds. The start values are those of torch.manual_seed(7) before a
network is made (stored: their sums). The outputs are of other weights, so that norms matter too: see `fill`. The inputs are drawn in
the order of `inputs`, `kl` and `tiny` by a generator seeded 11. The Java tests rely on all of this.
"""
import hashlib
import json
import pathlib

import torch
from diffusers import AutoencoderKL, AutoencoderTiny, UNet2DConditionModel
from safetensors.torch import save_file

GOLDEN = pathlib.Path(__file__).parent.parent / "core/src/test/resources/golden"

SD1 = dict(
    sample_size=8, in_channels=4, out_channels=4, layers_per_block=1, block_out_channels=(8, 16), norm_num_groups=4,
    down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"), up_block_types=("UpBlock2D", "CrossAttnUpBlock2D"),
    cross_attention_dim=12, attention_head_dim=2)
XL = dict(
    SD1, down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"), up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
    attention_head_dim=(2, 4), use_linear_projection=True, transformer_layers_per_block=(1, 2), addition_embed_type="text_time",
    addition_time_embed_dim=4, projection_class_embeddings_input_dim=6 + 6 * 4)
VARIANTS = {
    "sd1": {},
    "sd1_three_levels": dict(
        block_out_channels=(8, 12, 16), layers_per_block=2, attention_head_dim=4,
        down_block_types=("CrossAttnDownBlock2D",) * 2 + ("DownBlock2D",), up_block_types=("UpBlock2D",) + ("CrossAttnUpBlock2D",) * 2),
    "sd2": dict(attention_head_dim=[2, 4], use_linear_projection=True, upcast_attention=True),
    "xl": XL,
    "xl_refiner": dict(XL, projection_class_embeddings_input_dim=6 + 5 * 4, transformer_layers_per_block=1),
    "few_layers": dict(
        XL, addition_embed_type=None, mid_block_type="UNetMidBlock2D", layers_per_block=[1, 2],
        transformer_layers_per_block=[0, [2, 1]], reverse_transformer_layers_per_block=[[1, 0, 2], 0]),
    "lcm": dict(time_cond_proj_dim=6),
    "inpainting": dict(in_channels=9),
    "instruct": dict(in_channels=8),
    "upscaler": dict(in_channels=7, num_class_embeds=5, only_cross_attention=[True, False], downsample_padding=0),
    "only_cross_attention": dict(only_cross_attention=True, mid_block_scale_factor=1.5, resnet_time_scale_shift="scale_shift"),
    "masked": {},
    "control": dict(layers_per_block=2),
    "odd_size": dict(
        sample_size=(7, 5), block_out_channels=(8, 8, 16), down_block_types=("CrossAttnDownBlock2D",) * 2 + ("DownBlock2D",),
        up_block_types=("UpBlock2D",) + ("CrossAttnUpBlock2D",) * 2),
    "no_mid_block": dict(mid_block_type=None, layers_per_block=(2, 1), cross_attention_dim=(12, 12), conv_in_kernel=1, conv_out_kernel=5),
    "class_timestep": dict(class_embed_type="timestep", act_fn="gelu", flip_sin_to_cos=False, freq_shift=1),
    "class_identity": dict(class_embed_type="identity", time_embedding_act_fn="mish"),
    "class_projection": dict(class_embed_type="projection", projection_class_embeddings_input_dim=6, class_embeddings_concat=True),
    "class_simple_projection": dict(
        class_embed_type="simple_projection", projection_class_embeddings_input_dim=6, timestep_post_act="silu",
        time_embedding_dim=20, center_input_sample=True),
    "text_pooled": dict(
        addition_embed_type="text", addition_embed_type_num_heads=2, encoder_hid_dim=10, encoder_hid_dim_type="text_proj"),
    "text_pooled_plain": dict(addition_embed_type="text", addition_embed_type_num_heads=3),
    "no_prompt": dict(down_block_types=("DownBlock2D",) * 2, up_block_types=("UpBlock2D",) * 2, mid_block_type="UNetMidBlock2D"),
}
RESIDUALS = ((8, 8), (8, 8), (8, 8), (8, 4), (16, 4), (16, 4), (16, 4))  # channels and size of what "control" adds; the middle last


@torch.no_grad()
def fill(model, seed=5):
    """Normal numbers in the order of the sorted names, each divided by the root of a weight's inputs; norms scale by about 1."""
    generator = torch.Generator().manual_seed(seed)
    for name, tensor in sorted(model.state_dict().items()):
        drawn = torch.randn(tensor.shape, generator=generator)
        if tensor.dim() > 1:
            drawn = drawn * (tensor.numel() / tensor.shape[0]) ** -0.5
        else:
            drawn = drawn * 0.1 + (1.0 if name.endswith("weight") else 0.0)
        tensor.copy_(drawn)


def inputs(name, config, generator):
    """The sample, then what the network is given beside it: positional and keyword arguments of its forward."""
    size = config["sample_size"]
    height, width = size if isinstance(size, tuple) else (size, size)

    def draw(*shape):
        return torch.randn((2, *shape), generator=generator)

    sample = draw(config["in_channels"], height, width)
    features = config.get("encoder_hid_dim") or 12
    given = dict(encoder_hidden_states=draw(7, features))
    if name == "masked":
        given["encoder_attention_mask"] = (torch.arange(7)[None, :] < torch.tensor([4, 7])[:, None]).float()
    if config.get("time_cond_proj_dim"):
        given["timestep_cond"] = draw(config["time_cond_proj_dim"])
    if config.get("num_class_embeds"):
        given["class_labels"] = torch.tensor([4, 1])
    elif config.get("class_embed_type") == "timestep":
        given["class_labels"] = torch.tensor([7.0, 2.0])
    elif config.get("class_embed_type"):
        given["class_labels"] = draw(config.get("projection_class_embeddings_input_dim") or 4 * config["block_out_channels"][0])
    if config.get("addition_embed_type") == "text_time":
        sizes = (config["projection_class_embeddings_input_dim"] - 6) // 4
        given["added_cond_kwargs"] = dict(
            text_embeds=draw(6), time_ids=torch.tensor([[1024.0, 768, 0, 3, 512, 1000], [64, 64, 5, 0, 9, 2]])[:, :sizes])
    if name == "control":
        drawn = [draw(channels, size, size) for channels, size in RESIDUALS]
        given["down_block_additional_residuals"], given["mid_block_additional_residual"] = tuple(drawn[:-1]), drawn[-1]
    return sample, given


def start(tensors, metadata, name, model, config):
    """What can be compared before a weight is set: the sums of the start values, and the names."""
    state = sorted(model.state_dict().items())
    tensors[name + ".weights"] = torch.stack([p.detach().double().sum() for _, p in state]).float()
    metadata[name] = json.dumps(config)
    metadata[name + ".names_sha256"] = hashlib.sha256(json.dumps([key for key, _ in state]).encode()).hexdigest()
    fill(model)


def gradients(model):
    return torch.stack([p.grad.norm() for _, p in sorted(model.named_parameters()) if p.grad is not None])


def unets():
    tensors, metadata = {}, {}
    for name, change in VARIANTS.items():
        config = {**SD1, **change}
        torch.manual_seed(7)
        model = UNet2DConditionModel(**config).eval()
        start(tensors, metadata, name, model, config)
        generator = torch.Generator().manual_seed(11)
        sample, given = inputs(name, config, generator)
        timestep = torch.tensor([3.0, 977.0])
        out = model(sample, timestep, **given).sample
        target = torch.randn(out.shape, generator=generator)
        loss = torch.nn.functional.mse_loss(out, target)
        loss.backward()
        tensors[name + ".out"] = out.detach().contiguous()
        tensors[name + ".loss"] = loss.detach()
        tensors[name + ".grad"] = gradients(model)
        print(f"{name:24s} {sum(p.numel() for p in model.parameters()):8d} {loss.item():.6f}")
    save_file(tensors, GOLDEN / "unet2d_condition.safetensors", metadata)


KL = dict(
    in_channels=3, out_channels=3, latent_channels=4, block_out_channels=(4, 8), layers_per_block=1, norm_num_groups=2, sample_size=16,
    down_block_types=("DownEncoderBlock2D",) * 2, up_block_types=("UpDecoderBlock2D",) * 2)
KLS = {
    "kl": {},
    "kl_no_quant_conv": dict(
        use_quant_conv=False, use_post_quant_conv=False, shift_factor=0.0609, scaling_factor=1.5305, latent_channels=6,
        mid_block_add_attention=False, layers_per_block=2),
    "kl_statistics": dict(latents_mean=[0.1, -0.2, 0.3, 0.4], latents_std=[1.1, 0.9, 1.3, 0.7], force_upcast=False),
    "kl_attention": dict(
        block_out_channels=(4, 4, 8), down_block_types=("DownEncoderBlock2D", "AttnDownEncoderBlock2D", "DownEncoderBlock2D"),
        up_block_types=("UpDecoderBlock2D", "AttnUpDecoderBlock2D", "UpDecoderBlock2D"), act_fn="mish"),
}


def to_samples(latents, config):
    """As the pipelines do: those of XL with statistics, of Stable Diffusion 3 with a shift, of the others with a factor only."""
    if config.get("latents_mean"):
        mean, std = (torch.tensor(config[key]).view(1, -1, 1, 1) for key in ("latents_mean", "latents_std"))
        return (latents - mean) * config.scaling_factor / std
    if config.get("shift_factor"):
        return (latents - config.shift_factor) * config.scaling_factor
    return config.scaling_factor * latents


def to_latents(samples, config):
    if config.get("latents_mean"):
        mean, std = (torch.tensor(config[key]).view(1, -1, 1, 1) for key in ("latents_mean", "latents_std"))
        return samples * std / config.scaling_factor + mean
    if config.get("shift_factor"):
        return samples / config.scaling_factor + config.shift_factor
    return samples / config.scaling_factor


def kl(name, change):
    """The network's own numbers; what a pipeline makes of them; and both in tiles of 16 pixels."""
    config = {**KL, **change}
    torch.manual_seed(7)
    model = AutoencoderKL(**config).eval()
    found, metadata = {}, {}
    start(found, metadata, name, model, config)
    generator = torch.Generator().manual_seed(11)
    scale = 2 ** (len(config["block_out_channels"]) - 1)
    pictures = torch.randn((2, 3, 8, 12), generator=generator)
    samples = torch.randn((2, config["latent_channels"], 8 // scale, 12 // scale), generator=generator)
    large = torch.randn((1, 3, 40, 32), generator=generator)
    large_samples = torch.randn((1, config["latent_channels"], 40 // scale, 32 // scale), generator=generator)
    posterior = model.encode(pictures).latent_dist
    decoded = model.decode(to_latents(samples, model.config)).sample
    (posterior.parameters.square().sum() + decoded.square().sum()).backward()
    found[name + ".grad"] = gradients(model)
    with torch.no_grad():
        found[name + ".moments"] = posterior.parameters
        found[name + ".encoded"] = to_samples(posterior.sample(torch.Generator().manual_seed(3)), model.config)
        found[name + ".mode"] = to_samples(posterior.mode(), model.config)
        found[name + ".decoded"] = decoded
        model.enable_tiling()
        found[name + ".tiled_mode"] = to_samples(model.encode(large).latent_dist.mode(), model.config)[..., ::3, ::3]
        found[name + ".tiled_decoded"] = model.decode(to_latents(large_samples, model.config)).sample[..., ::3, ::3]
    return found, metadata


TINIES = {
    "tiny": dict(
        encoder_block_out_channels=(8,) * 4, decoder_block_out_channels=(8,) * 4, num_encoder_blocks=(1, 0, 1, 2),
        num_decoder_blocks=(2, 1, 0, 1)),
    "tiny_scaled": dict(
        encoder_block_out_channels=(6,) * 4, decoder_block_out_channels=(4,) * 4, num_encoder_blocks=(1,) * 4, num_decoder_blocks=(1,) * 4,
        latent_channels=6, scaling_factor=1.5, shift_factor=0.1, act_fn="silu"),
}
TINY_TILE = 128  # pixels; the smallest whose overlap diffusers can divide by


def tiny(name, config):
    torch.manual_seed(7)
    model = AutoencoderTiny(**config).eval()
    found, metadata = {}, {}
    start(found, metadata, name, model, dict(model.config))
    generator = torch.Generator().manual_seed(11)
    channels = model.config.latent_channels
    pictures = torch.randn((2, 3, 16, 24), generator=generator)
    samples = torch.randn((2, channels, 2, 3), generator=generator)
    large = torch.randn((1, 3, 160, 144), generator=generator)
    large_samples = torch.randn((1, channels, 20, 18), generator=generator)
    encoded = to_samples(model.encode(pictures).latents, model.config)
    decoded = model.decode(to_latents(samples, model.config)).sample
    (encoded.square().sum() + decoded.square().sum()).backward()
    found[name + ".grad"] = gradients(model)
    with torch.no_grad():
        found[name + ".encoded"] = encoded
        found[name + ".decoded"] = decoded
        model.enable_tiling()
        model.tile_sample_min_size, model.tile_latent_min_size = TINY_TILE, TINY_TILE // 8
        if channels == 4:  # diffusers writes tiles of other latents into four channels
            found[name + ".tiled_encoded"] = model.encode(large).latents[..., ::3, ::3]
        found[name + ".tiled_decoded"] = model.decode(large_samples).sample[..., ::7, ::7]
    return found, metadata


def autoencoders():
    tensors, metadata = {}, {}
    for name, found in [(name, kl(name, change)) for name, change in KLS.items()] + [(name, tiny(name, c)) for name, c in TINIES.items()]:
        tensors.update({key: value.detach().contiguous() for key, value in found[0].items()})
        metadata.update(found[1])
        print(name)
    save_file(tensors, GOLDEN / "autoencoders.safetensors", metadata)


def main():
    unets()
    autoencoders()


if __name__ == "__main__":
    main()
