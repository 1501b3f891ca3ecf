# SPDX-License-Identifier: Apache-2.0
"""Files as torch.save writes them -> core/src/test/resources/golden/pickle/*.bin, and what torch reads back of them, as
expected.safetensors: FILE/NAME with the names that dev.diffusion4j.checkpoint.TorchPickle gives.

Usage: python oracle/golden_pickle.py
"""
import io
import os
import pathlib
import pickle
import struct
import zipfile

import torch
from safetensors.torch import save_file

OUT = pathlib.Path(__file__).parent.parent / "core/src/test/resources/golden/pickle"
FLOATS = (torch.float16, torch.bfloat16, torch.float32, torch.float64, torch.float8_e4m3fn, torch.float8_e5m2)
WHOLE = (torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64, torch.uint16, torch.uint32, torch.uint64)


def all_dtypes():
    made = {str(t)[6:]: torch.tensor([[0.5, -2, 3], [4, 5, -6]]).to(t) for t in FLOATS}
    made.update({str(t)[6:]: torch.tensor([1, 2, 100]).to(t) for t in WHOLE})
    made["bool"] = torch.tensor([True, False, True])
    made["complex64"] = torch.tensor([1 + 2j, -3j], dtype=torch.complex64)
    return made


def views():
    base = torch.arange(24.0)
    grid = base.view(4, 6)
    return {
        "whole": base, "shared": grid, "transposed": grid.T, "slice": grid[1:3, 2:5], "column": grid[:, 5],
        "every_second": base[1::2], "expanded": base[3:4].expand(5), "row_expanded": grid[2].expand(3, 6),
        "scalar": torch.tensor(7.0), "element": base[11], "empty": torch.zeros(0, 3), "empty_view": grid[:, 6:],
        "channels_last": torch.arange(16.0).view(1, 2, 2, 4).to(memory_format=torch.channels_last),
        "permuted": torch.arange(24, dtype=torch.int32).view(2, 3, 4).permute(2, 0, 1),
        "half_transposed": torch.arange(6).half().view(2, 3).t(), "parameter": torch.nn.Parameter(grid.t()),
    }


def module():
    torch.manual_seed(0)
    net = torch.nn.Sequential(torch.nn.Conv2d(1, 2, 3), torch.nn.BatchNorm2d(2))
    net[0].weight.note = "an attribute"
    return net


def checkpoint():
    net = module()
    optimizer = torch.optim.AdamW(net.parameters(), 1e-3)
    net(torch.ones(1, 1, 4, 4)).square().sum().backward()
    optimizer.step()
    return {
        "epoch": 3, "state_dict": net.state_dict(), "optimizer": optimizer.state_dict(), "loss": [0.5, 0.25], "best": None,
        "args": {"betas": (0.9, 0.999), "amp": True, "seed": 1 << 70, "raw": b"\x00\xff", "tags": {"a"}, "name": "größe",
                 "dtype": torch.float16, "device": torch.device("cpu"), "size": torch.Size([1, 2]), 7: -1, "large": 1 << 40},
        "extras": [torch.tensor([1.0]), (torch.tensor([2.0]),)],
    }


def write(name, value, **options):
    torch.save(value, OUT / f"{name}.bin", **options)


def records(name):
    with zipfile.ZipFile(OUT / f"{name}.bin") as file:
        return {info.filename: file.read(info) for info in file.infolist()}


def big_endian():
    """As a big machine would write it: torch swaps each storage by the width of its numbers."""
    data = {"f32": torch.tensor([1.5, -2.0]), "i16": torch.tensor([[1, 2], [3, 300]], dtype=torch.int16).t(),
            "c64": torch.tensor([1 + 2j], dtype=torch.complex64), "f64": torch.tensor([1e-3], dtype=torch.float64)}
    write("big_endian", data)
    widths = {"data/0": 4, "data/1": 2, "data/2": 4, "data/3": 8}
    with zipfile.ZipFile(io.BytesIO((OUT / "big_endian.bin").read_bytes())) as old:
        with zipfile.ZipFile(OUT / "big_endian.bin", "w") as new:
            for info in old.infolist():
                raw = old.read(info)
                short = info.filename.split("/", 1)[1]
                if short == "byteorder":
                    raw = b"big"
                if short in widths:
                    w = widths[short]
                    raw = b"".join(raw[i:i + w][::-1] for i in range(0, len(raw), w))
                new.writestr(info.filename, raw)


