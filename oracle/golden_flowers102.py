# SPDX-License-Identifier: Apache-2.0
"""Twenty small photos in the form of the 102 flowers' archive, with tables written by SciPy -> training/src/test/resources/flowers102/."""
import io
import pathlib
import tarfile

import numpy
from PIL import Image
from scipy.io import savemat

FOLDER = pathlib.Path(__file__).parent.parent / "training/src/test/resources/flowers102"


def main():
    FOLDER.mkdir(exist_ok=True)
    with tarfile.open(FOLDER / "102flowers.tgz", "w:gz", compresslevel=9) as archive:
        archive.addfile(folder())
        for number in range(1, 21):
            out = io.BytesIO()
            Image.new("RGB", (12, 8), (10 * number, 255 - 10 * number, 60)).save(out, "JPEG")
            info = tarfile.TarInfo(f"jpg/image_{number:05d}.jpg")
            info.size = out.tell()
            out.seek(0)
            archive.addfile(info, out)
    labels = (numpy.arange(20) % 3 + 100).astype(numpy.uint8)  # the last three classes
    savemat(FOLDER / "imagelabels.mat", {"labels": labels[None]}, do_compression=True)
    ids = numpy.arange(20, 0, -1).astype(numpy.uint16)
    savemat(FOLDER / "setid.mat", {"trnid": ids[None, :5], "valid": ids[None, 5:10].astype(float), "tstid": ids[None, 10:]})


def folder():
    info = tarfile.TarInfo("jpg")
    info.type = tarfile.DIRTYPE
    return info


if __name__ == "__main__":
    main()
