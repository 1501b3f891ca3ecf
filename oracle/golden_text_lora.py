# SPDX-License-Identifier: Apache-2.0
"""Small LoRAs in the spellings that are about, and what diffusers (with peft) and LyCORIS draw with them, or what their formula gives where diffusers leaves something out, on the tiny Stable Diffusion and XL
of golden_text_calls.py: golden/text_lora/*.safetensors, golden/text_lora.safetensors and .json.

Usage: python oracle/golden_text_lora.py
"""
import json
import pathlib
import shutil
import tempfile
import warnings

import diffusers.loaders.lora_pipeline
import torch
from diffusers import DDIMScheduler, LCMScheduler, StableDiffusionPipeline, StableDiffusionXLPipeline
from lycoris.modules.locon import LoConModule
from lycoris.modules.loha import LohaModule
from lycoris.modules.lokr import LokrModule
from peft import LoraConfig, get_peft_model_state_dict
from peft.utils import set_peft_model_state_dict
from safetensors.torch import load_file, save_file

GOLDEN = pathlib.Path(__file__).parent.parent / "core/src/test/resources/golden"
FILES = GOLDEN / "text_lora"
BETAS = dict(beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", num_train_timesteps=1000, clip_sample=False,
             set_alpha_to_one=False, steps_offset=1)
CALL = dict(num_inference_steps=3, guidance_scale=4.0)
PROMPTS = ["a photo of a red cat", "the blue dog on a hill, 2 houses"]
MERGED = {}  # by file: (part, module path, the weight that LyCORIS makes of the base's)
ATTENTION = ["to_q", "to_v", "to_out.0"]


def load(name):
    kind = StableDiffusionXLPipeline if name == "tiny-xl" else StableDiffusionPipeline
    more = {} if name == "tiny-xl" else {"safety_checker": None}
    pipe = kind.from_pretrained(GOLDEN / name, torch_dtype=torch.float32, **more)
    pipe.scheduler = DDIMScheduler(**BETAS)
    pipe.set_progress_bar_config(disable=True)
    return pipe


def load_text(state_dict, network_alphas, text_encoder, prefix=None, text_encoder_name="text_encoder", adapter_name=None, metadata=None, **_):
    """Puts a text encoder's share into it by peft. diffusers' own way, with transformers 5, leaves part of the tensors out (load_adapter
    reports them as missing, and where an MLP alone is adapted it stops)."""
    prefix = prefix or text_encoder_name
    own = {key.removeprefix(prefix + "."): value for key, value in state_dict.items() if key.startswith(prefix + ".")}
    if not own:
        return
    short = lambda key: key if hasattr(text_encoder, "text_model") else key.removeprefix("text_model.")
    for old, new in ((".lora_linear_layer.down.", ".lora_A."), (".lora_linear_layer.up.", ".lora_B."), (".lora.down.", ".lora_A."), (".lora.up.", ".lora_B."),
                     ("_lora.down.", ".lora_A."), ("_lora.up.", ".lora_B."), (".to_q.", ".q_proj."), (".to_v.", ".v_proj.")):
        own = {key.replace(old, new): value for key, value in own.items()}
    own = {short(key): value for key, value in own.items()}
    if metadata:
        settings = {key.removeprefix(prefix + "."): value for key, value in metadata.items() if key.startswith(prefix + ".")}
        config = LoraConfig(**settings)
    else:
        layers = {key.removesuffix(".lora_B.weight"): value.shape[1] for key, value in own.items() if key.endswith(".lora_B.weight")}
        alphas = {layer: layers[layer] for layer in layers}
        for key, alpha in (network_alphas or {}).items():
            for layer in layers:
                if key.startswith(prefix + ".") and layer in key.replace(".to_q", ".q_proj").replace(".to_v", ".v_proj"):
                    alphas[layer] = alpha
        config = LoraConfig(r=1, rank_pattern={f"^{layer}": rank for layer, rank in layers.items()}, target_modules=list(layers),
                            alpha_pattern={f"^{layer}": alpha for layer, alpha in alphas.items()})
    text_encoder.add_adapter(config, adapter_name)
    set_peft_model_state_dict(text_encoder, own, adapter_name)
    there = {name.replace(f".{adapter_name}", ""): value for name, value in text_encoder.named_parameters() if f".{adapter_name}" in name}
    assert len(there) == len(own), (sorted(there), sorted(own))
    for key, value in own.items():
        key = key.replace("lora_magnitude_vector", "lora_magnitude_vector.weight")
        assert torch.equal(there[key], value), key


