# SPDX-License-Identifier: Apache-2.0
"""diffuse eval held against Python from the files on: pictures decoded by Pillow, resized as clean-fid or pytorch-fid, torchvision's
InceptionV3, torch-fidelity's KID and FID.

  check_eval.py FOLDER REFERENCE INCEPTION.pth SIZE clean|legacy FIGURES.jsonl

FIGURES.jsonl is what `diffuse eval --images FOLDER --data folder:REFERENCE --inception INCEPTION.pth --feature-size SIZE --resize … --out`
wrote last; pictures of sheets (grid.png) must not be in the folders. torch-fidelity is needed besides the pinned peers.
"""
import json
import pathlib
import sys
import warnings

import numpy as np
import torch
from PIL import Image
from torch_fidelity.metric_fid import fid_features_to_statistics, fid_statistics_to_metric
from torch_fidelity.metric_kid import kid_features_to_metric
from torchvision.models import inception_v3


def resized(file, size, how):
    levels = np.asarray(Image.open(file).convert("RGB"))
    if how == "legacy":
        x = torch.from_numpy(levels.copy()).permute(2, 0, 1)[None] / 255
        return torch.nn.functional.interpolate(x, size=(size, size), mode="bilinear", align_corners=False)[0]
    channels = [
        np.asarray(Image.fromarray(levels[:, :, c].astype(np.float32), mode="F").resize((size, size), resample=Image.BICUBIC)).clip(0, 255)
        for c in range(3)
    ]
    return torch.from_numpy(np.stack(channels)) / 255


def features(folder, net, size, how):
    files = sorted(f for f in pathlib.Path(folder).rglob("*") if f.suffix.lower() in (".png", ".jpg", ".jpeg"))
    with torch.no_grad():
        return torch.cat([net(resized(f, size, how)[None] * 2 - 1) for f in files])


def main():
    warnings.simplefilter("ignore")
    folder, reference, weights, size, how, figures = sys.argv[1:]
    net = inception_v3(weights=None, init_weights=False)
    net.load_state_dict(torch.load(weights))
    net.eval()
    net.transform_input = False
    net.fc = torch.nn.Identity()
    ours = [json.loads(line) for line in pathlib.Path(figures).read_text().splitlines()][-2:]
    first = features(folder, net, int(size), how).double()
    second = features(reference, net, int(size), how).double()
    theirs = kid_features_to_metric(
        first, second, kid_subsets=ours[0]["subsets"], kid_subset_size=ours[0]["subset_size"], rng_seed=ours[0]["seed"], verbose=False,
        kid_kernel="poly", kid_kernel_poly_degree=3, kid_kernel_poly_gamma=None, kid_kernel_poly_coef0=1)
    kid = theirs["kernel_inception_distance_mean"]
    fid = fid_statistics_to_metric(fid_features_to_statistics(first), fid_features_to_statistics(second), False)["frechet_inception_distance"]
    worst = 0
    for name, expected, figure in (("kid", kid, ours[0]), ("fid", fid, ours[1])):
        apart = abs(figure["value"] - expected) / max(1e-9, abs(expected))
        worst = max(worst, apart)
        print(f"{name}: diffuse {figure['value']:.8g}, Python {expected:.8g}, relative difference {apart:.1e}")
    sys.exit(worst > 1e-3)


if __name__ == "__main__":
    main()
