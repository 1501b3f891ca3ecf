# SPDX-License-Identifier: Apache-2.0
"""A real MLflow server, asked by its own client: what trainings sent it is what their folders hold.

Usage: ./diffuse --version; python oracle/check_mlflow.py        (pip install mlflow pyyaml, in an environment of its own)
"""
import contextlib
import json
import math
import os
import pathlib
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

import yaml
from mlflow.tracking import MlflowClient

HOME = pathlib.Path(__file__).resolve().parent.parent
TINY = """model.config.block_out_channels=[32, 32]
model.config.layers_per_block=1
model.config.down_block_types=[DownBlock2D, AttnDownBlock2D]
model.config.up_block_types=[AttnUpBlock2D, UpBlock2D]
data.image_size=8
data.limit=48
training.batch_size=8
training.epochs=50
training.max_steps=60
training.checkpoint_every_steps=10
samples.every_steps=20
samples.count=2
samples.steps=2
trackers=[jsonl, mlflow]
project=birds and flowers""".splitlines()


@contextlib.contextmanager
def server(folder, *more):
    """Its address; a data base and files in the folder."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    folder.mkdir()
    command = [sys.executable, "-m", "mlflow", "server", "--backend-store-uri", f"sqlite:///{folder}/runs.db", "--host",
               "127.0.0.1", "--port", str(port), "--workers", "1", *[str(word) for word in more]]
    with open(folder / "log", "w") as log:
        process = subprocess.Popen(command, cwd=folder, stdout=log, stderr=log, start_new_session=True)
    try:
        for _ in range(240):
            with contextlib.suppress(OSError):
                urllib.request.urlopen(f"http://127.0.0.1:{port}/health").read()
                break
            time.sleep(0.5)
        else:
            raise SystemExit("the server does not start: " + (folder / "log").read_text()[-800:])
        yield f"http://127.0.0.1:{port}"
    finally:
        os.killpg(process.pid, signal.SIGTERM)  # the group that was made above, and nothing else
        process.wait()


def environment(address):
    return {**{key: value for key, value in os.environ.items() if not key.startswith("MLFLOW_")},
            "MLFLOW_TRACKING_URI": address}


def diffuse(address, *words, interrupted_after=None):
    """What it said."""
    process = subprocess.Popen([str(HOME / "diffuse"), *[str(word) for word in words]], env=environment(address), text=True,
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if interrupted_after:
        while not interrupted_after():
            assert process.poll() is None, process.stdout.read()
            time.sleep(0.1)
        process.send_signal(signal.SIGINT)
    said = process.communicate(timeout=600)[0]
    assert (process.returncode == 0) != bool(interrupted_after), said
    assert "Exception" not in said and "\tat " not in said, said
    return said


def by_hand(address, folder, first, last):
    done = subprocess.run(["java", "-cp", f"{HOME}/cli/target/diffuse.jar:{HOME}/cli/target/lib/*", HOME / "oracle/JavaMlflow.java",
                           str(folder), str(first), str(last)], env=environment(address), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stderr


def flat(values, prefix=""):
    for key, value in values.items():
        if isinstance(value, dict) and value:
            yield from flat(value, f"{prefix}{key}.")
        elif value is not None:
            yield prefix + key, value


def is_same(text, value):
    if isinstance(value, str):
        return text == value
    return json.loads(text) == value


def check_run(client, folder):
    kept = json.loads((folder / "mlflow.json").read_text())
    run = client.get_run(kept["run_id"])
    assert run.info.status == "FINISHED", run.info.status
    assert client.get_experiment(run.info.experiment_id).name == "birds and flowers"
    assert run.info.run_name == folder.name and run.data.tags["mlflow.note.content"]
    wanted = dict(flat(yaml.safe_load((folder / "recipe.yaml").read_text())))
    assert set(run.data.params) == set(wanted), set(run.data.params) ^ set(wanted)
    wrong = [key for key, value in wanted.items() if not is_same(run.data.params[key], value)]
    assert not wrong, [(key, run.data.params[key], wanted[key]) for key in wrong]
    lines = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    numbers = 0
    for key in sorted({key for line in lines for key in line} - {"step"}):
        history = [(value.step, value.value) for value in client.get_metric_history(run.info.run_id, key)]
        if key == "images_per_second":  # the one that a repeated step measures anew
            assert [step for step, _ in history] == [line["step"] for line in lines if key in line], key
        else:
            assert history == [(line["step"], line[key]) for line in lines if key in line], (key, history[:5])
        numbers += len(history)
    here = {file.relative_to(folder).as_posix(): file.read_bytes()
            for file in [folder / "recipe.yaml", folder / "loss.png", *folder.glob("samples/*.png")]}
    there = pathlib.Path(client.download_artifacts(run.info.run_id, ""))
    assert {file.relative_to(there).as_posix(): file.read_bytes() for file in there.rglob("*") if file.is_file()} == here
    print(f"{folder.name}: {len(wanted)} parameters, {numbers} numbers of {len(lines)} steps, {len(here)} files: equal")
    return kept["run_id"]


def check_odd_numbers(client, address, folder):
    by_hand(address, folder, 1, 1500)
    by_hand(address, folder, 1401, 2600)
    kept = json.loads((folder / "mlflow.json").read_text())
    history = client.get_metric_history(kept["run_id"], "loss")
    steps = [value.step for value in history]
    assert steps == list(range(1, 2601)), sorted(set(range(1, 2601)) ^ set(steps))[:20] + [len(steps)]
    for value in history:
        if value.step % 7 == 0:
            assert math.isnan(value.value)
        elif value.step % 11 == 0:
            assert value.value < -1e308  # the data base has no infinity: MLflow keeps the largest number
        else:
            assert value.value == 1 / value.step
    odd = {value.step: value.value for value in client.get_metric_history(kept["run_id"], "odd name_ _")}
    assert odd[13] > 1e308 and odd[2] == 2e-310, (odd[13], odd[2])
    assert len(client.get_run(kept["run_id"]).data.params["long"]) == 6000
    print("by hand: 2600 steps, NaN and infinities among them, resumed at 1401: as sent")


def main():
    with tempfile.TemporaryDirectory() as scratch:
        scratch = pathlib.Path(scratch)
        words = ["--set=" + change for change in TINY]
        with server(scratch / "server", "--serve-artifacts", "--artifacts-destination", scratch / "server/files") as address:
            client = MlflowClient(address)
            check_odd_numbers(client, address, scratch / "by-hand")
            diffuse(address, "train", "quickstart", "--out", scratch / "whole", *words)
            check_run(client, scratch / "whole")

            parts = scratch / "parts"
            some = lambda: (parts / "samples/step-000020.png").exists()
            said = diffuse(address, "train", "quickstart", "--out", parts, *words, interrupted_after=some)
            kept = json.loads((parts / "mlflow.json").read_text())["run_id"]
            assert client.get_run(kept).info.status == "KILLED", client.get_run(kept).info.status
            print(next(line for line in said.splitlines() if "go on with" in line))
            diffuse(address, "train", "--resume", parts)
            assert check_run(client, parts) == kept

            client.delete_run(kept)
            by_hand(address, parts, 1, 3)
            assert json.loads((parts / "mlflow.json").read_text())["run_id"] != kept
            print("a run that was deleted there is begun anew")
        said = diffuse(address, "train", "quickstart", "--out", scratch / "alone", *words)
        lines = [line for line in said.splitlines() if "MLflow" in line]
        assert len(lines) == 2, said
        print("without a server:", *lines, sep="\n  ")
        with server(scratch / "bare", "--no-serve-artifacts", "--default-artifact-root", scratch / "bare/files") as address:
            lines = [line for line in by_hand(address, scratch / "bare-run", 1, 3).splitlines() if "MLflow" in line]
            print("a server that takes no files:", *lines, sep="\n  ")
            assert len(lines) == 3, lines
    print("MLflow has what the folders have")


if __name__ == "__main__":
    main()
