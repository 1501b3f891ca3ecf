# SPDX-License-Identifier: Apache-2.0
"""Many callers of a service in a process, and of servers over HTTP, which take their rounds in turn."""
import asyncio
import base64
import json
import math
import os
import pathlib
import random
import signal
import statistics
import subprocess
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field

from .processes import BENCH, HOME, PYTHON, WORK, Failed, java, say

WARM = 300  # pictures before anything is timed: a JVM compiles what it runs often
SINGLE = 20  # pictures of one caller, for the unit of the callers' times
SEED = 13
READY_SECONDS = 120


@dataclass
class Asked:
    """A request, and when its caller goes away, in units of what half of the patient callers wait at most."""
    seed: int
    leaves: float = math.inf


def plan(count, pictures=100):
    """A third of the callers leave at some moment, and a tenth of the others have no use for a late picture."""
    chance = random.Random(SEED)
    order = list(range(count))
    chance.shuffle(order)
    leaving = count // 3
    hurried = (count - leaving) // 10
    moments = [chance.random() for _ in order]
    return [Asked(i % pictures, moments[i] if order[i] < leaving else 0.2 + moments[i] if order[i] < leaving + hurried else math.inf) for i in range(count)]


@dataclass
class Side:
    """A server: how it is started, and how it is asked for a picture."""
    name: str
    command: list
    port: int
    health: str
    process: subprocess.Popen = None
    single: float = 0
    wait: float = 0
    rounds: list = field(default_factory=list)

    def start(self):
        """Seconds until it says that it is ready."""
        begun = time.perf_counter()
        log = open(WORK / f"load-{self.name}.log", "w")
        self.process = subprocess.Popen([str(word) for word in self.command], stdout=log, stderr=log, cwd=HOME)
        while time.perf_counter() < begun + READY_SECONDS:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{self.health}", timeout=5):
                    return time.perf_counter() - begun
            except (OSError, urllib.error.URLError):
                if self.process.poll() is not None:
                    break
                time.sleep(0.01)
        raise Failed(f"{self.name} did not start; see {WORK / f'load-{self.name}.log'}")

    def stop(self):
        if self.process:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(40)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def cpu(self):
        """Seconds of processor time so far: says more than the clock where the machine is busy."""
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def memory(self):
        """MiB: its share of what it and others map, and all that it maps."""
        rollup = pathlib.Path(f"/proc/{self.process.pid}/smaps_rollup").read_text()
        sizes = {line.split(":")[0]: int(line.split()[1]) / 1024 for line in rollup.splitlines()[1:]}
        return {"pss": sizes["Pss"], "rss": sizes["Rss"]}


class Line:
    """A connection that stays, over which one caller asks."""

    def __init__(self, side):
        self.side = side
        self.reader = self.writer = None

    async def call(self, method, path, body=b""):
        if self.writer is None:
            self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self.side.port, limit=1 << 22)
        head = f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{self.side.port}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        self.writer.write(head.encode() + body)
        head = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
        status = int(head.split(" ", 2)[1])
        if "content-length:" in head:
            content = await self.reader.readexactly(int(head.split("content-length:")[1].split("\r\n")[0]))
        elif "transfer-encoding: chunked" in head:
            content = b""
            while size := int(await self.reader.readline(), 16):
                content += (await self.reader.readexactly(size + 2))[:-2]
            await self.reader.readline()
        else:
            content = await self.reader.read()
        if "connection: close" in head or "content-length:" not in head and "transfer-encoding: chunked" not in head:
            self.drop()
        return status, content

    def drop(self):
        if self.writer:
            self.writer.transport.abort()
            self.reader = self.writer = None

    async def picture(self, asked, steps):
        """The status, and a PNG where there is one."""
        wanted = {"prompt": "", "seed": asked.seed, "steps": steps}
        status, content = await self.call("POST", "/v1/images/generations", json.dumps(wanted).encode())
        return status, base64.b64decode(json.loads(content)["data"][0]["b64_json"]) if status == 200 else b""


async def one(side, steps):
    """A picture of a connection of its own."""
    line = Line(side)
    try:
        return (await line.picture(Asked(7), steps))[1]
    finally:
        line.drop()


