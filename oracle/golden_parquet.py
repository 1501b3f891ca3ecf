# SPDX-License-Identifier: Apache-2.0
"""Small data sets as Python's datasets writes them to the Hub, with the pixels that it reads back: training's golden/hub-data.

Usage: python oracle/golden_parquet.py
"""
import hashlib
import io
import json
import pathlib
import shutil

import numpy
import pyarrow
import pyarrow.parquet
from datasets import ClassLabel, Dataset, Features, Image, Value, load_dataset
from PIL import Image as Pillow

FOLDER = pathlib.Path(__file__).resolve().parent.parent / "training/src/test/resources/golden/hub-data"
SIDE = 16
KINDS = ["ant", "bee", "cat"]


def picture(number, grey=False):
    """A ramp with a spot, another each time."""
    y, x = numpy.mgrid[0:SIDE, 0:SIDE]
    ramp = (x * 9 + number * 31) % 256 if grey else numpy.stack([(x * 13 + number * 31) % 256, (y * 11 + number * 17) % 256, (x + y) * 7 % 256], -1)
    ramp = ramp.astype(numpy.uint8)
    ramp[number:number + 4, 2:6] = 255 - number * 20
    return Pillow.fromarray(ramp)


def encoded(image, kind):
    buffer = io.BytesIO()
    image.save(buffer, kind, **({"quality": 90} if kind == "JPEG" else {}))
    return buffer.getvalue()


def rows(numbers, kinds=("PNG", "JPEG")):
    return [{"image": {"bytes": encoded(picture(n), kinds[n % len(kinds)]), "path": f"{n}.{kinds[n % len(kinds)].lower()}"},
             "label": n % 3, "text": f"number {n}, “{KINDS[n % 3]}”"} for n in numbers]


FEATURES = Features({"image": Image(), "label": ClassLabel(names=KINDS), "text": Value("string")})


def write(name, data, features=FEATURES, **options):
    path = FOLDER / name
    path.parent.mkdir(parents=True, exist_ok=True)
    table = Dataset.from_list(data, features=features).with_format("arrow")[:]
    table = table.replace_schema_metadata({"huggingface": json.dumps({"info": {"features": features.to_dict()}})})
    pyarrow.parquet.write_table(table, path, row_group_size=4, **options)


def read(name, config, split):
    """What datasets yields, row by row."""
    found = []
    for row in load_dataset(str(FOLDER / name), config, split=split, cache_dir="/tmp/golden-parquet"):
        image = row.pop("image")
        pixels = numpy.asarray(image)
        found.append({"size": list(image.size), "mode": image.mode, "pixels": hashlib.sha256(pixels.tobytes()).hexdigest(),
                      "label": row.get("label", -1), "text": row.get("text")})
    return found


def main():
    shutil.rmtree(FOLDER, ignore_errors=True)
    shutil.rmtree("/tmp/golden-parquet", ignore_errors=True)
    # by names alone: two shards of train, one of test
    write("plain/data/train-00000-of-00002.parquet", rows(range(6)), compression="snappy")
    write("plain/data/train-00001-of-00002.parquet", rows(range(6, 8)), compression="zstd")
    write("plain/data/test-00000-of-00001.parquet", rows(range(8, 11)), compression="gzip", data_page_version="2.0", use_dictionary=False)
    # by the card: two configurations, one with plain bytes and grey pictures
    grey = [{"img": encoded(picture(n, grey=True), "PNG"), "kind": n % 2 == 0, "prompt": None if n == 1 else f"grey {n}"} for n in range(3)]
    raw = Features({"img": Value("binary"), "kind": Value("bool"), "prompt": Value("string")})
    write("card/colour/one.parquet", rows(range(4), kinds=("PNG",)), compression="lz4")
    write("card/grey/all.parquet", grey, raw, compression="none")
    (FOLDER / "card/README.md").write_text("""---
license: apache-2.0
configs:
- config_name: colour
  default: true
  data_files:
  - split: train
    path: colour/*.parquet
- config_name: grey
  data_files:
  - split: everything
    path:
    - grey/all.parquet
---
# A card
""")
    # pictures that a table only names: in the data set, of the data set, and elsewhere (which datasets reads only from the network)
    named = ["pictures/0.png", "hf://datasets/ada/named@main/pictures/1.png", "hf://datasets/ada/other/pictures/1.png", "../pictures/0.png", "/etc/passwd", None]
    write("named/train.parquet", [{"image": path and {"bytes": None, "path": path}} for path in named], Features({"image": Image()}))
    (FOLDER / "named/pictures").mkdir()
    for n in range(2):
        picture(n).save(FOLDER / f"named/pictures/{n}.png")
    # pictures in folders: classes, and captions
    for n in range(4):
        path = FOLDER / f"classes/{'train' if n < 3 else 'test'}/{KINDS[n % 2]}/{n}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        picture(n).save(path)
    (FOLDER / "captions").mkdir()
    for n in range(3):
        picture(n).save(FOLDER / f"captions/{n}.png")
    (FOLDER / "captions/metadata.csv").write_text('file_name,about,text\n0.png,x,"zero, nothing"\n1.png,y,"a ""one"""\n2.png,z,two\n')
    expected = {f"{name}:{config or ''}:{split}": read(name, config, split)
                for name, config, split in [("plain", None, "train"), ("plain", None, "test"), ("card", "colour", "train"),
                                            ("classes", None, "train"), ("classes", None, "test"), ("captions", None, "train")]}
    (FOLDER / "expected.json").write_text(json.dumps(expected, indent=1, sort_keys=True, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
