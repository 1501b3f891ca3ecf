# SPDX-License-Identifier: Apache-2.0
"""Loads a file that Java wrote with the safetensors package; lists it, or compares it with another file.

Usage: python oracle/check_safetensors.py FILE          name, dtype, shape and sum of each tensor, and the metadata
       python oracle/check_safetensors.py FILE OTHER    says what differs in tensors or metadata; exit code 1 if anything does
"""
import sys

import torch
from safetensors import safe_open


def load(path):
    with safe_open(path, framework="pt") as file:
        return {name: file.get_tensor(name) for name in file.keys()}, file.metadata() or {}


def bits(tensor):
    return (tensor.dtype, tuple(tensor.shape), tensor.contiguous().reshape(-1).view(torch.uint8).numpy().tobytes())


def main():
    tensors, metadata = load(sys.argv[1])
    if len(sys.argv) == 2:
        for name, tensor in tensors.items():
            total = torch.view_as_real(tensor).sum() if tensor.is_complex() else tensor.double().sum()
            print(repr(name), tensor.dtype, tuple(tensor.shape), total.item())
        print(metadata)
        return
    others, other_metadata = load(sys.argv[2])
    different = sorted(name for name in tensors.keys() & others.keys() if bits(tensors[name]) != bits(others[name]))
    alone = sorted(tensors.keys() ^ others.keys())
    print(f"{len(tensors)} tensors; different: {different}; in one file only: {alone}; metadata equal: {metadata == other_metadata}")
    sys.exit(1 if different or alone or metadata != other_metadata else 0)


if __name__ == "__main__":
    main()
