# SPDX-License-Identifier: Apache-2.0
"""Brings trainings to Weights & Biases after the fact: recipe, every number, the sample pictures and the loss curve of their folders.

Usage: pip install wandb; python tools/wandb_import.py runs/mine [runs/other …] [--project NAME] [--entity NAME] [--offline]

A folder is always the same run there: imported again after more steps, it goes on with the new ones.
"""
import argparse
import hashlib
import json
import math
import pathlib
import re
import sys

PICTURE = re.compile(r"step-(\d+)\.png")
EPOCH_PICTURE = re.compile(r"(\d+)epochs\.png")


def read_numbers(file):
    """By step; what was measured after a step joins what was logged at it."""
    steps = {}
    for line in file.read_text(encoding="utf-8").splitlines():
        try:
            values = json.loads(line)
            steps.setdefault(int(values.pop("step")), {}).update(values)
        except (ValueError, KeyError, TypeError, AttributeError):
            continue  # cut short by a kill, or going on now
    return steps


def find_pictures(folder, steps):
    """By step."""
    pictures = {}
    for file in folder.glob("samples/step-*.png"):
        if found := PICTURE.fullmatch(file.name):
            pictures[int(found[1])] = file
    ends = {}  # of the epochs, which are counted from 0
    for step, values in steps.items():
        if isinstance(epoch := values.get("epoch"), (int, float)) and math.isfinite(epoch):
            ends[int(epoch)] = max(step, ends.get(int(epoch), 0))
    for file in folder.glob("imgs/*epochs.png"):
        found = EPOCH_PICTURE.fullmatch(file.name)
        if found and int(found[1]) in ends:
            pictures[ends[int(found[1])]] = file
    return pictures


def run_id(folder, recipe):
    """The same for a folder as long as it holds the same run."""
    return hashlib.sha256(f"{folder}\n{recipe}".encode()).hexdigest()[:16]


def import_run(folder, options):
    import wandb
    import yaml
    text = (folder / "recipe.yaml").read_text(encoding="utf-8")
    recipe = yaml.safe_load(text)
    steps = read_numbers(folder / "metrics.jsonl")
    pictures = find_pictures(folder, steps)
    settings = wandb.Settings(console="off", x_disable_stats=True)  # this process is not the training
    with wandb.init(project=options.project or recipe.get("project") or "diffusion4j", entity=options.entity, name=folder.name,
                    id=run_id(folder, text), resume="allow", config=recipe, notes=recipe.get("summary"), dir=options.dir,
                    tags=[recipe.get("name", "recipe")[:64]], mode="offline" if options.offline else None,
                    settings=settings) as run:
        first = run.step  # W&B takes no step twice
        for step in sorted(steps.keys() | pictures.keys()):
            if step >= first:
                values = dict(steps.get(step, {}))
                if step in pictures:
                    values["samples"] = wandb.Image(str(pictures[step]))
                run.log(values, step=step)
        run.save(str(folder / "recipe.yaml"), base_path=str(folder), policy="now")
        if (folder / "loss.png").exists():
            run.save(str(folder / "loss.png"), base_path=str(folder), policy="now")
        count = sum(len(values) for values in steps.values())
        print(f"{folder}: {count} numbers of {len(steps)} steps and {len(pictures)} pictures -> {run.url or run.dir}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folders", nargs="+", metavar="RUN", help="a training's folder: it holds recipe.yaml and metrics.jsonl")
    parser.add_argument("--project", help="default: the recipe's project, else diffusion4j")
    parser.add_argument("--entity", help="a user or a team; default: yours")
    parser.add_argument("--offline", action="store_true", help="write files that 'wandb sync' sends later")
    parser.add_argument("--dir", help="where W&B keeps its files; default: ./wandb")
    options = parser.parse_args()
    folders = [pathlib.Path(folder).resolve() for folder in options.folders]
    for folder in folders:
        for name in ("recipe.yaml", "metrics.jsonl"):
            if not (folder / name).is_file():
                parser.error(f"{folder} is no training's folder: it has no {name}")
    try:
        import wandb  # noqa: F401
    except ImportError:
        sys.exit("wandb_import: the package wandb is not there: pip install wandb")
    for folder in folders:
        import_run(folder, options)


if __name__ == "__main__":
    main()