def deflated():
    with zipfile.ZipFile(OUT / "deflated.bin", "w", zipfile.ZIP_DEFLATED) as file:
        for name, raw in records("views").items():
            file.writestr(name, raw)


def zip64():
    """Every size and offset in the fields for large files, as torch writes beyond 4 GiB."""
    out, table = bytearray(), bytearray()
    for name, raw in records("one_tensor").items():
        at, name = len(out), name.encode()
        out += struct.pack("<IHHHHHIIIHH", 0x04034b50, 45, 0, 0, 0, 0, 0, 0xffffffff, 0xffffffff, len(name), 20)
        out += name + struct.pack("<HHQQ", 1, 16, len(raw), len(raw)) + raw
        extra = struct.pack("<HHH", 0x4242, 2, 0) + struct.pack("<HHQQQ", 1, 24, len(raw), len(raw), at)
        table += struct.pack("<IHHHHHHIIIHHHHHII", 0x02014b50, 45, 45, 0, 0, 0, 0, 0, 0xffffffff, 0xffffffff, len(name),
                             len(extra), 0, 0, 0, 0, 0xffffffff) + name + extra
    begin, count = len(out), len(records("one_tensor"))
    out += table
    end = len(out)
    out += struct.pack("<IQHHIIQQQQ", 0x06064b50, 44, 45, 45, 0, 0, count, count, len(table), begin)
    out += struct.pack("<IIQI", 0x07064b50, 0, end, 1)
    out += struct.pack("<IHHHHIIH", 0x06054b50, 0, 0, 0xffff, 0xffff, 0xffffffff, 0xffffffff, 0)
    (OUT / "zip64.bin").write_bytes(out)


class Evil:
    def __reduce__(self):
        return os.system, ("echo this must never be printed",)


def evil():
    """Files that would run a command; nothing loads them here."""
    write("evil_zip", {"weight": torch.zeros(1), "payload": Evil()})
    write("evil_legacy", {"weight": torch.zeros(1), "payload": Evil()}, _use_new_zipfile_serialization=False)
    (OUT / "evil_plain.bin").write_bytes(pickle.dumps(Evil(), protocol=4))


def flatten(prefix, value, into):
    if isinstance(value, torch.Tensor):
        into[prefix or "tensor"] = value.detach().clone(memory_format=torch.contiguous_format)
    elif isinstance(value, (dict, list, tuple)):
        items = value.items() if isinstance(value, dict) else enumerate(value)
        for key, child in items:
            flatten(f"{prefix}.{key}" if prefix else str(key), child, into)


def main():
    OUT.mkdir(parents=True, exist_ok=True)
    write("dtypes", all_dtypes())
    old = {k: v for k, v in all_dtypes().items() if not k.startswith(("float8", "uint16", "uint32", "uint64"))}
    write("dtypes_legacy", old, _use_new_zipfile_serialization=False)  # torch itself cannot read the others from this format
    write("views", views())
    write("views_legacy", views(), _use_new_zipfile_serialization=False)
    write("module", module().state_dict(keep_vars=True))
    write("checkpoint", checkpoint())
    write("checkpoint_legacy", checkpoint(), _use_new_zipfile_serialization=False)
    for protocol in (3, 4, 5):
        write(f"protocol{protocol}", {"a": torch.arange(3), "b": {"c": torch.nn.Parameter(torch.ones(2))}}, pickle_protocol=protocol)
    write("one_tensor", torch.arange(6.0).view(2, 3))
    big_endian()
    deflated()
    zip64()
    evil()
    expected = {}
    for file in sorted(OUT.glob("*.bin")):
        if not file.name.startswith("evil"):
            tensors = {}
            flatten("", torch.load(file, weights_only=False), tensors)
            expected.update({f"{file.name}/{name}": tensor for name, tensor in tensors.items()})
    save_file(expected, OUT / "expected.safetensors", metadata={"format": "pt"})
    for file in sorted(OUT.iterdir()):
        print(file.name, file.stat().st_size)


if __name__ == "__main__":
    main()