diffusers.loaders.lora_pipeline._load_lora_into_text_encoder = load_text


def draw(pipe):
    with torch.no_grad():
        generators = [torch.Generator().manual_seed(5 + k) for k in range(len(PROMPTS))]
        return pipe(PROMPTS, generator=generators, output_type="latent", **CALL).images.contiguous()


def fill(tensors, seed, size=0.3):
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for tensor in tensors:
            tensor.copy_(torch.randn(tensor.shape, generator=generator) * size)


def fill_peft(model, seed):
    fill([tensor for name, tensor in model.named_parameters() if "lora_A" in name or "lora_B" in name], seed)
    with torch.no_grad():
        generator = torch.Generator().manual_seed(seed + 1)
        for name, tensor in model.named_parameters():
            if "lora_magnitude_vector" in name:
                tensor.mul_(1 + 0.4 * torch.randn(tensor.shape, generator=generator))


def peft_file(name, base, configs):
    """As save_lora_weights writes the adapters of a training: with their configs in the file's note."""
    pipe = load(base)
    weights, notes = {}, {}
    for seed, (part, config) in enumerate(configs.items()):
        model = getattr(pipe, part)
        model.add_adapter(config)
        fill_peft(model, 20 + seed)
        weights[part + "_lora_layers"] = get_peft_model_state_dict(model)
        settings = model.peft_config["default"].to_dict()
        notes[part + "_lora_adapter_metadata"] = settings | {"base_model_name_or_path": None, "target_modules": sorted(settings["target_modules"])}
    with tempfile.TemporaryDirectory() as folder:
        type(pipe).save_lora_weights(folder, **weights, **notes)
        shutil.copy(pathlib.Path(folder, "pytorch_lora_weights.safetensors"), FILES / f"{name}.safetensors")


def module(model, path):
    return model.get_submodule(path)


def pair(layer, rank, seed):
    """A and B for a Linear or Conv2d."""
    generator = torch.Generator().manual_seed(seed)
    shape = layer.weight.shape
    down = torch.randn(rank, *shape[1:], generator=generator) * 0.3
    up = torch.randn(shape[0], rank, *[1] * (len(shape) - 2), generator=generator) * 0.3
    return down, up


def named_file(name, base, layers, down="lora_down.weight", up="lora_up.weight"):
    """layers: (part, module path, the name in the file, rank, alpha or None)."""
    pipe = load(base)
    tensors = {}
    for seed, (part, path, key, rank, alpha) in enumerate(layers):
        a, b = pair(module(getattr(pipe, part), path), rank, 50 + seed)
        tensors[f"{key}.{down}" if "{}" not in key else key.format("down")] = a
        tensors[f"{key}.{up}" if "{}" not in key else key.format("up")] = b
        if alpha is not None:
            tensors[f"{key}.alpha"] = torch.tensor(float(alpha))
    save_file(tensors, FILES / f"{name}.safetensors", metadata={"ss_network_module": "networks.lora"})


def flat(part, path, rank, alpha, prefix):
    return part, path, f"{prefix}_{path.replace('.', '_')}", rank, alpha


UP = "up_blocks.1.attentions.0."
TRANSFORMER = UP + "transformer_blocks.0."
# modules of transformers' text encoders are named with text_model. in the files, whatever the version calls them
CLIP = "text_model.encoder.layers."


def text_path(encoder, path):
    return path if any(name.startswith("text_model") for name, _ in encoder.named_modules()) else path.removeprefix("text_model.")


