#!/usr/bin/env python3
"""Makes the picture files of this folder from computed pictures.

Needs Pillow, numpy and libjpeg-turbo's cjpeg (Debian: python3-pil python3-numpy libjpeg-turbo-progs).
Every NAME.jpg or NAME.png has its expected pixels, as Pillow decodes them, in NAME.ppm (8-bit RGB) or NAME.pgm (16-bit values).
The files in broken/ have no expected pixels: they must be refused.
"""
import os
import subprocess

import numpy as np
from PIL import Image

HERE = os.path.dirname(os.path.abspath(__file__))
WIDTH, HEIGHT = 35, 27


def picture(width, height, seed=1):
    """Gradients, a disc, stripes and some noise: smooth areas, edges and saturated colours."""
    y, x = np.mgrid[0:height, 0:width].astype(float)
    rgb = np.stack([255 * x / max(width - 1, 1), 255 * y / max(height - 1, 1), 128 + 90 * np.sin(x / 3 + y / 5)], axis=-1)
    disc = (x - width * 0.6) ** 2 + (y - height * 0.45) ** 2 < (0.25 * height) ** 2
    rgb[disc] = (250, 20, 30)
    rgb[:, width // 5:width // 5 + 2] = (0, 0, 255)
    rgb += np.random.default_rng(seed).normal(0, 6, rgb.shape)
    return np.clip(np.rint(rgb), 0, 255).astype(np.uint8)


def save_expected(name, path):
    image = Image.open(path).convert("RGB")
    with open(os.path.join(HERE, name + ".ppm"), "wb") as f:
        f.write(b"P6 %d %d 255\n" % image.size + image.tobytes())


def cjpeg(name, options, width=WIDTH, height=HEIGHT, grey=False, folder="", expect=True):
    pixels = picture(width, height)
    source = b"P6 %d %d 255\n" % (width, height) + pixels.tobytes()
    path = os.path.join(HERE, folder, name + ".jpg")
    with open(path, "wb") as f:
        f.write(subprocess.run(["cjpeg", *options.split()], input=source, stdout=subprocess.PIPE, check=True).stdout)
    if expect:
        save_expected(name, path)


def jpegs():
    cjpeg("jpeg-444", "-quality 92 -sample 1x1")
    cjpeg("jpeg-422", "-quality 80 -sample 2x1")
    cjpeg("jpeg-420", "-quality 80 -sample 2x2")
    cjpeg("jpeg-440", "-quality 80 -sample 1x2")
    cjpeg("jpeg-411", "-quality 80 -sample 4x1")
    cjpeg("jpeg-410", "-quality 80 -sample 4x2")
    cjpeg("jpeg-mixed", "-quality 80 -sample 2x2,2x1,1x2")
    cjpeg("jpeg-third", "-quality 80 -sample 3x1")
    cjpeg("jpeg-grey", "-quality 85 -grayscale")
    cjpeg("jpeg-rgb", "-quality 85 -rgb")
    cjpeg("jpeg-restart", "-quality 80 -sample 2x2 -restart 1B")
    cjpeg("jpeg-restart-rows", "-quality 80 -sample 2x1 -restart 1")
    cjpeg("jpeg-optimized", "-quality 95 -sample 2x2 -optimize")
    cjpeg("jpeg-coarse", "-quality 3 -sample 2x2")
    cjpeg("jpeg-progressive-444", "-quality 90 -sample 1x1 -progressive")
    cjpeg("jpeg-progressive-420", "-quality 80 -sample 2x2 -progressive")
    cjpeg("jpeg-progressive-restart", "-quality 80 -sample 2x1 -progressive -restart 1B")
    cjpeg("jpeg-progressive-grey", "-quality 80 -grayscale -progressive")
    cjpeg("jpeg-1x1", "-quality 80 -sample 2x2", 1, 1)
    cjpeg("jpeg-3x2", "-quality 80 -sample 2x2", 3, 2)
    cjpeg("jpeg-5x17", "-quality 80 -sample 2x2", 5, 17)
    cjpeg("arithmetic", "-quality 80 -arithmetic", folder="broken", expect=False)
    Image.fromarray(picture(WIDTH, HEIGHT)).convert("CMYK").save(os.path.join(HERE, "broken", "cmyk.jpg"))


def pngs():
    """Files from another encoder; the tests make the other colour types, depths and the interlacing themselves."""
    rgb = Image.fromarray(picture(WIDTH, HEIGHT))
    cases = {
        "png-rgb": rgb,
        "png-rgba": Image.merge("RGBA", (*rgb.split(), rgb.split()[0])),
        "png-grey": rgb.convert("L"),
        "png-grey-alpha": rgb.convert("LA"),
        "png-grey-1": rgb.convert("1"),
        "png-palette": rgb.quantize(200),
        "png-palette-4": rgb.quantize(13),
    }
    for name, image in cases.items():
        path = os.path.join(HERE, name + ".png")
        image.save(path, optimize=name == "png-rgb", bits=4 if name == "png-palette-4" else 8)
        save_expected(name, path)
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    ids = (x * 1700 + y * 31).astype(np.uint16)
    Image.fromarray(ids).save(os.path.join(HERE, "png-grey-16.png"))
    with open(os.path.join(HERE, "png-grey-16.pgm"), "wb") as f:
        f.write(b"P5 %d %d 65535\n" % (WIDTH, HEIGHT) + ids.astype(">u2").tobytes())


if __name__ == "__main__":
    os.makedirs(os.path.join(HERE, "broken"), exist_ok=True)
    jpegs()
    pngs()
