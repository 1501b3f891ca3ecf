# SPDX-License-Identifier: Apache-2.0
"""What Pillow and torchvision make of pictures -> training/src/test/resources/golden/transforms.safetensors.

"resize.N": a picture, what torchvision's Resize makes of it as a PIL picture and as a tensor. "chain.*": whole transforms, to
floats. "file.NAME": the bytes of a picture file, and the pixels that Pillow reads from it (convert("RGB"), or grey where the file is).
Needs nothing but a seed, so that it can be made again.
"""
import io
import pathlib
import struct
import zlib

import numpy as np
import torch
from PIL import Image, ImageCms, ImageOps
from safetensors.torch import save_file
from torchvision import transforms

OUT = pathlib.Path(__file__).parent.parent / "training/src/test/resources/golden/transforms.safetensors"
rng = np.random.default_rng(7)
tensors = {}


def picture(width, height, channels=3):
    """Smooth colours with some hard edges and some noise: all that resizing can get wrong."""
    y, x = np.mgrid[0:height, 0:width] / max(width, height)
    planes = []
    for c in range(channels):
        a, b, p = rng.uniform(2, 9, 2).tolist() + [rng.uniform(0, 6)]
        plane = 127 + 90 * np.sin(a * x + p) * np.cos(b * y + c) + rng.normal(0, 9, (height, width))
        planes.append(plane)
    array = np.stack(planes, -1)
    array[height // 3: height // 2, width // 4: width // 2] = rng.integers(0, 256, channels)
    array[:, -2:] = 255
    return np.clip(array, 0, 255).astype(np.uint8)


def pil(array):
    return Image.fromarray(array[..., 0] if array.shape[-1] == 1 else array)


def hwc(image):
    array = np.array(image)
    return torch.from_numpy(array[..., None] if array.ndim == 2 else array).contiguous()


def resizes():
    cases = [(31, 23, 3, [(8, 8), (27, 27), (36, 36), (31, 12)]), (64, 48, 3, [(16, 16)]), (23, 17, 1, [(28, 28)]),
             (28, 28, 1, [(16, 16), (32, 32)]), (5, 3, 3, [(9, 7)]), (2, 1, 1, [(3, 3)]), (101, 4, 1, [(7, 7)])]
    for i, (width, height, channels, sizes) in enumerate(cases):
        array = picture(width, height, channels)
        tensors[f"resize.{i}.from"] = torch.from_numpy(array)
        for to_width, to_height in sizes:
            resize = transforms.Resize((to_height, to_width), antialias=True)
            name = f"resize.{i}.{to_width}x{to_height}"
            tensors[f"{name}.pil"] = hwc(resize(pil(array)))
            tensors[f"{name}.tensor"] = resize(torch.from_numpy(array).permute(2, 0, 1)).permute(1, 2, 0).contiguous()


def chains():
    array = picture(30, 20)
    to_values = [transforms.ToTensor(), transforms.Normalize([0.5], [0.5])]
    stretched = transforms.Compose([transforms.Resize((8, 8)), *to_values])
    tensors["chain.from"] = torch.from_numpy(array)
    tensors["chain.exact"] = stretched(pil(array))
    tensors["chain.flipped"] = transforms.Compose(
        [transforms.Resize((8, 8)), transforms.RandomHorizontalFlip(1.0), *to_values])(pil(array))
    tensors["chain.crop"] = stretched(pil(array[:, 5:25]))
    tensors["chain.grey"] = transforms.Compose([transforms.Grayscale(), stretched])(pil(array))
    # every crop that RandomCrop can draw: the shorter side to 8, then 8 columns from 0 … 4
    small = transforms.Resize(8)(pil(array))
    tensors["chain.random_crop"] = torch.stack(
        [transforms.Compose(to_values)(small.crop((left, 0, left + 8, 8))) for left in range(small.width - 7)])


def saved(image, kind, **options):
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def png(width, height, depth, colour, rows):
    """A PNG by hand, for what Pillow does not write."""
    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
    raw = b"".join(b"\0" + row for row in rows)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0))
            + chunk(b"IDAT", zlib.compress(raw)) + chunk(b"IEND", b""))


