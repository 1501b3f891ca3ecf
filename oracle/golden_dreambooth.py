# SPDX-License-Identifier: Apache-2.0
"""Twenty steps as diffusers' train_dreambooth_lora takes them, on the tiny Stable Diffusion -> training/src/test/resources/golden/dreambooth*.safetensors.

The latents, the noise and the timesteps come from one torch.Generator seeded 11, in this order for each step. A batch holds two pictures of
the instance and two of its class; its loss is the mean of the first half and PRIOR times that of the second. Attention, feed-forward and convolutions of the U-Net are adapted,
and attention and MLP of the text encoder. Kept: A as it begins ("start."; B begins as zero), and A and B at the end ("end.").

dreambooth-word.safetensors: the text encoder stays as it is, but the instance's word has vectors of its own, which learn at WORD_RATE (textual inversion beside
a LoRA, as diffusers' train_dreambooth_lora_sd15_advanced does with --train_text_encoder_ti). They begin as those of the tokens that it was cut into.

dreambooth-bf16.safetensors: fewer layers, all weights of the base rounded to bf16. "end." is what is learnt where they are computed with in f32, "end16." what
the script learns with --mixed_precision=bf16: the base is kept in bf16, latents and noise are bf16, and the forward pass runs under autocast. "apart" says
how far the second is from the first: the norm of all differences by that of all changes.

Usage: python oracle/golden_dreambooth.py
"""
import json
import pathlib

import torch
import torch.nn.functional as F
from diffusers import DDPMScheduler, StableDiffusionPipeline
from peft import LoraConfig, get_peft_model_state_dict
from safetensors.torch import save_file

GOLDEN = pathlib.Path(__file__).parent.parent
OUT = GOLDEN / "training/src/test/resources/golden"
BASE = GOLDEN / "core/src/test/resources/golden/tiny-sd"
UNET = ["to_q", "to_k", "to_v", "to_out.0", "ff.net.0.proj", "ff.net.2", "conv1", "conv_shortcut"]
TEXT = ["q_proj", "v_proj", "out_proj", "fc1"]
INSTANCE, CLASS = "a photo of a zog", "a photo of a thing"
STEPS, HALF, PRIOR, RATE, CLIP = 20, 2, 0.7, 2e-3, 0.4
WORD, WORD_RATE = "zog", 1e-2
FEW_UNET, FEW_TEXT = ["to_q", "to_v", "ff.net.2", "conv1"], ["q_proj", "fc1"]


def adapted(model, targets):
    model.requires_grad_(False)
    model.add_adapter(LoraConfig(r=2, lora_alpha=3, init_lora_weights="gaussian", target_modules=targets))
    return [p for p in model.parameters() if p.requires_grad]


class WithRows(torch.nn.Module):
    """An embedding that stays as it is, with rows behind it that learn."""

    def __init__(self, known, rows):
        super().__init__()
        self.known, self.rows = known, torch.nn.Parameter(rows)

    def forward(self, ids):
        return F.embedding(ids, torch.cat([self.known, self.rows]))


def learnt_word(pipe):
    cut = pipe.tokenizer(WORD, add_special_tokens=False).input_ids
    first = len(pipe.tokenizer)
    pipe.tokenizer.add_tokens([WORD] + [f"{WORD}_{i}" for i in range(1, len(cut))])
    pipe.text_encoder.requires_grad_(False)
    table = pipe.text_encoder.get_input_embeddings().weight[:first].detach()
    pipe.text_encoder.set_input_embeddings(WithRows(table, table[cut].clone()))
    return pipe.text_encoder.get_input_embeddings().rows


def states(pipe, prompts):
    prompts = [pipe.maybe_convert_prompt(prompt, pipe.tokenizer) for prompt in prompts]
    ids = pipe.tokenizer(prompts, padding="max_length", max_length=77, truncation=True, return_tensors="pt").input_ids
    return pipe.text_encoder(ids)[0]


def weights(pipe):
    named = {f"unet.{k}": v for k, v in get_peft_model_state_dict(pipe.unet).items()}
    if hasattr(pipe.text_encoder, "peft_config"):
        named |= {f"text_encoder.{k}": v for k, v in get_peft_model_state_dict(pipe.text_encoder).items()}
    return {k: v.detach().clone().contiguous() for k, v in named.items()}


