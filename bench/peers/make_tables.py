# SPDX-License-Identifier: Apache-2.0
"""Makes Parquet data sets of pictures as Python's datasets writes them, from the folder of JPEGs that make_inputs.py left.

Usage: python make_tables.py WORK
"""
import io
import pathlib
import sys

from datasets import ClassLabel, Dataset, Features, Image
from PIL import Image as Pillow

COUNT = 4096  # some seconds a pass; pictures come again, but the bytes are read each time


def table(files, target, kind, side, **options):
    features = Features({"image": Image(), "label": ClassLabel(names=[str(i) for i in range(5)])})
    encoded = []
    for file in files:
        buffer = io.BytesIO()
        Pillow.open(file).convert("RGB").resize((side, side), Pillow.BICUBIC).save(buffer, kind, **options)
        encoded.append({"image": {"bytes": buffer.getvalue(), "path": file.name}, "label": int(file.parent.name)})
    rows = [encoded[i % len(encoded)] for i in range(COUNT)]
    target.mkdir(exist_ok=True)
    Dataset.from_list(rows, features=features).to_parquet(target / "train-00000-of-00001.parquet")


if __name__ == "__main__":
    work = pathlib.Path(sys.argv[1])
    photos = sorted((work / "photos-128").rglob("*.jpg"))
    table(photos, work / "table-jpeg-128", "JPEG", 128, quality=92)
    table(photos, work / "table-jpeg-64", "JPEG", 64, quality=92)
    table(photos, work / "table-png-64", "PNG", 64)
    (work / "tables-made").write_text("1\n")
