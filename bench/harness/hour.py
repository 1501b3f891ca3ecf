# SPDX-License-Identifier: Apache-2.0
"""Mixed load on `diffuse serve` for a long time: what the process holds, by the minute, and whether that grows."""
import base64
import http.client
import json
import os
import pathlib
import random
import signal
import socket
import statistics
import subprocess
import threading
import time
import uuid
from collections import Counter

from .processes import HOME, WORK, Failed, say

PAUSE = 0.3  # seconds between a caller's requests, on average
MOST = {"resident_mib": 1.03, "threads": 1.03, "files": 1.03}  # the last quarter of the time beside the second: before, a JVM compiles what it runs
SPARE = {"resident_mib": 0, "threads": 2, "files": 4}  # of what is counted in small numbers


class Server:
    """`diffuse serve` in a process of its own."""

    def __init__(self, models, log, *options):
        words = [word for name, place in models.items() for word in ("--model", f"{place}={name}")]
        self.log = open(log, "w")
        self.process = subprocess.Popen([str(HOME / "diffuse"), "serve", *words, "--port", "0", *map(str, options)],
                                        stdout=subprocess.PIPE, stderr=self.log, text=True)
        line = self.process.stdout.readline()
        if "http://" not in line:
            raise Failed(f"the server did not start; see {log}")
        self.port = int(line.split("/v1")[0].rsplit(":", 1)[1])

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(60)
        self.log.close()
        return code

    def use(self):
        """What the process holds now."""
        folder = pathlib.Path(f"/proc/{self.process.pid}")
        status = dict(line.split(":", 1) for line in (folder / "status").read_text().splitlines())
        return {"resident_mib": int(status["VmRSS"].split()[0]) / 1024, "threads": int(status["Threads"]), "files": len(os.listdir(folder / "fd"))}


