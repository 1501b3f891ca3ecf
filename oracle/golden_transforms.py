# SPDX-License-Identifier: Apache-2.0
"""What Pillow and torchvision make of pictures -> training/src/test/resources/golden/transforms.safetensors.

"resize.N": a picture, what torchvision's Resize makes of it as a PIL picture and as a tensor. "chain.*": whole transforms, to
floats. "file.NAME": the bytes of a picture file, and the pixels that Pillow reads from it (convert("RGB"), or grey where the file is).
"resize.tallN": by Pillow alone. Needs nothing but a seed, so that it can be made again.
"""
import io
import pathlib
import struct
import zlib

import numpy as np
import PIL
import torch
from PIL import Image, ImageCms, ImageOps, PngImagePlugin
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


def turned(orientation, tag=0x0112):
    exif = Image.Exif()
    exif[tag] = orientation
    return exif


def upright(name, data):
    """As the Image feature of datasets has it: turned by its EXIF."""
    image = ImageOps.exif_transpose(Image.open(io.BytesIO(data)))
    keep(name, data, hwc(image if image.mode == "L" else image.convert("RGB")))


def oriented():
    """EXIF in other files than JPEG, and what stands in for it."""
    rgb, grey = pil(picture(13, 9)), pil(picture(13, 9, 1))
    xmp = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:Description tiff:Orientation="%d"/></x:xmpmeta>'
    for orientation in (3, 6):
        upright(f"orientation{orientation}.png", saved(rgb, "PNG", exif=turned(orientation)))
    upright("orientation8.webp", saved(rgb, "WEBP", lossless=True, exif=turned(8)))
    upright("orientation5.tiff", saved(rgb, "TIFF", tiffinfo={0x0112: 5}))
    upright("orientation9.png", saved(rgb, "PNG", exif=turned(9)))
    upright("palette_orientation7.png", saved(rgb.quantize(16), "PNG", exif=turned(7)))
    upright("xmp2.jpg", saved(rgb, "JPEG", quality=85, xmp=xmp % 2))
    upright("xmp6.webp", saved(rgb, "WEBP", lossless=True, xmp=xmp % 6))
    for packed in (False, True):
        text = PngImagePlugin.PngInfo()
        text.add_itxt("XML:com.adobe.xmp", (xmp % 8).decode(), zip=packed)
        upright(f"xmp8{'z' if packed else ''}.png", saved(grey, "PNG", pnginfo=text))
        text = PngImagePlugin.PngInfo()
        profile = b"Exif\0\0" + turned(6).tobytes().removeprefix(b"Exif\0\0")
        text.add_text("Raw profile type exif", f"\nexif\n{len(profile):8}\n{profile.hex()}\n", zip=packed)
        upright(f"profile6{'z' if packed else ''}.png", saved(grey, "PNG", pnginfo=text))


def gif(width, height, frame, transparent=None):
    """A GIF by hand: a frame at (4, 3) of a larger canvas."""
    body = saved(frame, "GIF")
    flags, at = body[10], 13
    table = body[13:13 + (3 << (flags & 7) + 1)]
    at = body.index(b",", 13 + len(table))
    control = b"" if transparent is None else bytes([0x21, 0xF9, 4, 1, 0, 0, transparent, 0])
    place = b"," + struct.pack("<HHHH", 4, 3, *frame.size)
    return body[:6] + struct.pack("<HH", width, height) + body[10:13] + table + control + place + body[at + 9:]


def canvases():
    frame = pil(picture(9, 8)).quantize(16)
    for name, transparent in (("canvas", None), ("canvas_transparent", 5)):
        keep(f"{name}.gif", gif(20, 15, frame, transparent))
    keep("canvas_small.gif", gif(6, 5, frame))
    keep("animated.gif", saved(frame, "GIF", save_all=True, append_images=[pil(picture(9, 8)).quantize(8)], duration=50))


def webps():
    """What libwebp makes of lossy pictures: odd and even sizes, all strengths of the loop filters, alpha, segments; and animations."""
    for i, (width, height, options) in enumerate([
            (33, 29, {"quality": 30}), (1, 1, {"quality": 50}), (2, 3, {"quality": 90}), (48, 40, {"quality": 0}),
            (17, 50, {"quality": 100}), (64, 35, {"quality": 60, "method": 6}), (40, 41, {"quality": 10, "method": 0})]):
        keep(f"lossy{i}.webp", saved(pil(picture(width, height)), "WEBP", **options))
    rgba = pil(picture(30, 21))
    rgba.putalpha(pil(picture(30, 21, 1)))
    keep("lossy_alpha.webp", saved(rgba, "WEBP", quality=70, exact=True))
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    keep("profile.webp", saved(pil(picture(9, 7)), "WEBP", lossless=True, icc_profile=profile[:24] + bytes(12) + profile[36:]))
    for lossless in (True, False):
        frames = [pil(picture(20, 16)) for _ in range(2)]
        keep(f"animated{'_lossless' if lossless else ''}.webp",
             saved(frames[0], "WEBP", save_all=True, append_images=frames[1:], lossless=lossless, duration=50))
    whole = saved(pil(picture(10, 6)), "WEBP", quality=80)  # its picture at (4, 2) of a canvas of 20 x 12
    frame = struct.pack("<I", 2)[:3] + struct.pack("<I", 1)[:3] + struct.pack("<I", 9)[:3] + struct.pack("<I", 5)[:3] + b"\x32\0\0\0" + whole[12:]
    chunk = lambda name, data: name + struct.pack("<I", len(data)) + data + b"\0" * (len(data) & 1)
    body = (b"WEBP" + chunk(b"VP8X", b"\x02\0\0\0" + struct.pack("<I", 19)[:3] + struct.pack("<I", 11)[:3])
            + chunk(b"ANIM", bytes(6)) + chunk(b"ANMF", frame))
    keep("animated_canvas.webp", b"RIFF" + struct.pack("<I", len(body)) + body)