async def crowd(side, callers, requests, steps):
    """All requests by so many callers; what became of them."""
    waiting = list(reversed(requests))
    ends = {"drawn": 0, "left": 0, "refused": 0}
    took = []

    async def caller():
        line = Line(side)
        while waiting:
            asked = waiting.pop()
            begun = time.perf_counter()
            patience = None if math.isinf(asked.leaves) else asked.leaves * side.wait
            try:
                status, _ = await asyncio.wait_for(line.picture(asked, steps), patience)
                while status == 429:
                    ends["refused"] += 1
                    await asyncio.sleep(max(0.005, side.single))
                    status, _ = await asyncio.wait_for(line.picture(asked, steps), patience)
                if status != 200:
                    raise Failed(f"{side.name} answered {status}")
                ends["drawn"] += 1
                took.append(time.perf_counter() - begun)
            except asyncio.TimeoutError:
                ends["left"] += 1
                line.drop()
        line.drop()

    begun, used = time.perf_counter(), side.cpu()
    await asyncio.gather(*(caller() for _ in range(callers)))
    seconds = time.perf_counter() - begun
    took.sort()
    at = lambda part: took[min(len(took) - 1, int(part * len(took)))]
    return {"seconds": seconds, **ends, "cpu": (side.cpu() - used) / max(1, ends["drawn"]), "rate": ends["drawn"] / seconds, "p50": at(0.5), "p99": at(0.99)}


def warm(side, callers, steps):
    asyncio.run(crowd(side, 4, [Asked(i) for i in range(WARM)], steps))
    side.single = asyncio.run(crowd(side, 1, [Asked(i) for i in range(SINGLE)], steps))["seconds"] / SINGLE
    side.wait = asyncio.run(crowd(side, callers, patient(2 * callers), steps))["p50"]


def patient(count, pictures=100):
    return [Asked(i % pictures) for i in range(count)]


def medians(rounds):
    return {key: statistics.median(r[key] for r in rounds) for key in rounds[0]}


def sides(model, names):
    """The servers, by what they are: java, java-batch, python, python-batch; numbers after a dot are threads."""
    made = []
    for port, name in enumerate(names, 8400):
        kind, _, threads = name.partition(".")
        more = ["--threads", threads] if threads else []
        batch = ["--batch", 8] if kind.endswith("-batch") else []
        if kind.startswith("java"):
            command = [HOME / "diffuse", "serve", "--model", f"{model}=m", "--port", port, "--queue", 64, "--max-requests", 128, *batch, *more]
            made.append(Side(name, command, port, "/health/ready"))
        else:
            command = [PYTHON, BENCH / "peers/serve.py", model, port, "--queue", 65, *batch, *more]
            made.append(Side(name, command, port, "/health"))
    return made


def run_http(model, names, callers, requests, steps, rounds):
    """Time until ready, then rounds in turn: a third leaves; all are patient; eight callers."""
    all_sides = sides(model, names)
    result = {}
    try:
        for side in all_sides:
            say(f"  {side.name}: ready after {side.start():.2f} s")
            warm(side, callers, steps)
            say(f"  {side.name}: {1000 * side.single:.1f} ms a picture")
        same = {side.name: asyncio.run(one(side, steps)) for side in all_sides}
        for name, png in same.items():
            (WORK / f"load-{name}.png").write_bytes(png)
        for _ in range(rounds):
            for side in all_sides:
                restless = asyncio.run(crowd(side, callers, plan(requests), steps))
                wanted = asyncio.run(crowd(side, callers, patient(requests // 2), steps))
                few = asyncio.run(crowd(side, 8, patient(requests // 4), steps))
                side.rounds.append({**{f"restless_{key}": value for key, value in restless.items()}, "rate": wanted["rate"], "cpu": wanted["cpu"], "few": few["rate"], "p50": few["p50"],
                                    "p99": few["p99"], **side.memory()})
        for side in all_sides:
            result[side.name] = medians(side.rounds) | {"single": side.single}
            say(f"  {side.name}: " + json.dumps({key: round(value, 4) for key, value in result[side.name].items()}))
    finally:
        for side in all_sides:
            side.stop()
    return result


def run_ready(model, names, rounds):
    """Seconds from the start of the process to its first answer that it is ready, and to the first picture."""
    times = {name: [] for name in names}
    for number in range(rounds + 1):
        for side in sides(model, names):
            try:
                begun = time.perf_counter()
                ready = side.start()
                used = side.cpu()
                asyncio.run(one(side, 2))
                if number:  # the first one brings the files into memory
                    times[side.name].append({"ready": ready, "cpu": used, "picture": time.perf_counter() - begun, **side.memory()})
            finally:
                side.stop()
    result = {name: medians(each) for name, each in times.items()}
    for name, each in result.items():
        say(f"  {name}: " + json.dumps({key: round(value, 3) for key, value in each.items()}))
    return result


def run_service(model, who, how, callers, requests, steps, rounds, queue):
    """Rounds of a process that holds a service, or a pipeline by itself."""
    worker = java("callers", model, who, how, steps, callers, requests, queue)
    try:
        answers = [worker.round() for _ in range(rounds)]
    finally:
        worker.close()
    result = {key: statistics.median(a[key] for a in answers) for key in answers[0]}
    say(f"  {who}, {how}: " + json.dumps({key: round(value, 6) for key, value in result.items()}))
    return result
