# SPDX-License-Identifier: Apache-2.0
"""Prints what `diffuse sample` says beforehand that a call takes beside what it takes: seconds, and peak resident memory. On Linux.

Usage: python tools/check_estimate.py MODEL [option of sample …] [-- option … [-- …]]

Each group of options is a call of its own: tools/check_estimate.py sd15 -- --dtype bf16 -- --dtype f32 --low-memory. Steps are 20 unless they are
given. Nothing else should run meanwhile; `./diffuse doctor` before it measures the processor's speeds anew where they are old.
"""
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import threading
import time

DIFFUSE = pathlib.Path(__file__).resolve().parents[1] / "diffuse"
TOLD = re.compile(r"diffuse: (?:about|at least) ([\d.]+) (s|min|h) and ([\d.]+) GB")
SECONDS = {"s": 1, "min": 60, "h": 3600}


def calls(arguments):
    groups = [[]]
    for argument in arguments:
        if argument == "--":
            groups.append([])
        else:
            groups[-1].append(argument)
    return [group for group in groups if group] or [[]]


def peak(process):
    """The largest VmHWM of the process, in GB; the command replaces itself by its JVM."""
    most = 0
    while process.poll() is None:
        try:
            status = pathlib.Path("/proc/%d/status" % process.pid).read_text()
            most = max(most, int(re.search(r"VmHWM:\s+(\d+)", status).group(1)) * 1024)
        except (OSError, AttributeError):
            pass
        time.sleep(0.1)
    return most / 1e9


def run(model, options):
    steps = [] if "--steps" in options else ["--steps", "20"]
    with tempfile.TemporaryDirectory() as out:
        command = [str(DIFFUSE), "sample", "--model", model, "--prompt", "a red cat on a hill", "--out", out, *steps, *options]
        begin = time.time()
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        lines = []
        reader = threading.Thread(target=lambda: lines.extend(process.stdout))
        reader.start()
        memory = peak(process)
        reader.join()
        seconds = time.time() - begin
    text = "".join(lines)
    told = TOLD.search(text)
    if process.returncode != 0 or told is None:
        sys.exit("%s: no estimate\n%s" % (" ".join(options), text))
    expected, bytes_expected = float(told.group(1)) * SECONDS[told.group(2)], float(told.group(3))
    print("%-40s | %6.1f s told, %6.1f measured: %.2f | %5.2f GB told, %5.2f measured: %.2f" % (
        " ".join(options), expected, seconds, expected / seconds, bytes_expected, memory, bytes_expected / memory), flush=True)


def main():
    if len(sys.argv) < 2 or sys.argv[1] in ("-h", "--help"):
        sys.exit(__doc__)
    subprocess.run([DIFFUSE, "--version"], check=True, stdout=subprocess.DEVNULL)  # builds where that is needed
    for options in calls(sys.argv[2:]):
        run(sys.argv[1], options)


if __name__ == "__main__":
    main()