def without_app0(jpeg):
    length = struct.unpack(">H", jpeg[4:6])[0]
    assert jpeg[2:4] == b"\xff\xe0"
    return jpeg[:2] + jpeg[4 + length:]


def keep(name, data, expected=None):
    tensors[f"file.{name}"] = torch.frombuffer(bytearray(data), dtype=torch.uint8)
    if expected is None:
        image = Image.open(io.BytesIO(data))
        image = image if image.mode == "L" else image.convert("RGB")
        expected = hwc(image)
    tensors[f"pixels.{name}"] = expected


def jpegs():
    rgb = pil(picture(21, 17))
    for name, sampling in (("444", 0), ("422", 1), ("420", 2)):
        keep(f"{name}.jpg", saved(rgb, "JPEG", quality=85, subsampling=sampling))
    keep("progressive.jpg", saved(rgb, "JPEG", quality=85, progressive=True))
    keep("grey.jpg", saved(rgb.convert("L"), "JPEG", quality=85))
    keep("rgb.jpg", saved(rgb, "JPEG", quality=85, keep_rgb=True))
    keep("no_jfif.jpg", without_app0(saved(rgb, "JPEG", quality=85, subsampling=0)))
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes())
    profile[24:36] = bytes(12)  # when it was made
    keep("profile.jpg", saved(rgb, "JPEG", quality=85, icc_profile=bytes(profile)))
    ink = Image.merge("CMYK", [pil(picture(21, 17, 1)) for _ in range(4)])
    cmyk = saved(ink, "JPEG", quality=85)
    keep("cmyk.jpg", cmyk)
    adobe = cmyk.index(b"Adobe") + 11
    keep("ycck.jpg", cmyk[:adobe] + b"\2" + cmyk[adobe + 1:])
    tiny = pil(picture(13, 9))
    for orientation in range(1, 9):
        exif = Image.Exif()
        exif[0x0112] = orientation
        data = saved(tiny, "JPEG", quality=70, exif=exif)
        keep(f"orientation{orientation}.jpg", data, hwc(ImageOps.exif_transpose(Image.open(io.BytesIO(data)))))


def others():
    rgb = pil(picture(14, 11))
    alpha = pil(picture(14, 11, 1))
    rgba = rgb.copy()
    rgba.putalpha(alpha)
    grey = rgb.convert("L")
    keep("rgb.png", saved(rgb, "PNG"))
    keep("rgba.png", saved(rgba, "PNG"))
    keep("grey.png", saved(grey, "PNG"))
    grey_alpha = grey.copy()
    grey_alpha.putalpha(alpha)
    keep("grey_alpha.png", saved(grey_alpha, "PNG"), hwc(grey))
    keep("palette.png", saved(rgb.quantize(16), "PNG"))
    keep("palette_transparent.png", saved(rgb.quantize(16), "PNG", transparency=3))
    keep("one_bit.png", saved(grey.convert("1"), "PNG"))
    wide = rng.integers(0, 65536, (11, 14, 3)).astype(">u2")
    keep("rgb16.png", png(14, 11, 16, 2, [row.tobytes() for row in wide]))
    # Pillow clips 16-bit grey to white; we keep the upper byte
    keep("grey16.png", png(14, 11, 16, 0, [row[:, 0].tobytes() for row in wide]),
         torch.from_numpy((wide[..., :1] >> 8).astype(np.uint8)))
    keep("palette.gif", saved(rgb.quantize(32), "GIF"))
    keep("rgb.bmp", saved(rgb, "BMP"))
    keep("lossless.webp", saved(rgb, "WEBP", lossless=True))
    keep("alpha.webp", saved(rgba, "WEBP", lossless=True, exact=True))
    keep("lossy.webp", saved(pil(picture(24, 18)), "WEBP", quality=80))


def main():
    resizes()
    chains()
    jpegs()
    others()
    tensors["luma.from"] = torch.from_numpy(rng.integers(0, 256, (16, 16, 3)).astype(np.uint8))
    tensors["luma.to"] = hwc(pil(tensors["luma.from"].numpy()).convert("L"))
    OUT.parent.mkdir(parents=True, exist_ok=True)
    save_file(tensors, OUT)
    print(len(tensors), "tensors,", OUT.stat().st_size, "bytes")


if __name__ == "__main__":
    main()
