# SPDX-License-Identifier: Apache-2.0
"""KID and FID of torch-fidelity on seeded features -> training/src/test/resources/golden/distances.json.

torch-fidelity 0.4.0 is needed besides the pinned peers. Features are float64, so that its sums are exact too.
"""
import json
import pathlib

import torch
from torch_fidelity.metric_fid import fid_features_to_statistics, fid_statistics_to_metric
from torch_fidelity.metric_kid import kid_features_to_metric

generator = torch.Generator().manual_seed(3)
first = torch.randn((300, 64), generator=generator).double()
second = (torch.randn((260, 64), generator=generator) * 1.1 + 0.2).double()
kid = kid_features_to_metric(
    first, second, kid_subsets=20, kid_subset_size=100, rng_seed=2020, verbose=False, kid_kernel="poly", kid_kernel_poly_degree=3,
    kid_kernel_poly_gamma=None, kid_kernel_poly_coef0=1)
fid = fid_statistics_to_metric(fid_features_to_statistics(first), fid_features_to_statistics(second), False)
golden = pathlib.Path(__file__).parent.parent / "training/src/test/resources/golden/distances.json"
golden.write_text(json.dumps({**kid, **fid}, indent=1) + "\n")
print(golden.read_text())
