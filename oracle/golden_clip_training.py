# SPDX-License-Identifier: Apache-2.0
"""A small CLIP from nothing, by transformers -> core/src/test/resources/golden/clip_vocabulary.json (what byte pair encoding learns from captions,
and the tokens that CLIPTokenizer makes with it) and training/src/test/resources/golden/clip_training.safetensors (how fresh weights are spread; five
training steps).

Pairs are learnt by Algorithm 1 of Sennrich et al. (2016) on the words of CLIPTokenizer's own splitter; of equally frequent pairs the first in the order
of their letters. Steps are AdamW on CLIPModel's own loss, or, where captions stand twice in a batch, on the cross-entropy with both as targets, or, with wrong captions
besides, on that over a picture's own and all wrong ones (hard negatives: Yuksekgonul et al., 2023); the factor on similarities is cut to 100 after each, as OpenCLIP does. Pictures come from one torch.Generator seeded 11. How weights changed is kept as in
golden_training.py.
"""
import collections
import json
import math
import pathlib

import torch
from safetensors.torch import save_file
from transformers import CLIPConfig, CLIPModel, CLIPTokenizer

from golden_training import projected

ROOT = pathlib.Path(__file__).parent.parent
SIZE, LENGTH = 560, 24
COLOURS, FORMS = ("red", "green", "dark blue", "yellow"), ("circle", "square", "triangle")
CAPTIONS = [f"a {size} {colour} {form} {place}" for size, place in (("small", "on the left"), ("Big", "at the top, on grey"))
            for colour in COLOURS for form in FORMS] + ["It's a café: 42 « naïve » squares", "  two   circles!!  ", "日本の circle", "squares' squares"]
OTHERS = ["a big circle", "unseen words: zebra", "<|endoftext|> a circle <|startoftext|>", "", "a " * 40 + "circle", "CAFÉ ’s it's 2024"]


def letters():
    """GPT-2's letters for bytes."""
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    rest = [b for b in range(256) if b not in plain]
    return [chr(b) for b in plain] + [chr(256 + i) for i in range(len(rest))]


def tokenizer(merges):
    pieces = letters() + [letter + "</w>" for letter in letters()] + list(dict.fromkeys("".join(m) for m in merges))
    vocab = {piece: i for i, piece in enumerate(pieces + ["<|startoftext|>", "<|endoftext|>"])}
    return CLIPTokenizer(vocab=vocab, merges=merges, model_max_length=LENGTH)


def words():
    backend, counts = tokenizer([]).backend_tokenizer, collections.Counter()
    for caption in CAPTIONS:
        for word, _ in backend.pre_tokenizer.pre_tokenize_str(backend.normalizer.normalize_str(caption)):
            counts[(*word[:-1], word[-1] + "</w>")] += 1
    return counts


def learnt():
    counts, merges = words(), []
    while 2 * 256 + len({"".join(m) for m in merges}) + 2 < SIZE:
        pairs = collections.Counter()
        for word, times in counts.items():
            for pair in zip(word, word[1:]):
                pairs[pair] += times
        best = min(pairs, key=lambda pair: (-pairs[pair], *(part.encode("utf-16-be") for part in pair)))
        merges.append(best)
        after = collections.Counter()
        for word, times in counts.items():
            joined = []
            for piece in word:
                if joined and (joined[-1], piece) == best:
                    joined[-1] += piece
                else:
                    joined.append(piece)
            after[tuple(joined)] += times
        counts = after
    return merges


def config(width, layers, patch):
    part = dict(hidden_size=width, intermediate_size=2 * width, num_hidden_layers=layers, num_attention_heads=2, hidden_act="gelu")
    return dict(
        text_config=dict(part, vocab_size=SIZE, max_position_embeddings=LENGTH, bos_token_id=SIZE - 2, eos_token_id=SIZE - 1, pad_token_id=SIZE - 1),
        vision_config=dict(part, image_size=16, patch_size=patch), projection_dim=width)


def spread():
    """The mean and the deviation of each fresh tensor, over 8 networks; a factor tells where it counts."""
    made = config(32, 3, 4)
    made["text_config"]["initializer_factor"], made["vision_config"]["initializer_factor"], made["initializer_factor"] = 1.5, 0.5, 2.0
    seen = collections.defaultdict(list)
    for seed in range(8):
        torch.manual_seed(seed)
        for name, value in CLIPModel(CLIPConfig(**made)).named_parameters():
            seen[name].append(value.detach().flatten())
    return made, {name: [torch.cat(values).mean().item(), torch.cat(values).std(correction=0).item()] for name, values in seen.items()}


