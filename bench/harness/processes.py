# SPDX-License-Identifier: Apache-2.0
"""The processes that are compared: workers that stay and do a round on request, and whole commands."""
import json
import os
import pathlib
import select
import subprocess
import sys
import time

BENCH = pathlib.Path(__file__).resolve().parent.parent
HOME = BENCH.parent
WORK = BENCH / "made"
PYTHON = os.environ.get("D4J_PYTHON") or sys.executable
OPENVINO = os.environ.get("D4J_OPENVINO_PYTHON")  # pythons with what peers/requirements-openvino.txt and -sdcpp.txt name
SDCPP = os.environ.get("D4J_SDCPP_PYTHON")
READY_SECONDS = 900  # a compiled network takes minutes


class Failed(Exception):
    pass


def say(text):
    print(text, file=sys.stderr, flush=True)


class Worker:
    """A process that holds one case. Silent, it costs nothing but its memory."""

    def __init__(self, name, command, env):
        self.name = name
        self.log = WORK / "worker.log"
        self.stderr = open(self.log, "w")
        self.process = subprocess.Popen(
            [str(word) for word in command], env={**os.environ, **env}, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.stderr, text=True,
            bufsize=1, cwd=HOME)
        self.ready = self.answer()

    def answer(self):
        deadline = time.monotonic() + READY_SECONDS
        while True:
            if not select.select([self.process.stdout], [], [], max(0, deadline - time.monotonic()))[0]:
                self.process.kill()
                raise Failed(f"{self.name} took longer than {READY_SECONDS} s")
            line = self.process.stdout.readline()
            if not line:
                self.process.wait()
                tail = self.log.read_text().strip().splitlines()[-3:]
                raise Failed(f"{self.name} ended with {self.process.returncode}: {' | '.join(tail)}")
            if line.startswith("@"):
                return json.loads(line[1:])

    def round(self):
        self.process.stdin.write("go\n")
        return self.answer()

    def close(self):
        try:
            self.process.stdin.close()
            self.process.wait(30)
        except (OSError, subprocess.TimeoutExpired):
            self.process.kill()
            self.process.wait()
        self.stderr.close()


def java(case, *arguments, home=HOME):
    """Through the launcher of a checkout, so that flags and environment are the command's."""
    env = {"DIFFUSE_AS": "train" if case in ("train", "recipe") else "sample", "DIFFUSE_MAIN": "dev.diffusion4j.bench.Worker",
           "DIFFUSE_CLASSPATH": str(home / "bench/target/classes")}
    return Worker(f"java {case}", [home / "diffuse", case, *arguments], env)


def allocator(mode):
    """The environment for glibc's allocator."""
    words, env = mode.split(","), {}
    if "malloc" in words:  # keeps what is freed instead of giving it back and clearing it anew
        env = {"MALLOC_MMAP_THRESHOLD_": "4294967296", "MALLOC_TRIM_THRESHOLD_": "4294967296", "MALLOC_TOP_PAD_": "67108864", "MALLOC_ARENA_MAX": "1"}
    if "mmap" in words:  # gives back at once all that is large
        env = {"MALLOC_MMAP_THRESHOLD_": "131072", "MALLOC_TRIM_THRESHOLD_": "131072", "MALLOC_ARENA_MAX": "1"}
    return env


def python(case, folder, mode, *arguments):
    return Worker(f"python {case} {mode}", [PYTHON, BENCH / "peers/worker.py", case, folder, mode, *arguments], allocator(mode))


def openvino(case, folder, mode, *arguments):
    return Worker(f"openvino {case} {mode}", [OPENVINO, BENCH / "peers/openvino_worker.py", case, folder, mode, *arguments], {})


def whole(command, cwd=HOME, env=None):
    """A command from its start to its end: seconds, and the highest resident memory in MiB."""
    with open(WORK / "command.log", "w") as log:
        start = time.perf_counter()
        process = subprocess.Popen([str(word) for word in command], stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=cwd,
                                   env={**os.environ, **(env or {})})
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        tail = (WORK / "command.log").read_text().strip().splitlines()[-3:]
        raise Failed(f"{command[0]} ended with {process.returncode}: {' | '.join(tail)}")
    return {"seconds": seconds, "peak_mib": usage.ru_maxrss / 1024}
