# SPDX-License-Identifier: Apache-2.0
"""tools/wandb_import.py with the real wandb, offline: the file that it would send holds what the folder of the training holds.

Usage: python oracle/check_wandb.py [RUN]        (pip install wandb; without a folder, one is made up)
"""
import json
import math
import os
import pathlib
import struct
import subprocess
import sys
import tempfile
import zlib

import yaml
from wandb.proto import wandb_internal_pb2

HOME = pathlib.Path(__file__).resolve().parent.parent
BLOCK = 32768


def records(file):
    """W&B's log: a 7-byte head, then pieces (crc, length, whole|first|middle|last) that cross no block of 32 KiB."""
    data = file.read_bytes()
    assert data[:4] == b":W&B"
    at, whole = 7, b""
    while at + 7 <= len(data):
        if BLOCK - at % BLOCK < 7:
            at += BLOCK - at % BLOCK
            continue
        crc, length, kind = struct.unpack("<IHB", data[at:at + 7])
        if kind == 0:
            break
        piece = data[at + 7:at + 7 + length]
        assert zlib.crc32(piece, zlib.crc32(bytes([kind]))) == crc, "checksum"
        whole += piece
        at += 7 + length
        if kind in (1, 4):
            record = wandb_internal_pb2.Record()
            record.ParseFromString(whole)
            whole = b""
            yield record


def is_same(one, other):
    return one is not None and other is not None and one.keys() == other.keys() and all(
        value == other[key] or math.isnan(value) and math.isnan(float(other[key])) for key, value in one.items())


def make_up(folder):
    from PIL import Image
    (folder / "samples").mkdir(parents=True)
    (folder / "imgs").mkdir()
    (folder / "recipe.yaml").write_text("name: tiny\nsummary: Small.\nproject: birds\ntraining:\n  optimizer:\n    learning_rate: 1.0E-4\n")
    lines = [{"step": step, "loss": math.nan if step == 7 else 1 / step, "epoch": (step - 1) // 10} for step in range(1, 41)]
    lines.insert(20, {"step": 20, "val_loss": 0.25})
    (folder / "metrics.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines) + '{"step": 41, "lo')
    for name in ("samples/step-000020.png", "imgs/2epochs.png", "loss.png"):
        Image.new("L", (4, 3), len(name)).save(folder / name)


def main():
    with tempfile.TemporaryDirectory() as scratch:
        scratch = pathlib.Path(scratch)
        folder = pathlib.Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else scratch / "mine"
        if len(sys.argv) == 1:
            make_up(folder)
        env = {**{key: value for key, value in os.environ.items() if not key.startswith("WANDB_")}, "WANDB_SILENT": "true"}
        done = subprocess.run([sys.executable, HOME / "tools/wandb_import.py", folder, "--offline", "--dir", scratch], env=env,
                              capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        print(done.stdout.strip())
        (log,) = scratch.glob("wandb/offline-run-*/*.wandb")
        wanted = {}
        for line in (folder / "metrics.jsonl").read_text().splitlines():
            if line.endswith("}"):
                values = json.loads(line)
                wanted.setdefault(values.pop("step"), {}).update(values)
        got, config, saved, run = {}, {}, set(), None
        for record in records(log):
            if record.HasField("run"):
                run = record.run
            changes = list(record.run.config.update) + list(record.config.update)
            config.update({item.key: json.loads(item.value_json) for item in changes if item.key})
            saved |= {item.path for item in record.files.files}
            if record.HasField("history"):
                line = {item.key or ".".join(item.nested_key): json.loads(item.value_json) for item in record.history.item}
                got[line.pop("_step")] = {key: value for key, value in line.items() if not key.startswith("_")}
        pictures = {step: values["samples.path"] for step, values in got.items() if "samples.path" in values}
        got = {step: {key: value for key, value in values.items() if not key.startswith("samples.")} for step, values in got.items()}
        wrong = [step for step in wanted.keys() | got.keys() if not is_same(wanted.get(step), got.get(step))]
        assert not wrong, [(step, wanted.get(step), got.get(step)) for step in sorted(wrong)[:3]]
        recipe = yaml.safe_load((folder / "recipe.yaml").read_text())
        assert all(config[key] == value for key, value in recipe.items() if value is not None), config
        files = len(list(folder.glob("samples/*.png"))) + len(list(folder.glob("imgs/*epochs.png")))
        assert len(pictures) == files and {"recipe.yaml", "loss.png"} <= saved, (pictures.keys(), saved)
        for step, picture in pictures.items():
            sent = (log.parent / "files" / picture).read_bytes()
            assert any(sent == file.read_bytes() for file in [*folder.glob("samples/*.png"), *folder.glob("imgs/*.png")]), step
        assert run.project == (recipe.get("project") or "diffusion4j") and run.display_name == folder.name
        print(f"{len(got)} steps, {len(pictures)} pictures at {sorted(pictures)[:6]}, the recipe: equal")
        wrong = subprocess.run([sys.executable, HOME / "tools/wandb_import.py", scratch], capture_output=True, text=True)
        assert wrong.returncode == 2 and wrong.stderr.splitlines()[-1].endswith("it has no recipe.yaml"), wrong.stderr


if __name__ == "__main__":
    main()
