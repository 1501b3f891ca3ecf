# SPDX-License-Identifier: Apache-2.0
"""The Hub's Python client and ours, against the tests' server, on one cache: each finds what the other fetched, at the same time too.

Usage: mvn -q test-compile; ./diffuse --version; python oracle/check_hub.py [--megabytes 455]
"""
import argparse
import hashlib
import json
import os
import pathlib
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

HOME = pathlib.Path(__file__).resolve().parent.parent
TINY = HOME / "core/src/test/resources/golden/tiny-pipeline"
PULL = "import sys; from huggingface_hub import snapshot_download; print(snapshot_download(sys.argv[1]))"


def server(root):
    classpath = f"{HOME}/core/target/test-classes:{HOME}/cli/target/lib/*"
    process = subprocess.Popen(["java", "-cp", classpath, "dev.diffusion4j.hub.HubServer", str(root)],
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    return process, process.stdout.readline().strip()


def environment(endpoint, home, **more):
    clean = {key: value for key, value in os.environ.items() if not key.startswith("HF_")}
    return {**clean, "HF_ENDPOINT": endpoint, "HF_HOME": str(home), "HF_HUB_DISABLE_PROGRESS_BARS": "1",
            "HF_HUB_DISABLE_XET": "1", **more}


def run(command, env, whole=False):
    done = subprocess.run([str(word) for word in command], env=env, capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"{command[:4]} ended with {done.returncode}: {done.stderr[-3000:]}")
    return done.stdout if whole else done.stdout.strip().splitlines()[-1]


def python(repo, env):
    return run([sys.executable, "-c", PULL, repo], env)


def java(repo, env, *more):
    return run([HOME / "diffuse", "hub", "pull", repo, *more], env)


def check_blobs(home):
    """Every blob is what its name says, and nothing else lies about."""
    count = 0
    for blob in pathlib.Path(home).glob("hub/models--*/blobs/*"):
        content = blob.read_bytes()
        name = blob.name
        assert re.fullmatch("[0-9a-f]{40}|[0-9a-f]{64}", name), f"left over: {blob}"
        digest = hashlib.sha256(content) if len(name) == 64 else hashlib.sha1(b"blob %d\0" % len(content) + content)
        assert digest.hexdigest() == name, f"wrong content: {blob}"
        count += 1
    assert count, "no blobs"
    return count


def draw(folder):
    import torch
    from diffusers import DDPMPipeline
    pipeline = DDPMPipeline.from_pretrained(folder)
    return pipeline(batch_size=1, generator=torch.Generator().manual_seed(0), num_inference_steps=3, output_type="np").images


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--megabytes", type=int, default=40, help="of the file that is timed")
    size = parser.parse_args().megabytes * 1_000_000
    with tempfile.TemporaryDirectory() as scratch:
        scratch = pathlib.Path(scratch)
        shutil.copytree(TINY, scratch / "root/models/ada/tiny")
        big = scratch / "root/models/ada/big"
        shutil.copytree(TINY, big)
        (big / "notes.bin").write_bytes(os.urandom(size))
        process, endpoint = server(scratch / "root")
        try:
            env = environment(endpoint, scratch / "a")
            there = python("ada/tiny", env)
            assert java("ada/tiny", environment(endpoint, scratch / "a", HF_HUB_OFFLINE="1")) == there
            print("what Python fetched, Java finds:", pathlib.Path(there).name)
            env = environment(endpoint, scratch / "b")
            there = java("ada/tiny", env)
            assert python("ada/tiny", environment(endpoint, scratch / "b", HF_HUB_OFFLINE="1")) == there
            print("what Java fetched, Python finds, and draws:", draw(there).shape)
            drawn = scratch / "drawn"
            run([HOME / "diffuse", "sample", "--model", "ada/tiny", "--steps", "3", "--out", drawn], env)
            note = next(drawn.glob("*.png"))
            print("sample --model ada/tiny:", note.name)

            token = {"HF_TOKEN": "hf_right"}
            env = environment(endpoint, scratch / "push", **token)
            print("push:", run([HOME / "diffuse", "hub", "push", TINY, "ada/published", "--private", "--yes"], env))
            again = run([HOME / "diffuse", "hub", "push", TINY, "ada/published", "--yes"], env, whole=True)
            assert "\n0 files" in again, again
            pushed = pathlib.Path(python("ada/published", environment(endpoint, scratch / "colleague", **token)))
            for file in TINY.rglob("*"):
                assert file.is_dir() or (pushed / file.relative_to(TINY)).read_bytes() == file.read_bytes(), file
            print("what Java published, a colleague loads in Python:", draw(pushed).shape)
            run([HOME / "diffuse", "train", HOME / "bench/recipes/tiny.yaml", "--set", "training.max_steps=20", "--out", scratch / "run"], env)
            run([HOME / "diffuse", "hub", "push", scratch / "run", "ada/trained", "--yes"], env)
            trained = pathlib.Path(python("ada/trained", environment(endpoint, scratch / "colleague", **token)))
            check = "import sys; from huggingface_hub import ModelCard; d = ModelCard.load(sys.argv[1]).data; print(d.library_name, d.pipeline_tag, *d.tags)"
            print("a trained model's card:", run([sys.executable, "-c", check, trained / "README.md"], env), draw(trained).shape)
            code = "import sys; from huggingface_hub import HfApi; a = HfApi(); a.create_repo(sys.argv[1]); a.upload_folder(repo_id=sys.argv[1], folder_path=sys.argv[2]); print('ok')"
            run([sys.executable, "-c", code, "ada/theirs", TINY], env)
            theirs = pathlib.Path(java("ada/theirs", environment(endpoint, scratch / "ours", **token)))
            assert draw(theirs).shape == draw(pushed).shape
            print("what Python published, Java fetches")

            code = "import sys; from huggingface_hub import HfApi; a = HfApi(); [a.create_branch(sys.argv[1], branch='their/branch', exist_ok=True) for _ in range(2)]; print('ok')"
            run([sys.executable, "-c", code, "ada/theirs"], env)
            note = scratch / "note"
            note.mkdir()
            (note / "note.txt").write_text("on a branch")
            code = "import sys; from huggingface_hub import hf_hub_download as d; print(open(d(sys.argv[1], 'note.txt', revision=sys.argv[2])).read())"
            for branch in ("their/branch", "our/branch"):
                run([HOME / "diffuse", "hub", "push", note, f"ada/theirs@{branch}", "--yes"], env)
                assert run([sys.executable, "-c", code, "ada/theirs", branch], env) == "on a branch"
            print("branches that Python and Java made, pushed to by Java and read by Python")

            env = environment(endpoint, scratch / "race")
            commands = [[sys.executable, "-c", PULL, "ada/big"], [HOME / "diffuse", "hub", "pull", "ada/big", "--include", "**"]] * 3
            racing = [subprocess.Popen([str(word) for word in command], env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
                      for command in commands]
            ends = [(racer.communicate(), racer.returncode) for racer in racing]
            assert all(code == 0 for _, code in ends), [out[1][-500:] for out, code in ends if code]
            assert len({out[0].strip().splitlines()[-1] for out, _ in ends}) == 1
            print("a race of three and three:", check_blobs(scratch / "race"), "blobs, all right")

            times = {"python": [], "java": []}
            for i in range(3):
                for name, client in (("python", python), ("java", lambda repo, e: java(repo, e, "--include", "**"))):
                    home = scratch / f"speed-{name}-{i}"
                    start = time.perf_counter()
                    client("ada/big", environment(endpoint, home))
                    times[name].append(time.perf_counter() - start)
                    check_blobs(home)
                    shutil.rmtree(home)
            medians = {name: statistics.median(values) for name, values in times.items()}
            print(f"{size / 1e6:.0f} MB, whole process, s:", json.dumps({k: round(v, 2) for k, v in medians.items()}),
                  f"ratio {medians['java'] / medians['python']:.2f}")
        finally:
            process.stdin.close()
            process.wait(10)


if __name__ == "__main__":
    main()