def tiffs():
    rgb, grey = pil(picture(19, 14)), pil(picture(19, 14, 1))
    rgba = rgb.copy()
    rgba.putalpha(pil(picture(19, 14, 1)))
    ink = Image.merge("CMYK", [pil(picture(19, 14, 1)) for _ in range(4)])
    for compression in (None, "tiff_lzw", "tiff_adobe_deflate", "packbits"):
        keep(f"rgb_{compression}.tiff", saved(rgb, "TIFF", compression=compression))
    keep("rgb_predictor.tiff", saved(rgb, "TIFF", compression="tiff_lzw", tiffinfo={317: 2}))
    keep("rgb_strips.tiff", saved(rgb, "TIFF", compression="tiff_lzw", tiffinfo={278: 3}))
    keep("grey.tiff", saved(grey, "TIFF"))
    keep("rgba.tiff", saved(rgba, "TIFF", compression="tiff_lzw"))
    keep("palette.tiff", saved(rgb.quantize(16), "TIFF"))
    keep("one_bit.tiff", saved(grey.convert("1"), "TIFF", compression="group4"), hwc(grey.convert("1").convert("L")))
    keep("cmyk.tiff", saved(ink, "TIFF"))
    inverted = bytearray(saved(grey, "TIFF"))
    tag = inverted.index(struct.pack("<HHI", 262, 3, 1))
    inverted[tag + 8] = 0
    keep("white_is_zero.tiff", inverted)
    keep("pages.tiff", saved(rgb, "TIFF", save_all=True, append_images=[pil(picture(6, 5))]))
    keep("jpeg.tiff", saved(pil(picture(24, 16)), "TIFF", compression="jpeg", quality=90))


def netpbm():
    rgb, grey = pil(picture(11, 7)), pil(picture(11, 7, 1))
    keep("rgb.ppm", saved(rgb, "PPM"))
    keep("grey.pgm", saved(grey, "PPM"))
    bits = grey.convert("1")
    keep("bits.pbm", saved(bits, "PPM"), hwc(bits.convert("L")))
    keep("plain.pbm", b"P1\n# a comment\n3 2\n101 0 1\n0", torch.tensor([[0, 255, 0], [255, 0, 255]], dtype=torch.uint8)[..., None])
    keep("plain.pgm", b"P2 3 2 # a comment\n10\n0 1 2 3\n5 10\n")
    keep("plain.ppm", b"P3\n2 1\n100\n0 50 100 # white\n33 66 99")
    deep = rng.integers(0, 1001, (5, 4, 3)).astype(">u2")
    keep("deep.ppm", b"P6 4 5 1000\n" + deep.tobytes())
    # Pillow clips 16-bit grey to white; we keep the upper byte
    keep("deep.pgm", b"P5 4 5 65535\n" + deep[..., 0].tobytes(), torch.from_numpy((deep[..., :1] >> 8).astype(np.uint8)))


def tall():
    """Columns first, from Pillow 13 on: the height shrinks much more than the width."""
    cases = [(7, 60, 3, (6, 6)), (9, 80, 1, (9, 8)), (12, 40, 3, (12, 20)), (5, 33, 1, (20, 30)), (30, 91, 3, (15, 60)), (30, 90, 3, (15, 60))]
    for i, (width, height, channels, size) in enumerate(cases):
        array = picture(width, height, channels)
        tensors[f"resize.tall{i}.from"] = torch.from_numpy(array)
        tensors[f"resize.tall{i}.{size[0]}x{size[1]}.pil"] = hwc(pil(array).resize(size, Image.Resampling.BILINEAR))


def main():
    assert PIL.__version__.startswith("13."), PIL.__version__
    resizes()
    chains()
    jpegs()
    others()
    tensors["luma.from"] = torch.from_numpy(rng.integers(0, 256, (16, 16, 3)).astype(np.uint8))
    tensors["luma.to"] = hwc(pil(tensors["luma.from"].numpy()).convert("L"))
    oriented()
    canvases()
    tiffs()
    netpbm()
    tall()
    webps()
    OUT.parent.mkdir(parents=True, exist_ok=True)
    save_file(tensors, OUT)
    print(len(tensors), "tensors,", OUT.stat().st_size, "bytes")


if __name__ == "__main__":
    main()
