# SPDX-License-Identifier: Apache-2.0
"""Features of torchvision's and pytorch-fid's InceptionV3 with weights made from a seed -> core/src/test/resources/golden/inception.safetensors.

pytorch-fid 0.3.0 is needed besides the pinned peers; nothing is downloaded.
"""
import pathlib
import warnings

import torch
from pytorch_fid import inception as fid
from safetensors.torch import save_file
from torchvision.models import inception_v3

GOLDEN = pathlib.Path(__file__).parent.parent / "core/src/test/resources/golden"


def fid_network():
    net = inception_v3(num_classes=1008, aux_logits=False, weights=None, init_weights=False)
    net.Mixed_5b = fid.FIDInceptionA(192, pool_features=32)
    net.Mixed_5c = fid.FIDInceptionA(256, pool_features=64)
    net.Mixed_5d = fid.FIDInceptionA(288, pool_features=64)
    net.Mixed_6b = fid.FIDInceptionC(768, channels_7x7=128)
    net.Mixed_6c = fid.FIDInceptionC(768, channels_7x7=160)
    net.Mixed_6d = fid.FIDInceptionC(768, channels_7x7=160)
    net.Mixed_6e = fid.FIDInceptionC(768, channels_7x7=192)
    net.Mixed_7b = fid.FIDInceptionE_1(1280)
    net.Mixed_7c = fid.FIDInceptionE_2(2048)
    return net


def fill(net):
    """In the order of the names; the Java test does the same."""
    generator = torch.Generator().manual_seed(7)
    for name, tensor in sorted(net.state_dict().items()):
        if name.startswith(("fc.", "AuxLogits.")) or name.endswith("num_batches_tracked"):
            continue
        drawn = torch.randn(tensor.shape, generator=generator)
        if tensor.dim() == 4:
            drawn *= (2 / tensor[0].numel()) ** 0.5
        elif name.endswith(("bn.weight", "running_var")):
            drawn = 1 + 0.1 * drawn
        else:
            drawn *= 0.1
        tensor.copy_(drawn)


def main():
    warnings.simplefilter("ignore")
    pixels = torch.rand((2, 3, 75, 80), generator=torch.Generator().manual_seed(11)) * 2 - 1
    out = {}
    for name, net in (("torchvision", inception_v3(weights=None, init_weights=False)), ("fid", fid_network())):
        net.eval()
        net.transform_input = False
        net.fc = torch.nn.Identity()
        net.dropout = torch.nn.Identity()
        with torch.no_grad():
            fill(net)
            out[name] = net(pixels)
        print(name, out[name].shape, out[name].std())
    save_file(out, GOLDEN / "inception.safetensors")


if __name__ == "__main__":
    main()
