# SPDX-License-Identifier: Apache-2.0
"""The whole way over the Hub, against the tests' server: somebody draws with a model that Python published, fine-tunes it on a data set
that Python published, publishes the result with its card and pictures, a LoRA too, and a colleague loads all of it in Python; and the
other way round. Same seeds draw the same pictures at each station.

Usage: mvn -q test-compile; ./diffuse --version; python oracle/check_story.py
"""
import pathlib
import subprocess
import sys
import tempfile

from check_hub import HOME, environment, run, server

BASE = "google/ddpm-celebahq-256"  # its name; a small network with weights from a seed stands in for it
DATA = "huggan/smithsonian_butterflies_subset"
SEED, STEPS = 7, 6
LEVELS = 1 / 255 + 1e-6  # a picture on disk holds whole levels

PUBLISH_BASE = """
import sys, torch
from diffusers import DDPMPipeline, DDPMScheduler, UNet2DModel
torch.manual_seed(0)
unet = UNet2DModel(sample_size=16, block_out_channels=(32, 64), layers_per_block=1, norm_num_groups=8, attention_head_dim=8,
                   down_block_types=("DownBlock2D", "AttnDownBlock2D"), up_block_types=("AttnUpBlock2D", "UpBlock2D"))
DDPMPipeline(unet, DDPMScheduler()).push_to_hub(sys.argv[1])
print("ok")
"""
PUBLISH_DATA = """
import sys, numpy, datasets
random = numpy.random.default_rng(0)
rows = {"image": [random.integers(0, 255, (20, 24, 3), dtype=numpy.uint8) for _ in range(24)], "name": [f"wing {i}" for i in range(24)]}
features = datasets.Features({"image": datasets.Image(), "name": datasets.Value("string")})
datasets.Dataset.from_dict(rows, features=features).push_to_hub(sys.argv[1])
print("ok")
"""
DRAW = """
import sys, numpy, torch
from diffusers import DDIMPipeline
pipeline = DDIMPipeline.from_pretrained(sys.argv[1])
if len(sys.argv) > 5:
    from peft import PeftModel
    pipeline.unet = PeftModel.from_pretrained(pipeline.unet, sys.argv[5]).merge_and_unload()
images = pipeline(batch_size=1, generator=torch.Generator().manual_seed(int(sys.argv[2])), num_inference_steps=int(sys.argv[3]), output_type="np").images
numpy.save(sys.argv[4], images[0])
print("ok")
"""
CARD = """
import sys
from huggingface_hub import ModelCard
card = ModelCard.load(sys.argv[1])
print(card.data.base_model, card.data.datasets, card.data.library_name, "samples.png" in card.text, "loss.png" in card.text, card.data.license)
"""
TUNE = """
import sys, numpy, torch, datasets
from diffusers import DDPMPipeline
pipeline = DDPMPipeline.from_pretrained(sys.argv[1])
optimizer = torch.optim.AdamW(pipeline.unet.parameters(), lr=1e-4)
rows = datasets.load_dataset(sys.argv[2], split="train")
pictures = torch.stack([torch.tensor(numpy.array(row["image"].resize((16, 16)))).permute(2, 0, 1) / 127.5 - 1 for row in rows]).float()
for step in range(4):
    noise, t = torch.randn_like(pictures), torch.randint(0, 1000, (len(pictures),))
    loss = torch.nn.functional.mse_loss(pipeline.unet(pipeline.scheduler.add_noise(pictures, noise, t), t).sample, noise)
    loss.backward(); optimizer.step(); optimizer.zero_grad()
pipeline.push_to_hub(sys.argv[3])
print("ok")
"""


def python(code, env, *arguments):
    return run([sys.executable, "-c", code, *arguments], env)


def drawn_by_python(model, env, scratch, *lora):
    import numpy
    file = scratch / "drawn.npy"
    python(DRAW, env, model, SEED, STEPS, file, *lora)
    return numpy.load(file)


def drawn_by_java(model, env, folder, *more):
    import numpy
    from PIL import Image
    run([HOME / "diffuse", "sample", "--model", model, "--scheduler", "ddim", "--steps", STEPS, "--seed", SEED, "--out", folder, *more], env)
    return numpy.asarray(Image.open(next(folder.glob("*.png"))).convert("RGB")) / 255


def same(ours, theirs, what):
    apart = abs(ours - theirs).max()
    assert apart <= LEVELS, f"{what}: {apart * 255:.2f} levels apart"
    print(f"{what}: the same picture there and here")


def main():
    with tempfile.TemporaryDirectory() as scratch:
        scratch = pathlib.Path(scratch)
        (scratch / "root").mkdir()
        process, endpoint = server(scratch / "root")
        try:
            def person(name):
                return environment(endpoint, scratch / name, HF_TOKEN=f"hf_right_{name}")

            python(PUBLISH_BASE, person("google"), BASE)
            python(PUBLISH_DATA, person("huggan"), DATA)
            ada, bob = person("ada"), person("bob")
            before = drawn_by_java(BASE, ada, scratch / "before")
            same(before, drawn_by_python(BASE, bob, scratch), f"sample --model {BASE}")

            tune = [HOME / "diffuse", "finetune", "--image_size", 16, "--batch_size", 4, "--num_epochs", 2, "--start_model", BASE,
                    "--dataset_name", DATA, "--model_save_name", scratch / "tuned", "--out", scratch / "run", "--set", "samples.steps=5",
                    "--set", "samples.every_epochs=1", "--set", "training.optimizer.learning_rate=0.01",
                    "--push_to_hub", "--hub_model_id", "ada/butterflies"]
            print(run(tune, ada))
            tuned = drawn_by_java("ada/butterflies", ada, scratch / "tuned-drawn")
            assert abs(tuned - before).max() > 0.02, "the training changed nothing"
            same(tuned, drawn_by_python("ada/butterflies", bob, scratch), "finetuned by Java, loaded by the colleague")
            card = python(CARD, bob, "ada/butterflies")
            assert card == f"{BASE} ['{DATA}'] diffusers True True None", card
            run([HOME / "diffuse", "hub", "push", scratch / "run", "ada/butterflies", "--license", "cc0-1.0", "--yes"], ada)
            assert python(CARD, bob, "ada/butterflies").endswith("cc0-1.0")
            print("its card:", python(CARD, bob, "ada/butterflies"))

            adapt = [HOME / "diffuse", "train", "digits-lora", "--set", "model.from=ada/butterflies", "--set", "lora.targets=[to_q,to_v,conv1]",
                     "--set", "lora.alpha=8", "--set", "data.channels=rgb", "--data", f"hf:{DATA}", "--set", "training.epochs=2", "--set", "training.batch_size=4",
                     "--set", "training.optimizer.learning_rate=0.01", "--out", scratch / "lora", "--push-to-hub", "--hub-model-id", "ada/butterflies-lora"]
            print(run(adapt, ada))
            adapted = drawn_by_java("ada/butterflies", ada, scratch / "adapted", "--lora", "ada/butterflies-lora")
            assert abs(adapted - tuned).max() > 0.02, "the adapter changes nothing"
            same(adapted, drawn_by_python("ada/butterflies", bob, scratch, "ada/butterflies-lora"), "LoRA by Java, loaded by the colleague's peft")

            python(TUNE, bob, BASE, DATA, "bob/wings")
            same(drawn_by_java("bob/wings", ada, scratch / "wings"), drawn_by_python("bob/wings", bob, scratch), "tuned by Python, drawn by Java")
        finally:
            process.stdin.close()
            process.wait(10)


if __name__ == "__main__":
    main()