def make_files():
    shutil.rmtree(FILES, ignore_errors=True)
    FILES.mkdir()
    sd, xl = load("tiny-sd"), load("tiny-xl")
    text = lambda path: text_path(sd.text_encoder, path)
    peft_file("sd-diffusers", "tiny-sd", {
        "unet": LoraConfig(r=2, lora_alpha=6, target_modules=[*ATTENTION, "ff.net.0.proj", "conv1", "proj_in"], rank_pattern={"to_v": 1},
                           alpha_pattern={"conv1": 1}),
        "text_encoder": LoraConfig(r=3, lora_alpha=2, target_modules=["q_proj", "v_proj", "fc1"]),
    })
    peft_file("sd-dora", "tiny-sd", {
        "unet": LoraConfig(r=2, lora_alpha=3, use_dora=True, target_modules=["attn2.to_q", "attn2.to_out.0", "conv1", "ff.net.2"]),
        "text_encoder": LoraConfig(r=2, lora_alpha=2, use_dora=True, target_modules=["q_proj", "fc2"]),
    })
    peft_file("xl-diffusers", "tiny-xl", {
        "unet": LoraConfig(r=2, lora_alpha=2, target_modules=ATTENTION),
        "text_encoder": LoraConfig(r=1, lora_alpha=2, target_modules=["q_proj", "out_proj"]),
        "text_encoder_2": LoraConfig(r=2, lora_alpha=1, target_modules=["k_proj", "fc2"]),
    })
    kohya_text = [
        ("text_encoder", text(CLIP + "0.self_attn.q_proj"), "lora_te_" + (CLIP + "0.self_attn.q_proj").replace(".", "_"), 2, 1),
        ("text_encoder", text(CLIP + "2.mlp.fc1"), "lora_te_" + (CLIP + "2.mlp.fc1").replace(".", "_"), 2, 1),
    ]
    named_file("sd-kohya", "tiny-sd", [
        flat("unet", TRANSFORMER + "attn1.to_q", 2, 1, "lora_unet"),
        flat("unet", TRANSFORMER + "attn2.to_k", 2, 1, "lora_unet"),
        flat("unet", TRANSFORMER + "attn2.to_out.0", 2, 1, "lora_unet"),
        flat("unet", UP + "proj_in", 2, 1, "lora_unet"),
        flat("unet", "down_blocks.0.resnets.0.conv1", 2, 1, "lora_unet"),
        flat("unet", "mid_block.resnets.1.time_emb_proj", 2, 1, "lora_unet"),
        flat("unet", "down_blocks.0.downsamplers.0.conv", 2, 1, "lora_unet"),
        *kohya_text,
    ])
    named_file("sd-old", "tiny-sd", [
        *[("unet", TRANSFORMER + "attn2." + path, f"unet.{TRANSFORMER}attn2.processor.{name}_lora.{{}}.weight", 2, None)
          for path, name in (("to_q", "to_q"), ("to_out.0", "to_out"))],
        ("text_encoder", text(CLIP + "1.self_attn.v_proj"), "text_encoder." + CLIP + "1.self_attn.v_proj.lora_linear_layer.{}.weight", 2, None),
    ])
    deep = "attentions.0.transformer_blocks."
    named_file("xl-kohya", "tiny-xl", [
        ("unet", "down_blocks.1.attentions.0.proj_in", "lora_unet_input_blocks_3_1_proj_in", 2, 1),
        ("unet", "down_blocks.1." + deep + "1.attn2.to_k", "lora_unet_input_blocks_3_1_transformer_blocks_1_attn2_to_k", 2, 1),
        ("unet", "mid_block." + deep + "0.ff.net.0.proj", "lora_unet_middle_block_1_transformer_blocks_0_ff_net_0_proj", 2, 1),
        ("unet", "mid_block.resnets.1.conv1", "lora_unet_middle_block_2_in_layers_2", 2, 1),
        ("unet", "up_blocks.0." + deep + "0.attn1.to_out.0", "lora_unet_output_blocks_0_1_transformer_blocks_0_attn1_to_out_0", 2, 1),
        ("unet", "up_blocks.0.attentions.1.proj_out", "lora_unet_output_blocks_1_1_proj_out", 2, 1),
        ("unet", "down_blocks.0.resnets.0.conv2", "lora_unet_input_blocks_1_0_out_layers_3", 2, 1),
        ("text_encoder", text_path(xl.text_encoder, CLIP + "1.mlp.fc1"), "lora_te1_" + (CLIP + "1.mlp.fc1").replace(".", "_"), 2, 1),
        ("text_encoder_2", text_path(xl.text_encoder_2, CLIP + "0.self_attn.v_proj"),
         "lora_te2_" + (CLIP + "0.self_attn.v_proj").replace(".", "_"), 2, 1),
    ])
    lycoris_files(sd, text)
    named_file("sd-own-alphas", "tiny-sd", [
        flat("unet", TRANSFORMER + "attn1.to_q", 2, 1, "lora_unet"),
        flat("unet", TRANSFORMER + "attn1.to_v", 2, 6, "lora_unet"),
        flat("unet", TRANSFORMER + "attn2.to_out.0", 1, 3, "lora_unet"),
        ("unet", "mid_block.resnets.0.conv1", "unet.mid_block.resnets.0.conv1.lora.{}.weight", 2, None),  # a file of two spellings
    ])


