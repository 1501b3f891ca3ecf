# SPDX-License-Identifier: Apache-2.0
"""Python's datasets and ours read the same data sets from the tests' Hub: equal rows, pixel by pixel, from one cache of files.

Usage: mvn -q test-compile; ./diffuse --version; python oracle/check_hf_data.py [--pictures 1000]
"""
import argparse
import io
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

import numpy
from PIL import Image as Pillow

from check_hub import HOME, environment, run, server

GOLDEN = HOME / "training/src/test/resources/golden/hub-data"
READ = """
import hashlib, json, sys
from datasets import Image, load_dataset
for case in json.loads(sys.argv[1]):
    name, config, split, image, caption, label = (None if word == "-" else word for word in case)
    data = load_dataset(name, config, split=split)
    names = getattr(data.features.get(label), "names", None)
    if not isinstance(data.features[image], Image):
        data = data.cast_column(image, Image())
    rows = []
    for row in data:
        picture = row[image]
        picture = picture.convert("L" if picture.mode == "L" else "RGB")
        value = row.get(label) if label else None
        rows.append({"width": picture.width, "height": picture.height, "channels": len(picture.getbands()),
                     "pixels": hashlib.sha256(picture.tobytes()).hexdigest(),
                     "label": None if value is None or value == -1 else names[value] if names else str(value),
                     "caption": row.get(caption) if caption else None})
    print("@" + json.dumps(rows))
"""


