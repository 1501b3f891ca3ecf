# SPDX-License-Identifier: Apache-2.0
"""The table, on the screen and as bench/RESULTS.md."""
import datetime
import json
import os
import platform
import subprocess

from . import stable
from .processes import PYTHON, WORK
from .rows import CASES, ROWS


def roofline(case, side, speeds):
    """Share of the time that the operations alone would take at the measured speeds of a convolution and a matrix product."""
    if not case.flops:
        return None
    flops = json.loads((WORK / case.counts).read_text())[case.flops]
    dtype = side["dtype"]
    ideal = flops["convolution"] / speeds[f"convolution_{dtype}_gflops"] + flops["product"] / speeds[f"product_{dtype}_gflops"]
    return case.flop_factor * ideal / side["seconds"]


def number(value, unit):
    if unit == "seconds":
        return f"{value:.4f}" if value < 0.1 else f"{value:.3f}" if value < 3 else f"{value:.1f}"
    return f"{value:,.0f}"


def verdict(ratio, limit):
    return f"{ratio:.2f} (≤ {limit:g}{'' if ratio <= limit else ', **not reached**'})"


def table(results, speeds):
    """Lines of Markdown."""
    lines = ["| case | Java | Python default | Python best tuned | Java/default | Java/tuned | share of the roofline |", "|---|---|---|---|---|---|---|"]
    for row in ROWS:
        if row.case not in results:
            continue
        result = results[row.case]
        share = roofline(CASES[row.case], result["java"], speeds) if row.number == "seconds" else None
        tuned = result.get("tuned")
        ratios = [verdict(result["java"][row.number] / result["default"][row.number], row.of_default)]
        ratios.append(verdict(result["java"][row.number] / tuned[row.number], row.of_tuned) if tuned else "–")
        mode = "" if not tuned else f" ({tuned['peak_mode'] if row.number == 'peak_mib' else tuned['note']})"
        lines.append(
            f"| {row.title} | {number(result['java'][row.number], row.number)} ({result['java']['note']}) | {number(result['default'][row.number], row.number)} | "
            f"{number(tuned[row.number], row.number) + mode if tuned else '–'} | {ratios[0]} | {ratios[1]} | {f'{share:.0%}' if share else '–'} |")
    return lines + others(results)


def others(results):
    lines = []
    if "sample" in results:
        java, python = results["sample"]["java"], results["sample"]["default"]
        for title, key, limit in (("time, s", "seconds", 0.15), ("peak memory, MiB", "peak_mib", 0.5)):
            lines.append(f"| `sample`, a tiny folder, 10 steps, whole process: {title} | {number(java[key], key)} | {number(python[key], key)} | – | "
                         f"{verdict(java[key] / python[key], limit)} | – | – |")
    rest = []
    if "load" in results:
        result = results["load"]
        for dtype, bytes_share in (("f32", 1.0), ("bf16", 0.5)):
            m = result[dtype]
            weights = result["file_mib"] * bytes_share
            rest.append(f"| {result['file_mib']:.0f} MiB of f32 weights to the first step, {dtype} | {m['seconds']:.2f} s | reading the file once: {m['reading']:.2f} s | "
                        f"{verdict(m['seconds'] / m['reading'], 1.0)} |")
            rest.append(f"| the same, resident weights after load | {m['weights_mib']:.0f} MiB | their size: {weights:.0f} MiB | {verdict(m['weights_mib'] / weights, 1.1)} |")
            rest.append(f"| the same, resident after the first steps | {m['after_steps_mib']:.0f} MiB | their size: {weights:.0f} MiB | {m['after_steps_mib'] / weights:.2f} |")
    for what, title in (("sampling-memory", "sampling (U-Net S)"), ("training-memory", "training (a tiny network)")):
        if what in results:
            (few, short), (many, long) = sorted((int(k), v) for k, v in results[what].items())
            rest.append(f"| {title}, {many:,} steps, peak memory | {long['peak_mib']:.0f} MiB | {few} steps: {short['peak_mib']:.0f} MiB | "
                        f"{verdict(long['peak_mib'] / short['peak_mib'], 1.05)} |")
    if rest:
        lines += ["", "| Java by itself | | beside | ratio |", "|---|---|---|---|", *rest]
    return lines


def trials(results):
    lines = []
    for name, result in results.items():
        if result.get("tried"):
            modes = "; ".join(f"`{mode}` {m['seconds']:.3f} s, {m['peak_mib']:.0f} MiB" for mode, m in result["tried"].items())
            lines.append(f"- {name}: {modes}")
    return ["", "Python's tuned modes, each by itself for a few rounds (cl: channels last; split: the batch over two threads that share the weights; "
            "malloc, mmap: glibc's allocator tuned; script: TorchScript, frozen and optimised):", "", *lines] if lines else []


def versions():
    code = "import torch, torchvision, diffusers, sys; print(sys.version.split()[0], torch.__version__, torchvision.__version__, diffusers.__version__)"
    python, torch, vision, diffusers = subprocess.run([PYTHON, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    return f"Python {python}, torch {torch}, torchvision {vision}, diffusers {diffusers}"


def text(results, facts, command):
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    head = [
        "# Java beside its Python peers", "",
        f"Made by `{command}` on {datetime.date.today()}. Medians of interleaved rounds, each side in a process of its own, the same weights and pictures. "
        "Ratios are Java/Python: below 1 is faster or smaller. The machine's own noise is 5 to 15 %.", "",
        f"- machine: {facts['processor']} ({facts['features']}), {facts['processors']} cores, {memory:.0f} GiB, Linux {platform.release().split('-')[0]}",
        f"- Java: {facts['java']}, LibTorch {facts['libtorch']}, oneDNN {facts['onednn']}, {facts['blas']}, vector kernels in training",
        f"- peers: {versions()}",
        f"- speeds (`diffuse doctor`, same run), GFLOP/s: convolution f32 {facts['convolution_f32_gflops']}, bf16 {facts['convolution_bf16_gflops']}; "
        f"matrix product f32 {facts['product_f32_gflops']}, bf16 {facts['product_bf16_gflops']}", "",
    ]
    tail = ["", "The share of the roofline is the time that the network's convolutions and matrix products alone would take at doctor's speeds in the dtype "
            "that Java used, divided by Java's time; a training step counts three forward passes."]
    own = [row.case for row in ROWS] + ["sample", "load", "sampling-memory", "training-memory"]
    usual = table(results, facts) if any(case in results for case in own) else []
    drawn = stable.table(results, lambda case, side: roofline(case, side, facts), number, verdict)
    return "\n".join(head + usual + [""] + drawn + tail + trials(results)) + "\n"


