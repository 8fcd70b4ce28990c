#!/usr/bin/env python3
"""Writes tests/IlgpuSeg.KernelRuntime.Tests/Simd/lane-math-reference.csv: function,x,high,low as hexadecimal bit patterns of doubles,
where high + low is the function's value to about 106 bits. Needs mpmath (Debian: python3-mpmath)."""
import os
import random
import struct
from mpmath import mp, mpf, exp, log, tanh, erf, power

mp.prec = 300
random.seed(20)
FUNCTIONS = {
    "Exp": exp, "Exp2": lambda x: power(2, x), "Log": log, "Log2": lambda x: log(x) / log(mpf(2)),
    "Log10": lambda x: log(x) / log(mpf(10)), "Tanh": tanh, "Erf": erf,
}


def bits(value):
    return struct.unpack("<Q", struct.pack("<d", value))[0]


def real(pattern):
    return struct.unpack("<d", struct.pack("<Q", pattern))[0]


def near(x):
    return [real(bits(x) + d) for d in (-2, -1, 0, 1, 2)]


def arguments(name):
    if name.startswith("Log"):
        xs = [real(random.randrange(1, 0x7ff0000000000000)) for _ in range(120)]
        xs += [random.uniform(0.5, 2) for _ in range(150)] + [1 + random.uniform(-1, 1) * 10.0 ** -random.randrange(1, 15) for _ in range(60)]
        xs += near(0.5 ** 0.5) + near(2 ** 0.5) + near(1.0) + near(10.0) + near(real(1) * 5) + near(2.2250738585072014e-308)
        return xs
    if name == "Exp":
        return [random.uniform(-745, 709.7) for _ in range(150)] + [random.uniform(-1, 1) * 10.0 ** -random.randrange(0, 17) for _ in range(100)] + near(
            709.782712893384) [:2] + near(-708.3964185322641) + near(-745.1) + near(0.34657359027997264) + near(1.0)
    if name == "Exp2":
        return [random.uniform(-1074, 1023.9) for _ in range(150)] + [random.uniform(-1, 1) * 10.0 ** -random.randrange(0, 17) for _ in range(100)] + near(
            -1022.0) + near(0.5) + near(-1074.0) + near(3.0)
    wide = 20 if name == "Tanh" else 6
    xs = [random.uniform(-wide, wide) for _ in range(150)] + [random.uniform(-1.2, 1.2) for _ in range(200)]
    xs += [random.uniform(-1, 1) * 10.0 ** -random.randrange(1, 308) for _ in range(60)]
    return xs + near(1.0) + near(0.34657359027997264) + near(0.17328679513998632) + near(5.92) + near(19.06) + near(2.0) + near(1e-310)


here = os.path.dirname(os.path.abspath(__file__))
path = os.path.join(here, "../../tests/IlgpuSeg.KernelRuntime.Tests/Simd/lane-math-reference.csv")
with open(path, "w", newline="\n") as out:
    for name, function in FUNCTIONS.items():
        for x in arguments(name):
            exact = function(mpf(x))
            high = float(exact)
            low = float(exact - mpf(high)) if abs(high) > 0 else 0.0
            out.write(f"{name},{bits(x):016x},{bits(high):016x},{bits(low):016x}\n")
