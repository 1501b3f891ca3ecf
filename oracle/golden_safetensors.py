# SPDX-License-Identifier: Apache-2.0
"""Files as the safetensors package writes them -> core/src/test/resources/golden/safetensors/.

Usage: python oracle/golden_safetensors.py
"""
import pathlib

import torch
from safetensors.torch import save_file

OUT = pathlib.Path(__file__).parent.parent / "core/src/test/resources/golden/safetensors"
TYPES = ("bool", "uint8", "int8", "int16", "uint16", "int32", "uint32", "int64", "uint64", "float16", "bfloat16", "float32",
         "float64", "complex64", "float8_e4m3fn", "float8_e5m2", "float8_e8m0fnu", "float8_e4m3fnuz", "float8_e5m2fnuz")


def main():
    OUT.mkdir(parents=True, exist_ok=True)
    tensors = {name: torch.tensor([1.0, 2.0, 0.5]).to(getattr(torch, name)) for name in TYPES}
    tensors.update({
        "scalar": torch.tensor(3.5), "empty": torch.zeros(0, 3), "empty.long": torch.zeros(2, 0, dtype=torch.int64),
        "five": torch.arange(24.0).view(1, 2, 3, 2, 2), 'odd "name"\\ with\n\x01\x7f and é, 漢, \U0001f600': torch.tensor([1, 2]),
        "\uffee": torch.tensor([1.0]), "\U0001f600": torch.tensor([2.0]), "a": torch.tensor([3.0]),
    })
    note = {"note": 'größe\t"x"'}  # one: the package writes several in random order
    save_file(tensors, OUT / "everything.safetensors", metadata=note)
    save_file({"w": torch.arange(3, dtype=torch.int16)}, OUT / "plain.safetensors")
    save_file({}, OUT / "nothing.safetensors")
    half_bytes = torch.zeros(2, dtype=torch.uint8).view(torch.float4_e2m1fn_x2)
    save_file({"tiny": half_bytes}, OUT / "half_bytes.safetensors")


if __name__ == "__main__":
    main()
