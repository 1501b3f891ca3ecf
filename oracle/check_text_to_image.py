# SPDX-License-Identifier: Apache-2.0
"""The way back of text to image: diffusers loads the networks that Java saved, and finds its own weights and config.

Java (oracle/JavaTextToImage.java) makes each network of golden_text_to_image.py from its config with the start values of seed 7 and
saves it. Here it is loaded with from_pretrained and compared with the network that diffusers makes from that config and seed.

Usage: python oracle/check_text_to_image.py [OUT_FOLDER]       exit code 1 where anything differs
"""
import json
import logging
import pathlib
import subprocess
import sys
import tempfile

import diffusers
import torch
from golden_text_to_image import KL, KLS, SD1, TINIES, VARIANTS

ROOT = pathlib.Path(__file__).parent.parent


def cases():
    found = {"unet-" + name: ("UNet2DConditionModel", "unet", {**SD1, **change}) for name, change in VARIANTS.items()}
    found.update({"vae-" + name: ("AutoencoderKL", "vae", {**KL, **change}) for name, change in KLS.items()})
    found.update({"vae-" + name: ("AutoencoderTiny", "vae", config) for name, config in TINIES.items()})
    return found


def run_java(spec, out):
    """Builds the command, whose class path has everything, and runs the Java half."""
    subprocess.run([ROOT / "diffuse", "--version"], check=True, stdout=subprocess.DEVNULL)
    target = ROOT / "cli/target"
    file = out / "cases.json"
    file.write_text(json.dumps({name: dict(kind=kind, config=config) for name, (kind, _, config) in spec.items()}))
    subprocess.run(["java", "-cp", f"{target}/diffuse.jar:{target}/lib/*", ROOT / "oracle/JavaTextToImage.java", file, out], check=True)


class Complaints(logging.Handler):
    """What diffusers says while a folder is loaded."""

    def __init__(self):
        super().__init__(logging.WARNING)
        self.lines = []

    def emit(self, record):
        self.lines.append(record.getMessage())


def plain(config):
    return json.loads(json.dumps({key: value for key, value in dict(config).items() if key[0] != "_"}))


def check(name, kind, component, config, out):
    complaints = Complaints()
    logging.getLogger("diffusers").addHandler(complaints)
    read = getattr(diffusers, kind).from_pretrained(out / name / component, local_files_only=True)
    logging.getLogger("diffusers").removeHandler(complaints)
    torch.manual_seed(7)
    made = getattr(diffusers, kind)(**config)
    problems = [f"complaint: {line}" for line in complaints.lines]
    asked, got = plain(made.config), plain(read.config)
    problems += [f"config: {key}" for key in sorted(asked.keys() | got.keys()) if asked.get(key) != got.get(key)]
    weights = read.state_dict()
    problems += [f"no weight {key}" for key in made.state_dict().keys() ^ weights.keys()]
    problems += [f"weight {key}" for key, value in made.state_dict().items()
                 if key in weights and not torch.allclose(value, weights[key], rtol=1e-6, atol=1e-7)]
    print(f"{name:28s} {len(weights):4d} weights  " + ("; ".join(problems) or "equal"), flush=True)
    return problems


def main():
    spec = cases()
    with tempfile.TemporaryDirectory() as temporary:
        out = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else temporary)
        out.mkdir(parents=True, exist_ok=True)
        run_java(spec, out)
        wrong = sum(bool(check(name, *case, out)) for name, case in spec.items())
    print(f"{len(spec)} networks, {wrong} wrong")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
