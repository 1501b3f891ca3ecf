# SPDX-License-Identifier: Apache-2.0
"""10,000 odd strings, which Java makes too, and their tokens by transformers' CLIPTokenizer -> core/src/test/resources/golden/text/tokens.json.

    python oracle/golden_text_tokens.py path/to/bpe_simple_vocab_16e6.txt.gz

The file holds what the strings are made of, the tokenizers' configs as the folders on the Hub have them, and for each tokenizer a hash of
the tokens of each hundred strings. With a number more, that string and its tokens are printed.
"""
import gzip
import hashlib
import json
import pathlib
import sys
import tempfile
import unicodedata

from transformers import CLIPTokenizer

GOLDEN = pathlib.Path(__file__).parent.parent / "core/src/test/resources/golden/text/tokens.json"
COUNT, BLOCK = 10_000, 100
WORDS = (
    "a photo of the red rose still life flower painting isn't we're I've they'll she'd I'm it's DON'T rock'n'roll 2024 3.14 1,000,000 100% C++ "
    "e-mail foo_bar don''t '' ''s 'S 'RE it'\u017ft <tag> </w> <|endoftext|> <|startoftext|> <|ENDOFTEXT|> <|StartOfText|> <end_of_text> &amp; &lt;b&gt; "
    "! !! !!! wow! ... ?! -- @user #tag $5 \u00a35 \u20ac5 \u00bd \u00b2 \u21165 \u2122 \u00a9 na\u00efve caf\u00e9 \u00c5ngstr\u00f6m \ufb01ne \ufb00 \u0133 \u01c6 \uff21\uff22\uff23 \uff11\uff12\uff13 \uff01 \uff76\uff80\uff76\uff85 \u201cquoted\u201d don\u2019t "
    "\u65e5\u672c\u8a9e \u6f22\u5b57 \u4e2d\u6587\u6d4b\u8bd5 \ud55c\uad6d\uc5b4 \u0440\u0443\u0441\u0441\u043a\u0438\u0439 \u03a3\u038a\u03a3\u03a5\u03a6\u039f\u03a3 \u1f48\u0394\u03a5\u03a3\u03a3\u0395\u038e\u03a3 \u0130stanbul \u00dftra\u00dfe \u01c5 \u0639\u0631\u0628\u0649 \u05e9\u05c1\u05b8\u05dc\u05d5\u05b9\u05dd \u0939\u093f\u0928\u094d\u0926\u0940 \u0e44\u0e17\u0e22 \U0001f600 \U0001f469\u200d\U0001f469\u200d\U0001f467 \U0001f1e9\U0001f1ea \U0001f44d\U0001f3fd \u2764\ufe0f e\u0301 A\u030a \u1e9b\u0323 "
    "\t \n \u00a0 \u2003 \u200b \u3000 \u0085 \u00ad \ufeff x\u0000y \u2028 \ue000 \U0001d4d0 \u0663 \u2177 \u4e00\u4e8c\u4e09 _ __ ~ ` ^ | \\ \" ' * () [] {} "
    "(word:1.2) ((red)) <lora:x:1> BREAK <cat-toy> <CAT-toy>s toy Toy toys atoyb Toy_1 TOY_1s <L\u00f6we 2> <l\u00d6WE"
).split(" ") + ["<L\u00f6we 2>", "<l\u00d6WE\u00a02>", "word " * 90, "antidisestablishmentarianism" * 3]
ADDED = ["<cat-toy>", "Toy", "Toy_1", "<L\u00f6we 2>"]


def token(content, normalized=True, **more):
    return dict(content=content, lstrip=False, normalized=normalized, rstrip=False, single_word=False, **more)


def special(pad):
    marks = {f"{name}_token": token(f"<|{text}|>") for name, text in (("bos", "startoftext"), ("eos", "endoftext"), ("unk", "endoftext"))}
    return dict(marks, pad_token=pad)


CONFIGS = {  # as in stable-diffusion-v1-5, stable-diffusion-2-1, stable-diffusion-xl-base-1.0/tokenizer_2; of no config; with inverted words
    "sd1": {
        "tokenizer_config.json": dict(
            {key: dict(value, __type="AddedToken") if isinstance(value, dict) else value for key, value in special("<|endoftext|>").items()},
            add_prefix_space=False, do_lower_case=True, errors="replace", model_max_length=77, tokenizer_class="CLIPTokenizer"),
        "special_tokens_map.json": special("<|endoftext|>"),
    },
    "sd2": {
        "tokenizer_config.json": dict(add_prefix_space=False, do_lower_case=True, errors="replace", model_max_length=77, pad_token="<|endoftext|>"),
        "special_tokens_map.json": special("!"),
    },
    "xl2": {
        "tokenizer_config.json": dict(
            added_tokens_decoder={
                "0": token("!", False, special=True), "49406": token("<|startoftext|>", special=True), "49407": token("<|endoftext|>", special=True)},
            bos_token="<|startoftext|>", eos_token="<|endoftext|>", unk_token="<|endoftext|>", pad_token="!", model_max_length=77,
            clean_up_tokenization_spaces=True, tokenizer_class="CLIPTokenizer"),
        "special_tokens_map.json": special("!"),
    },
    "bare": {},
    "words": {"tokenizer_config.json": dict(model_max_length=77), "added_tokens.json": {word: 49408 + i for i, word in enumerate(ADDED)}},
}