class Caller(threading.Thread):
    """Asks for all kinds of things, one after the other, and notes what was answered."""

    def __init__(self, port, seed, until, counts):
        super().__init__(daemon=True)
        self.port = port
        self.random = random.Random(seed)
        self.until = until
        self.counts = counts
        self.picture = None
        self.kinds = [self.draws, self.draws, self.streams, self.edits, self.job, self.job, self.cancels, self.is_wrong, self.is_broken, self.drops, self.looks]

    def run(self):
        while time.monotonic() < self.until:
            kind = self.random.choice(self.kinds)
            try:
                answer = kind()
            except (OSError, http.client.HTTPException) as problem:
                answer = type(problem).__name__
            self.counts[f"{kind.__name__} {answer}"] += 1
            time.sleep(self.random.expovariate(1 / PAUSE))

    def call(self, method, path, body=None, headers=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=300)
        try:
            connection.request(method, path, json.dumps(body) if isinstance(body, dict) else body, headers or {})
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def wanted(self, **more):
        return {"model": "text", "prompt": "a red flower " * self.random.randint(1, 5), "steps": self.random.randint(2, 6), "seed": self.random.randint(0, 99), **more}

    def draws(self):
        form = self.random.choice(["png", "jpeg", "webp"])
        status, body = self.call("POST", "/v1/images/generations", self.wanted(output_format=form, n=self.random.randint(1, 2)))
        if status == 200 and form == "png":
            self.picture = base64.b64decode(json.loads(body)["data"][0]["b64_json"])
        return status

    def streams(self):
        status, body = self.call("POST", "/v1/images/generations", self.wanted(stream=True, partial_images=2, response_format="url"))
        return status if status != 200 or b".completed" in body else body[-200:].decode()

    def edits(self):
        if self.picture is None:
            return self.draws()
        boundary = uuid.uuid4().hex
        parts = b"".join(f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
                         for name, value in self.wanted(strength=0.6).items())
        parts += f'--{boundary}\r\nContent-Disposition: form-data; name="image"; filename="a.png"\r\nContent-Type: image/png\r\n\r\n'.encode()
        parts += self.picture + f"\r\n--{boundary}--\r\n".encode()
        return self.call("POST", "/v1/images/edits", parts, {"Content-Type": f"multipart/form-data; boundary={boundary}"})[0]

    def submit(self):
        request = {"canvas": {"seed": self.random.randint(0, 99)}, "sampling": {"steps": self.random.randint(2, 8)}, "subject": {"classes": [self.random.randint(0, 9)]}}
        status, body = self.call("POST", "/api/v1/jobs", {"model": "classes", "previews": 2, "request": request})
        return status, json.loads(body).get("id")

    def job(self):
        status, job = self.submit()
        if status != 202:
            return status
        self.call("GET", f"/api/v1/jobs/{job}/events")
        status = self.call("GET", f"/api/v1/jobs/{job}/pictures/0")[0]
        self.call("DELETE", f"/api/v1/jobs/{job}")
        return status

    def cancels(self):
        status, job = self.submit()
        if status != 202:
            return status
        time.sleep(self.random.uniform(0, 0.2))
        return self.call("DELETE", f"/api/v1/jobs/{job}")[0]

    def is_wrong(self):
        return self.call("POST", "/v1/images/generations", self.random.choice([
            {"prompt": 7}, self.wanted(steps=100_000), self.wanted(model="none"), self.wanted(size="9x9x9"), b"{", b"\xff\xfe", {}]))[0]

    def is_broken(self):
        with socket.create_connection(("127.0.0.1", self.port), timeout=300) as raw:
            raw.sendall(self.random.choice([b"GET\r\n\r\n", b"POST /v1/images/generations HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 9\r\n\r\n{",
                                            b"\x16\x03\x01\x02", b"GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n"]))
            time.sleep(self.random.uniform(0, 0.2))
        return "closed"

    def drops(self):
        body = json.dumps(self.wanted(n=4, stream=self.random.random() < 0.5)).encode()
        with socket.create_connection(("127.0.0.1", self.port), timeout=300) as raw:
            raw.sendall(b"POST /v1/images/generations HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
            time.sleep(self.random.uniform(0, 0.5))
        return "gone"

    def looks(self):
        return self.call("GET", self.random.choice(["/health", "/metrics", "/v1/models", "/sdapi/v1/progress", "/openapi.json", "/results/none.png"]))[0]


def median(uses):
    return {key: statistics.median(use[key] for use in uses) for key in uses[0]}


def run(models, seconds, callers=6):
    """Prints a line a minute; fails where the last quarter of the time holds more than the second one."""
    server = Server(models, WORK / "hour-server.log", "--queue", 4)
    counts = Counter()
    begun = time.monotonic()
    crowd = [Caller(server.port, seed, begun + seconds, counts) for seed in range(callers)]
    uses = []
    try:
        if (status := crowd[0].submit()[0]) != 202:
            raise Failed(f"the model of --classes draws no class: a job with one is answered with {status}")
        for caller in crowd:
            caller.start()
        shown = 0
        while time.monotonic() < begun + seconds:
            time.sleep(min(10, seconds / 20))
            uses.append(server.use())
            if time.monotonic() - begun >= 60 * shown:
                say(f"{shown} min: {uses[-1]['resident_mib']:.0f} MiB, {uses[-1]['threads']} threads, {uses[-1]['files']} files, {sum(counts.values())} requests")
                shown += 1
        for caller in crowd:
            caller.join(300)
    finally:
        code = server.stop()
    quarter = max(1, len(uses) // 4)
    early, late = median(uses[quarter:2 * quarter] or uses), median(uses[-quarter:])
    say(f"second quarter: {early}; last quarter: {late}; ended with {code}")
    for what, number in sorted(counts.items()):
        say(f"  {what}: {number}")
    grown = [key for key, most in MOST.items() if late[key] > early[key] * most + SPARE[key]]
    if grown or code != 0:
        raise Failed(f"{', '.join(grown) or 'the end'} is not as it should be")
    return {"early": early, "late": late, "requests": sum(counts.values())}
