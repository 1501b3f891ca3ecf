# SPDX-License-Identifier: Apache-2.0
"""Stable Diffusion beside diffusers, OpenVINO and stable-diffusion.cpp: rows, whole processes, their table."""
import statistics
import subprocess
from dataclasses import dataclass

from .processes import BENCH, HOME, OPENVINO, PYTHON, SDCPP, WORK, Failed, allocator, say, whole
from .rows import Case

PROMPT, STEPS = "a photo of a red cat on a hill", 20
MAKER = HOME / "tools/make_full_size.py"


@dataclass
class Target:
    """Ratios to reach: of each peer's seconds or memory; 0 for none."""
    title: str
    case: str
    number: str
    limits: dict


def part(folder, what, side, dtype, tuned=("cl", "cl,malloc"), compiled=("cl,compile",), **more):
    prefix = "bf16," if dtype == "bf16" else ""
    return Case("stable", folder, [what, side], java_modes=[dtype], tuned=[prefix + mode for mode in tuned],
                compiled=[prefix + mode for mode in compiled], counts="stable-flops.json", **more)


STABLE = {
    "sd-step-f32": part("sd15", "step", 512, "f32", openvino="f32", flops="sd15-512"),
    "sd-step-bf16": part("sd15", "step", 512, "bf16", openvino="bf16", flops="sd15-512"),
    "sd-text": part("sd15", "text", 512, "f32", tuned=("malloc",), compiled=("compile",), openvino="f32", flops="text-sd15"),
    "sd-decode-f32": part("sd15", "decode", 512, "f32", compiled=(), openvino="f32", flops="decode-512"),
    "sd-decode-bf16": part("sd15", "decode", 512, "bf16", compiled=(), openvino="bf16", flops="decode-512"),
    "sd-tiny-decode": part("sd15-taesd", "decode", 512, "bf16", openvino="bf16"),
    "sd-fast": part("sd15-taesd", "fast", 512, "bf16", compiled=(), openvino="bf16"),
    "xl-step": part("xl", "step", 768, "bf16", tuned=("cl,malloc",), compiled=(), flops="xl-768", apart=True),
}

# parts for OpenVINO: of which folder, which part, side and batch
CONVERTED = {"sd15": ["text:0:2", "decoder:512:1", "unet:512:2"], "sd15-taesd": ["text:0:2", "decoder:512:1", "unet:512:1"]}

F32 = {"default": 0, "tuned": 0.8, "openvino": 0.95}
BF16 = {"default": 0, "tuned": 0.95, "openvino": 1.0}
TARGETS = [
    Target("SD1.5, 512 px, a guided step, f32, s", "sd-step-f32", "seconds", F32),
    Target("the same, peak resident memory, MiB", "sd-step-f32", "peak_mib", {"tuned": 0.85}),
    Target("SD1.5, 512 px, a guided step, bf16, s", "sd-step-bf16", "seconds", BF16),
    Target("the same, peak resident memory, MiB", "sd-step-bf16", "peak_mib", {"default": 0.6, "tuned": 0.85}),
    Target("SD1.5, the text encoder, two prompts, s", "sd-text", "seconds", F32),
    Target("SD1.5, decode to 512 px, f32, s", "sd-decode-f32", "seconds", F32),
    Target("SD1.5, decode to 512 px, bf16, s", "sd-decode-bf16", "seconds", BF16),
    Target("TAESD, decode to 512 px, bf16, s", "sd-tiny-decode", "seconds", BF16),
    Target("SD1.5, 512 px, one unguided step and TAESD, s", "sd-fast", "seconds", BF16),
    Target("XL, 768 px, a guided step, s", "xl-step", "seconds", BF16),
    Target("the same, peak resident memory, MiB", "xl-step", "peak_mib", {"default": 0.6, "tuned": 0.85}),
    Target("SD1.5, 512 px, `sample` of 20 steps, whole process, s", "sd-sample", "seconds",
           {"default": 0.4, "tuned": 0.85, "openvino": 1.0, "sdcpp": 0.7}),
    Target("the same, peak resident memory, MiB", "sd-sample", "peak_mib", {"default": 0.6, "tuned": 0.85}),
]
PEERS = {"default": "PyTorch default", "tuned": "PyTorch best tuned", "openvino": "OpenVINO", "sdcpp": "stable-diffusion.cpp"}


def prepare(rows):
    """Makes what the rows load, once: random weights of the real sizes, and what OpenVINO converts of them."""
    folders = {STABLE[row].folder if row in STABLE else "sd15" for row in rows}
    if "sd15-taesd" in folders:
        folders.add("sd15")
    for name in sorted(folders):  # sd15 before sd15-taesd
        make(name)
    if not (WORK / "stable-flops.json").exists():
        subprocess.run([PYTHON, BENCH / "peers/count_stable.py", WORK / "stable-flops.json"], check=True)
    if OPENVINO:
        for name in sorted(folders & CONVERTED.keys()):
            subprocess.run([OPENVINO, BENCH / "peers/openvino_parts.py", WORK / name, *CONVERTED[name]], check=True)
    single = WORK / "sd15.safetensors"
    if SDCPP and "sd-sample" in rows and not single.exists():
        subprocess.run([HOME / "diffuse", "convert", WORK / "sd15", "--out", single], check=True)