def trained_weight(made, base):
    """The weight that a module's forward uses, which is what is trained. (LyCORIS 4.1.3's own merging multiplies LoHa and LoKr by alpha / r
    a second time; ComfyUI and A1111 do as the forward does.)"""
    delta = made.get_diff_weight(1.0)[0] if isinstance(made, LoConModule) else made.get_weight(base.shape)
    weight = base + delta.reshape(base.shape)
    return made.apply_weight_decompose(weight, 1.0) if made.wd else weight


def lycoris_file(name, pipe, layers):
    """layers: (part, module path, the name in the file, kind of LyCORIS module, its settings)."""
    tensors, MERGED[name] = {}, []
    for seed, (part, path, key, kind, settings) in enumerate(layers):
        layer = module(getattr(pipe, part), path)
        made = kind(key, layer, 1.0, **settings)
        factors = {name: tensor for name, tensor in made.named_parameters() if name != "dora_scale" and "org_" not in name}
        fill(factors.values(), 80 + seed)
        with torch.no_grad():
            if "weight_decompose" in settings:
                made.dora_scale.mul_(1 + 0.4 * torch.randn(made.dora_scale.shape, generator=torch.Generator().manual_seed(seed)))
            MERGED[name].append((part, path, trained_weight(made, layer.weight)))
        state = made.custom_state_dict() if hasattr(made, "custom_state_dict") else made.state_dict()
        tensors |= {f"{key}.{tensor}": value.detach().clone().float().contiguous() for tensor, value in state.items()}
    save_file(tensors, FILES / f"{name}.safetensors", metadata={"ss_network_module": "lycoris.kohya"})


def apply_products(pipe, name, scale):
    """Each product with its own alpha / r added to its weight: what the file means. diffusers takes one alpha for all attention layers."""
    state = load_file(FILES / f"{name}.safetensors")
    layers = {"lora_unet_" + path.replace(".", "_"): layer for path, layer in pipe.unet.named_modules()}
    layers |= {"unet." + path: layer for path, layer in pipe.unet.named_modules()}
    for key in state:
        for down, up in ((".lora_down.", ".lora_up."), (".lora.down.", ".lora.up.")):
            if down in key:
                layer = key.split(down)[0]
                a, b = state[key], state[key.replace(down, up)]
                alpha = state.get(layer + ".alpha", torch.tensor(float(len(a))))
                with torch.no_grad():
                    weight = layers[layer].weight
                    weight += scale * alpha / len(a) * (b.flatten(1) @ a.flatten(1)).reshape(weight.shape)


def lycoris_files(sd, text):
    unet = lambda path, kind, **settings: ("unet", path, "lora_unet_" + path.replace(".", "_"), kind, settings)
    words = lambda path, kind, **settings: ("text_encoder", text(CLIP + path), "lora_te_" + (CLIP + path).replace(".", "_"), kind, settings)
    conv = "down_blocks.0.resnets.0.conv1"
    lycoris_file("sd-locon", sd, [
        unet(conv, LoConModule, lora_dim=2, alpha=1, use_tucker=True),
        unet("mid_block.resnets.0.conv2", LoConModule, lora_dim=3, alpha=1),
    ])
    lycoris_file("sd-loha", sd, [
        unet(TRANSFORMER + "attn1.to_v", LohaModule, lora_dim=2, alpha=4),
        unet(conv, LohaModule, lora_dim=2, alpha=3, use_tucker=True),
        unet("mid_block.resnets.0.conv2", LohaModule, lora_dim=1, alpha=1),
        unet(UP + "proj_in", LohaModule, lora_dim=2, alpha=4),
        words("0.self_attn.q_proj", LohaModule, lora_dim=2, alpha=4),
    ])
    lycoris_file("sd-lokr", sd, [
        unet(TRANSFORMER + "attn1.to_v", LokrModule, lora_dim=1, alpha=2, factor=2),
        unet(TRANSFORMER + "ff.net.0.proj", LokrModule, lora_dim=1, alpha=2, factor=4, decompose_both=True),
        unet(conv, LokrModule, lora_dim=1, alpha=1, factor=2, use_tucker=True),
        unet("mid_block.resnets.0.conv2", LokrModule, lora_dim=2, alpha=3, factor=4),
        unet(TRANSFORMER + "attn2.to_q", LokrModule, lora_dim=64, alpha=2, factor=4),
        words("1.mlp.fc1", LokrModule, lora_dim=2, alpha=1, factor=4),
    ])
    lycoris_file("sd-dora-scale", sd, [
        unet(TRANSFORMER + "attn1.to_v", LoConModule, lora_dim=2, alpha=1, weight_decompose=True, wd_on_out=True),
        unet(TRANSFORMER + "ff.net.0.proj", LoConModule, lora_dim=2, alpha=1, weight_decompose=True, wd_on_out=False),
        unet(conv, LoConModule, lora_dim=2, alpha=1, weight_decompose=True, wd_on_out=False),
        unet("mid_block.resnets.0.conv2", LohaModule, lora_dim=1, alpha=1, weight_decompose=True, wd_on_out=True),
        unet(TRANSFORMER + "attn2.to_out.0", LokrModule, lora_dim=1, alpha=1, factor=4, weight_decompose=True, wd_on_out=False),
        words("0.self_attn.q_proj", LoConModule, lora_dim=2, alpha=1, weight_decompose=True, wd_on_out=True),
    ])


