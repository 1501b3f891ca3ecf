# SPDX-License-Identifier: Apache-2.0
"""Runs cases: picks the best mode of each side, then rounds in turn."""
import json
import statistics
import subprocess

from .processes import BENCH, HOME, OPENVINO, PYTHON, WORK, Failed, java, openvino, python, say, whole
from .rows import FORWARD_STEPS

TRIAL_ROUNDS = 3


def start(name, case, side, mode):
    folder, steps = WORK / case.folder, [FORWARD_STEPS[name]] if case.kind == "forward" else []
    if case.kind == "stable":
        if side == "java":
            return java(case.kind, folder, *case.arguments, mode)
        return (openvino if side == "openvino" else python)(case.kind, folder, mode, *case.arguments)
    if side == "java":
        return java(case.kind, folder, *case.arguments, *([mode] if steps else []), *steps, *case.more)
    kind, arguments = case.peer or (case.kind, case.arguments)
    return python(kind, folder, mode, *arguments, *steps, *case.more)


def trials(name, case, side, modes):
    """Each mode by itself for a few rounds; a mode that fails is reported and skipped."""
    results = {}
    for mode in modes:
        try:
            worker = start(name, case, side, mode)
        except Failed as problem:
            say(f"  {side} {mode}: {problem}")
            continue
        try:
            rounds = [worker.round() for _ in range(1 if case.kind == "stable" else TRIAL_ROUNDS)]
        except Failed as problem:
            say(f"  {side} {mode}: {problem}")
            continue
        finally:
            worker.close()
        results[mode] = {"seconds": statistics.median(r["seconds"] for r in rounds), "peak_mib": max(r["peak_mib"] for r in rounds)}
        say(f"  {side} {mode}: {results[mode]['seconds']:.4f} s, {results[mode]['peak_mib']:.0f} MiB")
    return results


def run_case(name, case, rounds, with_compile):
    """{side: {number: median, "note": ...}} for java, default and tuned."""
    say(f"{name}:")
    tried = trials(name, case, "python", case.tuned + (case.compiled if with_compile else [])) if case.tuned else {}
    java_mode = case.java_modes[0]
    if len(case.java_modes) > 1:
        java_tried = trials(name, case, "java", case.java_modes)
        java_mode = min(java_tried, key=lambda mode: java_tried[mode]["seconds"])
    modes = {"java": java_mode, "default": "default"}
    if tried:
        modes["tuned"] = min(tried, key=lambda mode: tried[mode]["seconds"])
    if case.openvino and OPENVINO:
        modes["openvino"] = case.openvino
    result = {}
    for group in [{side: mode} for side, mode in modes.items()] if case.apart else [modes]:
        result |= in_turn(name, case, group, rounds)
    if tried:  # the least memory of any mode, which need not be the fastest one
        leanest = min(tried, key=lambda mode: tried[mode]["peak_mib"])
        result["tuned"]["peak_mode"] = leanest
        result["tuned"]["peak_mib"] = min(tried[leanest]["peak_mib"], result["tuned"]["peak_mib"])
    result["tried"] = tried
    return result


def in_turn(name, case, modes, rounds):
    """Rounds of several sides, one after the other; a side that does not start is reported and skipped, but for Java's."""
    workers = {}
    try:
        for side, mode in modes.items():
            try:
                workers[side] = start(name, case, side, mode)
            except Failed as problem:
                if side == "java":
                    raise
                say(f"  {side} {mode}: {problem}")
        answers = {side: [] for side in workers}
        for number in range(rounds):
            for side, worker in workers.items():
                if number == 0 or side != "default" or case.kind != "stable":  # half a minute of what is far behind, once
                    answers[side].append(worker.round())
        result = {}
        for side, worker in workers.items():
            result[side] = {key: statistics.median(a[key] for a in answers[side]) for key in answers[side][0]}
            result[side]["peak_mib"] = max(a["peak_mib"] for a in answers[side])
            result[side]["note"] = worker.ready["note"]
            result[side]["dtype"] = worker.ready["dtype"]
            first = f", first loss {result[side]['first_loss']:.4f}" if "first_loss" in result[side] else ""
            say(f"  {side} ({worker.ready['note']}): {result[side]['seconds']:.4f} s, {result[side]['peak_mib']:.0f} MiB{first}")
        return result
    finally:
        for worker in workers.values():
            worker.close()


def medians(measures):
    return {key: statistics.median(m[key] for m in measures) for key in measures[0]}


def run_sample(rounds):
    """The whole process of a command that draws one picture in ten steps."""
    say("sample:")
    model = WORK / "tiny"
    sides = {
        "java": [HOME / "diffuse", "sample", "--model", model, "--steps", 10, "--out", WORK / "drawn/java"],
        "default": [PYTHON, BENCH / "peers/sample.py", model, 10, WORK / "drawn/python"],
    }
    for command in sides.values():
        whole(command)
    measures = {side: [] for side in sides}
    for _ in range(rounds):
        for side, command in sides.items():
            measures[side].append(whole(command))
    result = {side: medians(m) for side, m in measures.items()}
    for side, m in result.items():
        say(f"  {side}: {m['seconds']:.2f} s, {m['peak_mib']:.0f} MiB")
    return result


def run_load(rounds):
    """A fresh JVM each round: reading the file once, and loading to the first step."""
    say("load:")
    result = {}
    for dtype in ("f32", "bf16"):
        measures = []
        for _ in range(rounds):
            worker = java("load", WORK / "l", dtype)
            try:
                measures.append(worker.round())
            finally:
                worker.close()
        result[dtype] = medians(measures)
        say(f"  {dtype}: " + ", ".join(f"{key} {value:.3f}" for key, value in result[dtype].items()))
    size = (WORK / "l/unet/diffusion_pytorch_model.safetensors").stat().st_size / 2**20
    result["file_mib"] = size
    return result


def run_memory(what, rounds):
    """Peak memory of a short and of a long run of the command."""
    say(f"{what}:")

    def sampling(steps):
        return [HOME / "diffuse", "sample", "--model", WORK / "s", "--scheduler", "ddpm", "--steps", steps, "--out", WORK / "drawn/memory"]

    def training(steps):
        out = WORK / f"run-{steps}"
        subprocess.run(["rm", "-rf", str(out)], check=True)
        return [HOME / "diffuse", "train", BENCH / "recipes/tiny.yaml", "--set", f"training.max_steps={steps}", "--out", out]

    command, lengths = (sampling, (10, 1000)) if what == "sampling-memory" else (training, (200, 2000))
    result = {}
    for steps in lengths:
        measures = [whole(command(steps)) for _ in range(max(1, min(rounds, 3)))]
        result[steps] = medians(measures)
        say(f"  {steps} steps: {result[steps]['peak_mib']:.0f} MiB, {result[steps]['seconds']:.1f} s")
    return result


def doctor():
    return json.loads(subprocess.run([str(HOME / "diffuse"), "doctor", "--json"], capture_output=True, text=True, check=True).stdout)