def make(name):
    if (WORK / name).exists():
        return
    say(f"making {name} (once) ...")
    if name == "sd15-taesd":
        with_tiny_autoencoder(WORK / "sd15", WORK / name)
    else:
        subprocess.run([PYTHON, MAKER, name, WORK / name, "--dtype", "fp16" if name == "xl" else "fp32"], check=True)


def with_tiny_autoencoder(folder, made):
    """The same networks with TAESD as its autoencoder."""
    made.mkdir()
    for part_of in folder.iterdir():
        if part_of.is_dir() and part_of.name != "vae":
            (made / part_of.name).symlink_to(part_of)
    subprocess.run([PYTHON, MAKER, "taesd", made / "vae"], check=True)
    index = (folder / "model_index.json").read_text().replace("AutoencoderKL", "AutoencoderTiny")
    (made / "model_index.json").write_text(index)


def commands():
    """A side's commands: the fastest counts, after a try of two steps."""
    model, script = WORK / "sd15", BENCH / "peers/text_to_image.py"

    def diffuse(dtype):
        return lambda steps: [HOME / "diffuse", "sample", "--model", model, "--prompt", PROMPT, "--size", "512x512", "--scheduler", "euler",
                              "--dtype", dtype, "--steps", steps, "--out", WORK / "drawn/stable-java"]

    def peer(python, library, mode):
        return lambda steps: [python, script, library, model, mode, steps, WORK / f"drawn/stable-{library}"]

    sides = {"java": {"bf16": diffuse("bf16")}, "default": {"default": peer(PYTHON, "diffusers", "default")},
             "tuned": {mode: peer(PYTHON, "diffusers", mode) for mode in ("bf16,cl,malloc",)}}
    if OPENVINO:
        sides["openvino"] = {mode: peer(OPENVINO, "openvino", mode) for mode in ("bf16",)}
    if SDCPP:
        sides["sdcpp"] = {mode: peer(SDCPP, "sdcpp", mode) for mode in ("f16",)}
    return sides


def run_sample(rounds):
    """The whole process, at most two rounds: minutes each."""
    say("sd-sample:")
    chosen, result = {}, {}
    for side, modes in commands().items():
        tried = {}
        for mode, command in modes.items():
            try:
                tried[mode] = 0
                if len(modes) > 1:
                    tried[mode] = whole(command(2), env=allocator(mode))["seconds"]
                    say(f"  {side} {mode}, 2 steps: {tried[mode]:.1f} s")
            except Failed as problem:
                tried.pop(mode)
                say(f"  {side} {mode}: {problem}")
        if tried:
            mode = min(tried, key=tried.get)
            chosen[side] = (mode, modes[mode], [])
    for _ in range(min(rounds, 2)):
        for side, (mode, command, measures) in chosen.items():
            measures.append(whole(command(STEPS), env=allocator(mode)))
            say(f"  {side} ({mode}): {measures[-1]['seconds']:.1f} s, {measures[-1]['peak_mib']:.0f} MiB")
    for side, (mode, _, measures) in chosen.items():
        result[side] = {key: statistics.median(m[key] for m in measures) for key in measures[0]} | {"note": mode, "dtype": mode.split(",")[0]}
    return result


def table(results, share, number, verdict):
    """Lines of Markdown; the ratio to a peer stands beside its number."""
    lines = [f"| Stable Diffusion, random weights | Java | {' | '.join(PEERS.values())} | share of the roofline |", f"|---|---|{'---|' * len(PEERS)}---|"]
    for target in TARGETS:
        result = results.get(target.case)
        if not result:
            continue
        own = result["java"][target.number]
        cells = [f"{number(own, target.number)} ({result['java']['note']})"]
        for side in PEERS:
            cells.append(cell(result.get(side), own, target.limits.get(side, 0), target.number, number, verdict))
        portion = share(STABLE[target.case], result["java"]) if target.number == "seconds" and target.case in STABLE else None
        lines.append(f"| {target.title} | {' | '.join(cells)} | {f'{portion:.0%}' if portion else '–'} |")
    return lines if len(lines) > 2 else []


def cell(peer, own, limit, key, number, verdict):
    if not peer:
        return "–"
    ratio = own / peer[key]
    return f"{number(peer[key], key)} ({peer['note']}): {verdict(ratio, limit) if limit else f'{ratio:.2f}'}"
