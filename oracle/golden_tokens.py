# SPDX-License-Identifier: Apache-2.0
"""Odd strings and their tokens by transformers and by open_clip -> core/src/test/resources/golden/clip_tokens.jsonl.gz.

    python oracle/golden_tokens.py path/to/bpe_simple_vocab_16e6.txt.gz

transformers is the pinned one; open_clip_torch 3.2 and ftfy 6.3 are needed besides.
"""
import gzip
import html
import io
import json
import pathlib
import random
import sys
import unicodedata

import ftfy
import open_clip.tokenizer
from transformers import CLIPTokenizer

GOLDEN = pathlib.Path(__file__).parent.parent / "core/src/test/resources/golden"
WORDS = (
    "a photo of the red rose still life flower painting butterfly isn't we're I've they'll she'd I'm it's DON'T O'Reilly rock'n'roll "
    "2024 3.14 1,000,000 100% C++ e-mail foo_bar don''t '' ''s 'S 'RE <tag> </w> <|endoftext|> <|startoftext|> <|ENDOFTEXT|> <end_of_text> "
    "&amp; &lt;b&gt; &quot; &#39; &eacute; &nbsp; &hearts; &amp;amp; &notit; ... !!! ?! -- @user #tag $5 £5 €5 ½ ² №5 ™ © "
    "naïve café Ångström ﬁne ﬂower ﬀ ĳ ǆ ＡＢＣ １２３ ！ ｶﾀｶﾅ “quoted” ‘single’ don’t „low‟ 　 "
    "日本語 漢字 中文测试 한국어 русский ΣΊΣΥΦΟΣ ὈΔΥΣΣΕΎΣ İstanbul ßtraße ǅ عربى שָׁלוֹם हिन्दी ไทย 😀 👩‍👩‍👧 🇩🇪 👍🏽 ❤️ e\u0301 A\u030a \u1e9b\u0323 "
    "\t \n \u00a0 \u2003 \u200b \u3000 \u0085 \u00ad \ufeff x\u0000y \u2028 \ue000 \U0001d4d0 ٣ ⅷ 一二三 _ __ ~ ` ^ | \\ \" ' * () [] {}"
).split(" ")


# an apostrophe before a long s is a contraction for OpenCLIP, whose pattern ignores case, and none for transformers
LONG_S = ("'\u017fe", "it'\u017ft", "rock'\u017f", "'\u017f", "'\u212a", "DON'\u017f")


def vocabulary(path):
    lines = gzip.open(path).read().decode("utf-8").split("\n")
    merges = lines[1 : 49152 - 256 - 2 + 1]
    letters = list(open_clip.tokenizer.bytes_to_unicode().values())
    pieces = letters + [c + "</w>" for c in letters] + [m.replace(" ", "") for m in merges] + ["<|startoftext|>", "<|endoftext|>"]
    return {piece: i for i, piece in enumerate(pieces)}, [tuple(m.split()) for m in merges]


def strings():
    draw = random.Random(1)
    yield from ("", " ", "Red Rose (still life), red flower painting", "  two  blanks ", "word " * 90)
    for word in WORDS:
        yield word
    for _ in range(2200):
        yield draw.choice(("", " ", "  ", "\n")).join(draw.choice(WORDS) for _ in range(draw.randint(2, 9)))
    for _ in range(500):  # any assigned letters of the planes that are in use
        letters = []
        while len(letters) < draw.randint(1, 12):
            c = chr(draw.choice((draw.randrange(0x20, 0x250), draw.randrange(0x250, 0x3000), draw.randrange(0x3000, 0xD800), draw.randrange(0x1F300, 0x1F650))))
            if unicodedata.ucd_3_2_0.category(c) not in ("Cn", "Cc", "Co", "Cs"):  # old enough for every peer to know it
                letters.append(c)
        yield "".join(letters)
    yield from LONG_S


def mendable(text):
    """Whether ftfy does nothing that it has to guess."""
    config = ftfy.TextFixerConfig(fix_encoding=False)
    return ftfy.fix_text(text) == ftfy.fix_text(text, config) and "\x1b" not in text and "\x00" not in text


def main():
    vocab, merges = vocabulary(sys.argv[1])
    hugging_face = CLIPTokenizer(vocab=vocab, merges=merges)
    open_clip_own = open_clip.tokenizer.SimpleTokenizer(bpe_path=sys.argv[1])
    raw = io.BytesIO()
    count = 0
    with gzip.GzipFile(fileobj=raw, mode="wb", mtime=0) as out:
        for text in dict.fromkeys(strings()):
            line = {"text": text, "transformers": hugging_face(text, add_special_tokens=False).input_ids}
            if mendable(text):
                line["open_clip"] = open_clip_own.encode(open_clip_own.clean_fn(text))
            out.write((json.dumps(line) + "\n").encode())
            count += 1
    (GOLDEN / "clip_tokens.jsonl.gz").write_bytes(raw.getvalue())
    print(count, "strings,", len(raw.getvalue()), "bytes;", html.unescape("&notit;"))


if __name__ == "__main__":
    main()