class Draw:
    """Knuth's MMIX generator; the upper bits are used."""

    def __init__(self, seed):
        self.state = seed

    def below(self, bound):
        self.state = (self.state * 6364136223846793005 + 1442695040888963407) % 2**64
        return (self.state >> 33) % bound


def ranges():
    """Letters that every peer's Unicode knows, as [first, last]."""
    found = []
    for code in [*range(0x20, 0xD800), *range(0xF900, 0xFFF0), *range(0x1F300, 0x1F5FB), *range(0x1F601, 0x1F611)]:
        old = code >= 0x10000 or unicodedata.ucd_3_2_0.category(chr(code)) not in ("Cn", "Cc", "Co", "Cs")
        if old and found and found[-1][1] == code - 1:
            found[-1][1] = code
        elif old:
            found.append([code, code])
    return found


def strings(words, letters):
    draw = Draw(2026)
    glue = ("", " ", "  ", "\n")
    for _ in range(COUNT):
        kind = draw.below(4)
        pieces = []
        for _ in range(1 + draw.below(9)):
            if kind < 2 or kind == 3 and draw.below(2) == 0:
                pieces.append(words[draw.below(len(words))])
            else:
                pieces.append(chr(letters[draw.below(len(letters))]))
        yield glue[draw.below(len(glue))].join(pieces)


def vocabulary(path):
    lines = gzip.open(path).read().decode("utf-8").split("\n")
    merges = lines[1 : 49152 - 256 - 2 + 1]
    printable = [*range(ord("!"), ord("~") + 1), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [b for b in range(256) if b not in printable]
    letters = [chr(b) for b in printable] + [chr(256 + i) for i in range(len(others))]
    pieces = letters + [c + "</w>" for c in letters] + [m.replace(" ", "") for m in merges] + ["<|startoftext|>", "<|endoftext|>"]
    return {piece: i for i, piece in enumerate(pieces)}, merges


def tokenizer(name, vocab, merges):
    with tempfile.TemporaryDirectory() as folder:
        for file, content in CONFIGS[name].items():
            pathlib.Path(folder, file).write_text(json.dumps(content))
        pathlib.Path(folder, "vocab.json").write_text(json.dumps(vocab))
        pathlib.Path(folder, "merges.txt").write_text("#version: 0.2\n" + "\n".join(merges) + "\n")
        return CLIPTokenizer.from_pretrained(folder)


def line(tokens, text):
    """All tokens, and those of 77 places."""
    whole = tokens(text).input_ids
    fixed = tokens(text, padding="max_length", max_length=77, truncation=True).input_ids
    return " ".join(map(str, whole)) + " | " + " ".join(map(str, fixed)) + "\n"


def main():
    vocab, merges = vocabulary(sys.argv[1])
    known = ranges()
    letters = [code for first, last in known for code in range(first, last + 1)]
    texts = list(strings(WORDS, letters))
    if len(sys.argv) > 2:
        for name in CONFIGS:
            text = texts[int(sys.argv[2])]
            print(name, repr(text), line(tokenizer(name, vocab, merges), text))
        return
    hashes, dropped = {}, {}
    for name in CONFIGS:
        tokens = tokenizer(name, vocab, merges)
        hashes[name] = [
            hashlib.sha256("".join(line(tokens, text) for text in texts[i : i + BLOCK]).encode()).hexdigest()[:16] for i in range(0, COUNT, BLOCK)]
        long = [i for i, text in enumerate(texts) if 80 < len(tokens(text).input_ids) < 92][:3]
        dropped[name] = {i: tokens.batch_decode([tokens(texts[i]).input_ids[76:-1]])[0] for i in long}
    GOLDEN.parent.mkdir(exist_ok=True)
    GOLDEN.write_text(json.dumps(dict(words=WORDS, ranges=known, configs=CONFIGS, hashes=hashes, dropped=dropped)))
    print(len(texts), "strings,", len(set(texts)), "different,", len(letters), "letters;", GOLDEN.stat().st_size, "bytes", dropped)


if __name__ == "__main__":
    main()
