# SPDX-License-Identifier: Apache-2.0
"""Drives `diffuse serve` with OpenAI's own SDK, and compares its pictures with those of `diffuse sample`.

    python oracle/check_server.py MODEL

MODEL is the folder of a model that draws what a text says, a tiny one will do. Needs: pip install openai pillow
"""
import base64
import io
import os
import re
import signal
import subprocess
import sys
import tempfile
import urllib.request

from openai import BadRequestError, NotFoundError, OpenAI, UnprocessableEntityError
from PIL import Image

HOME = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
DIFFUSE = os.path.join(HOME, "diffuse")
PROMPT = "a red cat"
EXTRA = {"seed": 7, "steps": 4}


def picture(b64):
    return Image.open(io.BytesIO(base64.b64decode(b64)))


def pixels(image):
    return image.convert("RGB").tobytes()


def started(model, name):
    server = subprocess.Popen(
        [DIFFUSE, "serve", "--model", f"{model}={name}", "--alias", f"dall-e-3={name}", "--port", "0"],
        stdout=subprocess.PIPE, text=True)
    line = server.stdout.readline()
    return server, re.search(r"http://\S+/v1", line).group()


def sampled(model):
    with tempfile.TemporaryDirectory() as out:
        subprocess.run(
            [DIFFUSE, "sample", "--model", model, "--prompt", PROMPT, "--seed", "7", "--steps", "4", "--out", out],
            check=True, capture_output=True)
        return pixels(Image.open(os.path.join(out, "0000.png")))


def check(client, root, model):
    assert [each.id for each in client.models.list()] == ["tiny", "dall-e-3"]
    answer = client.images.generate(
        model="dall-e-3", prompt=PROMPT, n=2, response_format="b64_json", extra_body=EXTRA)
    first = picture(answer.data[0].b64_json)
    assert pixels(first) == sampled(model), "not the picture of `diffuse sample`"
    assert pixels(picture(answer.data[1].b64_json)) != pixels(first)
    print("generate: the picture of `diffuse sample`, pixel for pixel")

    url = client.images.generate(prompt=PROMPT, response_format="url", extra_body=EXTRA).data[0].url
    assert pixels(Image.open(urllib.request.urlopen(url))) == pixels(first)
    print("url: the same picture")

    webp = client.images.generate(
        prompt=PROMPT, response_format="b64_json", output_format="webp", extra_body=EXTRA).data[0].b64_json
    assert picture(webp).format == "WEBP" and pixels(picture(webp)) == pixels(first)
    print("webp: the same picture")

    events = list(client.images.generate(prompt=PROMPT, stream=True, partial_images=2, extra_body=EXTRA))
    assert [event.type for event in events] == ["image_generation.partial_image"] * 2 + ["image_generation.completed"]
    assert [event.partial_image_index for event in events[:2]] == [0, 1]
    assert pixels(picture(events[-1].b64_json)) == pixels(first)
    print("stream: two on their way, and the same picture")

    start = io.BytesIO()
    first.save(start, "PNG")
    mask = Image.new("RGBA", first.size, (0, 0, 0, 255))
    mask.paste((0, 0, 0, 0), (0, 0, first.width // 2, first.height))
    hole = io.BytesIO()
    mask.save(hole, "PNG")
    edited = client.images.edit(
        image=("cat.png", start.getvalue(), "image/png"), mask=("mask.png", hole.getvalue(), "image/png"),
        prompt="a blue dog", response_format="b64_json", extra_body=EXTRA)
    assert pixels(picture(edited.data[0].b64_json)) != pixels(first)
    assert picture(edited.data[0].b64_json).size == first.size
    several = client.images.edit(
        image=[("cat.png", start.getvalue(), "image/png")], prompt="a blue dog", stream=True, extra_body=EXTRA)
    assert [event.type for event in several] == ["image_edit.completed"]
    varied = client.images.create_variation(
        image=("cat.png", start.getvalue(), "image/png"), n=2, response_format="b64_json", extra_body=EXTRA)
    assert len(varied.data) == 2
    print("edit and variation: done")

    for wrong, kind in [({"model": "other"}, NotFoundError), ({"size": "big"}, BadRequestError),
                        ({"n": 11}, UnprocessableEntityError)]:
        try:
            client.images.generate(prompt=PROMPT, **wrong)
            raise AssertionError(f"{wrong} was drawn")
        except kind as error:
            assert error.body["message"] and error.body["param"] == next(iter(wrong)), error.body
    print("errors: the SDK's own exceptions")
    assert b"diffusion4j_jobs_submitted_total" in urllib.request.urlopen(root + "/metrics").read()


def main():
    model = os.path.abspath(sys.argv[1])
    server, base = started(model, "tiny")
    try:
        check(OpenAI(base_url=base, api_key="none", max_retries=0), base[:-len("/v1")], model)
    finally:
        server.send_signal(signal.SIGTERM)
    assert server.wait(60) == 0, f"SIGTERM ended it with {server.returncode}"
    print("SIGTERM: ended with 0")


if __name__ == "__main__":
    main()