def batches(name):
    generator = torch.Generator().manual_seed(11)
    for step in range(5):
        captions = [CAPTIONS[(5 * step + 7 * i) % len(CAPTIONS)] for i in range(6)]
        if name == "repeated":
            captions[3], captions[5] = captions[0].upper(), captions[1]
        wrong = [CAPTIONS[(5 * step + 7 * i + 3) % len(CAPTIONS)] if name == "negatives" and (step + i) % 3 == 0 else None for i in range(6)]
        yield captions, wrong, torch.randn((6, 3, 16, 16), generator=generator)


def with_wrong(model, tok, out, wrong):
    """Of pictures and captions, with the wrong ones behind; the share of their pictures that lie nearer to their own."""
    places = [i for i, caption in enumerate(wrong) if caption is not None]
    texts = model.get_text_features(**tok([wrong[i] for i in places], padding="max_length", truncation=True, return_tensors="pt"))
    texts = getattr(texts, "pooler_output", texts)
    against = model.logit_scale.exp() * out.image_embeds @ torch.nn.functional.normalize(texts).T
    order = sum((out.logits_per_image[i, i] > against[i, k]).item() for k, i in enumerate(places)) / len(places)
    return torch.cat([out.logits_per_image, against], 1), order


def run(model, tok, name):
    start = {name: p.detach().clone() for name, p in model.named_parameters()}
    opt = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=0.01)
    losses, shares, scales, orders = [], [], [], []
    for captions, wrong, pixels in batches(name):
        ids = tok(captions, padding="max_length", truncation=True, return_tensors="pt").input_ids
        out = model(input_ids=ids, pixel_values=pixels, return_loss=True)
        same = (ids[:, None] == ids[None]).all(-1).float()
        targets = same / same.sum(1, keepdim=True)
        cross = torch.nn.functional.cross_entropy
        of_pictures = out.logits_per_image
        if name == "negatives":
            of_pictures, order = with_wrong(model, tok, out, wrong)
            targets = torch.nn.functional.pad(targets, (0, of_pictures.shape[1] - len(captions)))
            orders.append(order)
        loss = out.loss if name == "plain" else (cross(out.logits_per_text, targets[:, :len(captions)]) + cross(of_pictures, targets)) / 2
        loss.backward()
        opt.step()
        opt.zero_grad()
        model.logit_scale.data.clamp_(max=math.log(100))
        losses.append(loss.item())
        scales.append(model.logit_scale.exp().item())
        shares.append([same.gather(1, logits.argmax(1, True)).mean().item() for logits in (out.logits_per_text, out.logits_per_image)])
    changes = {name: p.detach() - start[name] for name, p in sorted(model.named_parameters())}
    generator = torch.Generator().manual_seed(13)
    return dict(losses=torch.tensor(losses), shares=torch.tensor(shares), scales=torch.tensor(scales), orders=torch.tensor(orders),
                changes=torch.cat([projected(c, generator) for c in changes.values()]), norms=torch.stack([c.norm() for c in changes.values()]))


def main():
    merges = learnt()
    tok = tokenizer(merges)
    texts = CAPTIONS + OTHERS
    whole = dict(size=SIZE, length=LENGTH, captions=CAPTIONS, merges=[" ".join(m) for m in merges], texts=texts,
                 ids=[tok(t, padding="max_length", truncation=True).input_ids for t in texts])
    (ROOT / "core/src/test/resources/golden/clip_vocabulary.json").write_text(json.dumps(whole, ensure_ascii=False) + "\n")
    tiny = config(16, 2, 4)
    torch.manual_seed(5)
    model = CLIPModel(CLIPConfig(**tiny))
    tensors = {"net." + name: p.detach().clone() for name, p in model.named_parameters()}
    for name, scale in (("plain", model.logit_scale.item()), ("repeated", math.log(100) + 0.02), ("negatives", model.logit_scale.item())):
        model.load_state_dict({n[4:]: v for n, v in tensors.items() if n.startswith("net.")})
        tensors[name + ".start"] = model.logit_scale.data.fill_(scale).clone()
        for part, value in run(model, tok, name).items():
            tensors[f"{name}.{part}"] = value
        print(name, tensors[name + ".losses"].tolist(), tensors[name + ".scales"].tolist(), tensors[name + ".shares"].tolist())
    wide, seen = spread()
    batch = {name: [captions for captions, _, _ in batches(name)] for name in ("plain", "repeated", "negatives")}
    wrong = [captions for _, captions, _ in batches("negatives")]
    save_file(tensors, ROOT / "training/src/test/resources/golden/clip_training.safetensors",
              {name: json.dumps(value) for name, value in dict(config=tiny, captions=batch, wrong=wrong, wide=wide, spread=seen).items()})


if __name__ == "__main__":
    main()
