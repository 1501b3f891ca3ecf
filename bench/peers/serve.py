# SPDX-License-Identifier: Apache-2.0
"""A service as one writes it around diffusers: FastAPI, one process, a queue of its own, one thread that draws. The peer of `diffuse serve` in bench/load.

Usage: python serve.py MODEL PORT [--threads N] [--queue N] [--batch N] [--channels-last]

POST /v1/images/generations {"prompt": "", "seed": 7, "steps": 10} answers {"data": [{"b64_json": …}]}; 429 where as many wait as may. A client that goes away
leaves the queue; a picture on its way is drawn to its end where its pipeline cannot be interrupted. GET /health.
"""
import argparse
import asyncio
import base64
import contextlib
import io
import queue
import threading

import torch
import uvicorn
from diffusers import DiffusionPipeline
from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel


class Wanted(BaseModel):
    prompt: str = ""
    seed: int = 0
    steps: int = 10


class Job:
    def __init__(self, wanted, loop):
        self.wanted = wanted
        self.done = loop.create_future()
        self.gone = False

    def finish(self, loop, png=None, error=None):
        loop.call_soon_threadsafe(self.resolve, png, error)

    def resolve(self, png, error):
        if self.done.done():
            return
        if error is None:
            self.done.set_result(png)
        else:
            self.done.set_exception(error)


class Drawer(threading.Thread):
    """The one thread that draws."""

    def __init__(self, options):
        super().__init__(daemon=True)
        if options.threads:
            torch.set_num_threads(options.threads)
        self.threads = options.threads
        self.batch = options.batch
        self.waiting = queue.Queue(options.queue)
        self.pipeline = DiffusionPipeline.from_pretrained(options.model)
        self.pipeline.set_progress_bar_config(disable=True)
        if options.channels_last:
            self.pipeline.unet.to(memory_format=torch.channels_last)
        self.reads = hasattr(self.pipeline, "tokenizer")
        self.loop = asyncio.get_running_loop()

    def run(self):
        if self.threads:
            torch.set_num_threads(self.threads)
        while True:
            jobs = [self.waiting.get()]
            while len(jobs) < self.batch:
                with contextlib.suppress(queue.Empty):
                    jobs.append(self.waiting.get_nowait())
                    continue
                break
            jobs = [job for job in jobs if not job.gone]
            for alike in self.alike(jobs):
                try:
                    for job, png in zip(alike, self.draw(alike)):
                        job.finish(self.loop, png)
                except Exception as error:
                    for job in alike:
                        job.finish(self.loop, error=error)

    @staticmethod
    def alike(jobs):
        by_steps = {}
        for job in jobs:
            by_steps.setdefault(job.wanted.steps, []).append(job)
        return by_steps.values()

    @torch.inference_mode()
    def draw(self, jobs):
        generators = [torch.Generator().manual_seed(job.wanted.seed) for job in jobs]
        common = {"num_inference_steps": jobs[0].wanted.steps, "generator": generators if len(jobs) > 1 else generators[0]}
        if self.reads:
            def leave(pipeline, step, timestep, kept):
                pipeline._interrupt = all(job.gone for job in jobs)
                return kept
            images = self.pipeline([job.wanted.prompt for job in jobs], callback_on_step_end=leave, **common).images
        else:
            images = self.pipeline(batch_size=len(jobs), **common).images
        return [png(image) for image in images]


def png(image):
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


def service(options):
    @contextlib.asynccontextmanager
    async def lifespan(app):
        app.state.drawer = Drawer(options)
        app.state.drawer.start()
        yield

    app = FastAPI(lifespan=lifespan)

    @app.get("/health")
    async def health():
        return {"ready": True}

    @app.post("/v1/images/generations")
    async def generate(wanted: Wanted, request: Request):
        job = Job(wanted, asyncio.get_running_loop())
        try:
            app.state.drawer.waiting.put_nowait(job)
        except queue.Full:
            return JSONResponse({"error": {"message": "as many requests wait as may"}}, 429, {"Retry-After": "1"})
        try:
            while not job.done.done():
                await asyncio.wait([job.done], timeout=0.2)
                if not job.done.done() and await request.is_disconnected():
                    job.gone = True
                    return Response(status_code=499)
        except asyncio.CancelledError:
            job.gone = True
            raise
        return {"data": [{"b64_json": base64.b64encode(job.done.result()).decode()}]}

    return app


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model")
    parser.add_argument("port", type=int)
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--queue", type=int, default=64)
    parser.add_argument("--batch", type=int, default=1)
    parser.add_argument("--channels-last", action="store_true")
    options = parser.parse_args()
    uvicorn.run(service(options), port=options.port, log_level="warning", access_log=False)


if __name__ == "__main__":
    main()
