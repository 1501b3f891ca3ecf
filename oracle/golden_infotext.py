# SPDX-License-Identifier: Apache-2.0
"""Pictures with the text about them where A1111's webui puts it, written with Pillow as it does: golden/infotext/*.png, .jpg and .webp. The texts are
written by hand in the form of its create_infotext (version 1.10).

Usage: python oracle/golden_infotext.py
"""
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from golden_text_calls import GOLDEN

LATIN = """a photo of a (red:1.2) cat, caf\u00e9
on two lines <lora:style:0.8>
Negative prompt: [blue] dog,
ugly
Steps: 4, Sampler: DPM++ 2M, Schedule type: Karras, CFG scale: 4.5, Seed: 7, Size: 16x24, Model hash: 0123456789, Model: tiny, Clip skip: 2, \
Lora hashes: "style: 0a1b2c3d4e5f", ADetailer model: "face, v1", Version: v1.10.1"""
OTHER = "a red \u732b, \U0001f431\nSteps: 3, Sampler: Euler a, CFG scale: 1, Seed: 5, Size: 16x16, RNG: CPU, Version: v1.9.4"


def main():
    folder = GOLDEN / "infotext"
    folder.mkdir(exist_ok=True)
    image = Image.new("RGB", (8, 8), (200, 30, 30))
    for name, text in (("latin", LATIN), ("other", OTHER)):
        notes = PngInfo()
        notes.add_text("parameters", text)
        image.save(folder / (name + ".png"), pnginfo=notes)
        exif = Image.Exif()
        exif.get_ifd(0x8769)[0x9286] = b"UNICODE\0" + text.encode("utf_16_be")
        image.save(folder / (name + ".jpg"), exif=exif)
        image.save(folder / (name + ".webp"), exif=exif, lossless=True)


if __name__ == "__main__":
    main()