def train(pipe, groups, half):
    """Losses of STEPS steps; half: what the base is kept in is what is computed in."""
    scheduler = DDPMScheduler.from_config(pipe.scheduler.config)
    learnt = [p for group in groups for p in group["params"]]
    optimizer = torch.optim.AdamW(groups, lr=RATE, betas=(0.9, 0.999), weight_decay=1e-2, eps=1e-8)
    generator = torch.Generator().manual_seed(11)
    prompts = [INSTANCE] * HALF + [CLASS] * HALF
    losses = []
    for _ in range(STEPS):
        shape = (2 * HALF, 4, 8, 8)
        latents = torch.randn(shape, generator=generator).to(pipe.unet.dtype)
        noise = torch.randn(shape, generator=generator).to(pipe.unet.dtype)
        timesteps = torch.randint(0, 1000, (2 * HALF,), generator=generator)
        with torch.autocast("cpu", torch.bfloat16, enabled=half):
            noisy = scheduler.add_noise(latents, noise, timesteps)
            prediction = pipe.unet(noisy, timesteps, states(pipe, prompts)).sample
            prediction, prior = torch.chunk(prediction, 2, dim=0)
            target, target_prior = torch.chunk(noise, 2, dim=0)
            loss = F.mse_loss(prediction.float(), target.float(), reduction="mean")
            loss = loss + PRIOR * F.mse_loss(prior.float(), target_prior.float(), reduction="mean")
        loss.backward()
        torch.nn.utils.clip_grad_norm_(learnt, CLIP)
        optimizer.step()
        optimizer.zero_grad()
        losses.append(loss.item())
    return torch.tensor(losses, dtype=torch.float64)


def load():
    return StableDiffusionPipeline.from_pretrained(BASE, torch_dtype=torch.float32, safety_checker=None)


def starts(pipe):
    return {f"start.{k}": v for k, v in weights(pipe).items() if "lora_A" in k}


def save(name, tensors, unet, text, **more):
    notes = {"prior_weight": PRIOR, "learning_rate": RATE, "clip": CLIP, "half": HALF, "unet": unet, "text": text,
             "prompts": [INSTANCE, CLASS], "rank": 2, "alpha": 3, **more}
    save_file(tensors, OUT / name, {"notes": json.dumps(notes)})
    print(name, tensors["losses"][:2], tensors["losses"][-1], len(tensors), (OUT / name).stat().st_size, more)


def make(name, with_word):
    pipe = load()
    torch.manual_seed(3)
    groups = [dict(params=adapted(pipe.unet, UNET))]
    if with_word:
        rows = learnt_word(pipe)
        groups.append(dict(params=[rows], lr=WORD_RATE))
        before = rows.detach().clone()
    else:
        groups.append(dict(params=adapted(pipe.text_encoder, TEXT)))
    tensors = starts(pipe) | {"losses": train(pipe, groups, False)}
    tensors |= {f"end.{k}": v for k, v in weights(pipe).items()}
    if with_word:
        tensors |= {"start.word.rows": before, "end.word.rows": rows.detach().clone()}
        save(name, tensors, UNET, [], word=WORD, word_learning_rate=WORD_RATE)
    else:
        save(name, tensors, UNET, TEXT)


def round_weights(network):
    with torch.no_grad():
        for tensor in [*network.parameters(), *network.buffers()]:
            if tensor.is_floating_point():
                tensor.copy_(tensor.bfloat16().float())


def make_bf16(name):
    pipe, half = load(), load()
    for network in (pipe.unet, pipe.text_encoder):
        round_weights(network)
    for network in (half.unet, half.text_encoder):
        network.to(torch.bfloat16)
    torch.manual_seed(3)
    both = [[dict(params=adapted(p.unet, FEW_UNET)), dict(params=adapted(p.text_encoder, FEW_TEXT))] for p in (pipe, half)]
    with torch.no_grad():
        for one, other in zip(*both):
            for a, b in zip(one["params"], other["params"]):
                b.data = a.detach().clone()  # peft makes them in the base's dtype, then f32 of that
    tensors = starts(pipe) | {"losses": train(pipe, both[0], False), "losses16": train(half, both[1], True)}
    ends, ends16 = weights(pipe), weights(half)
    tensors |= {f"end.{k}": v for k, v in ends.items()} | {f"end16.{k}": v for k, v in ends16.items()}
    apart = sum((ends16[k] - v).square().sum() for k, v in ends.items())
    change = sum((v - tensors.get(f"start.{k}", 0)).square().sum() for k, v in ends.items())
    save(name, tensors, FEW_UNET, FEW_TEXT, apart=(apart / change).sqrt().item())


def main():
    make("dreambooth.safetensors", False)
    make("dreambooth-word.safetensors", True)
    make_bf16("dreambooth-bf16.safetensors")


if __name__ == "__main__":
    main()