def apply_lycoris(pipe, name, scale):
    """Each weight as LyCORIS merges it; beside 1 the DoRAs go straight from the base to the merged weight, as ComfyUI and A1111 have it."""
    for part, path, merged in MERGED[name]:
        weight = module(getattr(pipe, part), path).weight
        with torch.no_grad():
            weight.copy_(weight + scale * (merged - weight))


def main():
    warnings.simplefilter("ignore")
    make_files()
    tensors, cases = {}, []

    def record(name, base, uses, apply=None, scheduler="ddim"):
        pipe = load(base)
        if scheduler == "lcm":
            pipe.scheduler = LCMScheduler(**{key: value for key, value in BETAS.items() if key != "clip_sample"})
        plain = draw(pipe)
        if apply is None:
            for index, (file, _) in enumerate(uses):
                pipe.load_lora_weights(FILES / f"{file}.safetensors", adapter_name=f"a{index}")
            pipe.set_adapters([f"a{index}" for index in range(len(uses))], [scale for _, scale in uses])
        else:
            for file, scale in uses:
                apply(pipe, file, scale)
        tensors[name] = draw(pipe)
        cases.append({"name": name, "pipeline": base, "scheduler": scheduler, "uses": [{"file": f"{file}.safetensors", "scale": scale} for file, scale in uses],
                      "keys": [len(load_file(FILES / f"{file}.safetensors")) for file, _ in uses]})
        print(name, "moves the latents by", float((tensors[name] - plain).norm() / plain.norm()))

    record("sd-diffusers", "tiny-sd", [("sd-diffusers", 0.8)])
    record("sd-kohya", "tiny-sd", [("sd-kohya", 1.0)])
    record("sd-lcm", "tiny-sd", [("sd-kohya", 1.0)], scheduler="lcm")
    record("sd-old", "tiny-sd", [("sd-old", 1.0)])
    record("sd-several", "tiny-sd", [("sd-diffusers", 0.7), ("sd-kohya", -0.4), ("sd-old", 0.5)])
    record("xl-diffusers", "tiny-xl", [("xl-diffusers", 1.2)])
    record("xl-kohya", "tiny-xl", [("xl-kohya", 1.0)])
    record("sd-dora", "tiny-sd", [("sd-dora", 1.0)])
    record("sd-dora-weaker", "tiny-sd", [("sd-dora", 0.6)])
    for file, scale in (("sd-locon", 0.9), ("sd-loha", 1.1), ("sd-lokr", 0.8), ("sd-dora-scale", 1.0), ("sd-dora-scale", 0.6)):
        record(file if scale != 0.6 else file + "-weaker", "tiny-sd", [(file, scale)], apply_lycoris)
    record("sd-own-alphas", "tiny-sd", [("sd-own-alphas", 0.9)], apply_products)
    (GOLDEN / "text_lora.json").write_text(json.dumps(cases, indent=1) + "\n")
    save_file(tensors, GOLDEN / "text_lora.safetensors", metadata={"format": "pt"})


if __name__ == "__main__":
    main()