def photo(random, side, mode="RGB"):
    """Smooth colours, as photos have them."""
    small = random.integers(0, 256, (4, 5, 3), dtype=numpy.uint8)
    return Pillow.fromarray(small).resize((side, side + side // 4), Pillow.BICUBIC).convert(mode)


def encoded(image, kind, **options):
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def make(root, pictures):
    """Repositories as people publish them; gives what to read of each: config, split, image, caption, label."""
    import pyarrow.parquet
    from datasets import ClassLabel, Dataset, Features, Image, Value
    shutil.copytree(GOLDEN, root / "ada")
    (root / "ada/expected.json").unlink()
    random = numpy.random.default_rng(3)
    kinds = [f"kind {i}" for i in range(5)]
    rows = [{"image": {"bytes": encoded(photo(random, 64), "JPEG", quality=90), "path": f"{i}.jpg"}, "label": int(random.integers(-1, 5)),
             "text": None if i % 50 == 7 else f"nr {i}: übung, “quoted”\n"} for i in range(pictures)]
    features = Features({"image": Image(), "label": ClassLabel(names=kinds), "text": Value("string")})
    data = Dataset.from_list(rows, features=features)
    cases = [("ada/plain", "-", "train", "image", "text", "label"), ("ada/plain", "-", "test", "image", "text", "label"),
             ("ada/card", "colour", "train", "image", "text", "label"), ("ada/card", "grey", "everything", "img", "prompt", "-"),
             ("ada/classes", "-", "train", "image", "-", "label"), ("ada/classes", "-", "test", "image", "-", "label"),
             ("ada/captions", "-", "train", "image", "text", "-")]

    def folder(name):
        path = root / "ada" / name
        path.mkdir(parents=True)
        return path

    # as push_to_hub writes it: shards, its own writer and options
    path = folder("pushed") / "data"
    path.mkdir()
    for i in range(3):
        data.shard(3, i, contiguous=True).to_parquet(path / f"train-{i:05d}-of-00003.parquet")
    cases.append(("ada/pushed", "-", "train", "image", "text", "label"))
    # every codec, both kinds of pages, dictionaries, and rows a group
    table = data.select(range(min(60, pictures))).with_format("arrow")[:]
    for codec in ("snappy", "zstd", "gzip", "lz4", "none"):
        for version in ("1.0", "2.0"):
            for dictionary in (True, False):
                name = f"{codec}-{version[0]}-{'dictionary' if dictionary else 'plain'}"
                pyarrow.parquet.write_table(table, folder(name) / "train.parquet", compression=codec, data_page_version=version,
                                            use_dictionary=dictionary, row_group_size=17, data_page_size=4096)
                cases.append((f"ada/{name}", "-", "train", "image", "text", "label"))
    # every kind of picture, and words as classes
    kinds = {"png": dict(kind="PNG"), "grey": dict(kind="PNG", mode="L"), "palette": dict(kind="PNG", mode="P"), "alpha": dict(kind="PNG", mode="RGBA"),
             "grey jpeg": dict(kind="JPEG", mode="L"), "cmyk": dict(kind="JPEG", mode="CMYK"), "whole chroma": dict(kind="JPEG", subsampling=0),
             "progressive": dict(kind="JPEG", progressive=True), "webp": dict(kind="WEBP", lossless=True), "bmp": dict(kind="BMP"), "gif": dict(kind="GIF")}
    mixed = []
    for name, options in kinds.items():
        options = dict(options)
        mixed.append({"photo": {"bytes": encoded(photo(random, 33, options.pop("mode", "RGB")), options.pop("kind"), **options), "path": None}, "name": name})
    Dataset.from_list(mixed, features=Features({"photo": Image(), "name": Value("string")})).to_parquet(folder("mixed") / "train.parquet")
    cases.append(("ada/mixed", "-", "train", "photo", "-", "name"))
    # the names of a conversion by the Hub, and of people
    for name, files in {"converted": ["default/train/0000.parquet", "default/train/0001.parquet", "default/test/0000.parquet"],
                        "spelt": ["my_training-a.parquet", "my_training-b.parquet", "dev.parquet"]}.items():
        path = folder(name)
        for i, file in enumerate(files):
            (path / file).parent.mkdir(parents=True, exist_ok=True)
            data.select(range(4 * i, 4 * i + 4)).to_parquet(path / file)
    cases += [("ada/converted", "-", "train", "image", "text", "label"), ("ada/converted", "-", "test", "image", "text", "label"),
              ("ada/spelt", "-", "train", "image", "text", "label"), ("ada/spelt", "-", "validation", "image", "text", "label")]
    # pictures with lines that tell of them
    path = folder("captioned") / "train" / "images"
    path.mkdir(parents=True)
    for i in range(5):
        photo(random, 20).save(path / f"{i}.png")
    (path.parent / "metadata.jsonl").write_text("".join(json.dumps({"file_name": f"images/{i}.png", "caption": f"picture {i}"}) + "\n" for i in range(5)))
    cases.append(("ada/captioned", "-", "train", "image", "caption", "-"))
    return cases


def java(cases, env):
    arguments = []
    for name, config, split, image, caption, label in cases:
        is_folder = name in ("ada/classes", "ada/captions", "ada/captioned")
        arguments += ["hf:" + ":".join(word for word in (name, config, split) if word != "-"), *(["-"] * 3 if is_folder else [image, caption, label])]
    classpath = f"{HOME}/training/target/test-classes:{HOME}/cli/target/lib/*"
    return answers(["java", "-cp", classpath, "dev.diffusion4j.data.DataRows", *arguments], env)


def python(cases, env):
    return answers([sys.executable, "-c", READ, json.dumps(cases)], env)


def answers(command, env):
    done = subprocess.run(command, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-1500:]
    return [json.loads(line[1:]) for line in done.stdout.splitlines() if line.startswith("@")]


def train(scratch, env):
    """By each command that takes a data set's id; the card names it."""
    from huggingface_hub import ModelCard
    diffuse, short = HOME / "diffuse", ["--set", "training.max_steps=3", "--set", "training.batch_size=4"]
    print(run([diffuse, "data", "hf:ada/pushed", "--preview", scratch / "preview.png"], env))
    base = scratch / "base"
    print(run([diffuse, "train", HOME / "bench/recipes/tiny.yaml", "--data", "hf:ada/pushed@main", "--set", "data.image_size=16", *short, "--out", base], env))
    assert ModelCard.load(base / "model/README.md").data.datasets == ["ada/pushed"]
    shutil.rmtree(env["DIFFUSION4J_CACHE"])  # what was copied is copied again
    print(run([diffuse, "train", "--resume", base], env))
    offline = {**env, "HF_HUB_OFFLINE": "1"}
    print(run([diffuse, "finetune", "--start_model", base / "model", "--dataset_name", "ada/pushed", "--image_size", "16", "--model_save_name",
               scratch / "finetuned", "--out", scratch / "run", *short], offline))
    print(run([diffuse, "train-unconditional", "--dataset_name", "ada/card", "--dataset_config_name", "grey", "--image_column", "img", "--resolution", "8",
               "--set", "model.config.layers_per_block=1", "--set", "model.config.block_out_channels=[32]", "--set", "model.config.down_block_types=[DownBlock2D]",
               "--set", "model.config.up_block_types=[UpBlock2D]", "--set", "samples.count=0", "--output_dir", scratch / "unconditional", *short], offline))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--pictures", type=int, default=1000)
    count = parser.parse_args().pictures
    with tempfile.TemporaryDirectory() as scratch:
        scratch = pathlib.Path(scratch)
        cases = make(scratch / "root/datasets", count)
        process, endpoint = server(scratch / "root")
        try:
            env = environment(endpoint, scratch / "home", DIFFUSION4J_CACHE=str(scratch / "cache"))
            expected = python(cases, env)
            found = java(cases, env)
            assert len(expected) == len(found) == len(cases)
            for case, ours, theirs in zip(cases, found, expected):
                assert len(ours) == len(theirs) > 0, (case, len(ours), len(theirs))
                wrong = [(i, a, b) for i, (a, b) in enumerate(zip(ours, theirs)) if a != b]
                assert not wrong, (case, len(wrong), wrong[:2])
                print(" ".join(case[:3]), "-", len(ours), "rows, equal")
            offline = environment(endpoint, scratch / "home", DIFFUSION4J_CACHE=str(scratch / "cache"), HF_HUB_OFFLINE="1")
            assert java(cases, offline) == found
            print("offline, from the cache: the same")
            train(scratch, env)
        finally:
            process.stdin.close()
            process.wait(10)


if __name__ == "__main__":
    os.environ["HF_DATASETS_DISABLE_PROGRESS_BARS"] = "1"
    main()
