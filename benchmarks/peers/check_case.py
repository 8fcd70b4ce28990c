#!/usr/bin/env python3
"""Runs the twin on parity cases and compares: check_case.py [--dtype float32|float64] [--rows N] CASE..."""
import argparse
import sys

import numpy as np
import torch

from twin import cases


def rounding(tensors, results, rows):
    """0.5 is the rounding of the stored values themselves. Tensors that are zero but for rounding are left out."""
    places = {}
    for name, difference, _ in rows:
        largest = np.abs(tensors[name]).max(initial=0)
        if tensors[name].dtype == np.float32 and largest > 1e-12:
            places[name] = difference / float(np.spacing(largest))
    return ", ".join(f"{k} {places[k]:.2g}" for k in sorted(places, key=places.get)[:-4:-1])


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cases", nargs="+")
    parser.add_argument("--dtype", choices=("float32", "float64"), default="float64")
    parser.add_argument("--rows", type=int, default=5)
    arguments = parser.parse_args()
    failed = False
    for path in arguments.cases:
        tensors, metadata = cases.read(path)
        results, losses = cases.run(tensors, metadata, getattr(torch, arguments.dtype))
        rows = cases.compare(tensors, metadata, results)
        print(f"{path}: {len(rows)} tensors")
        for name, difference, allowed in rows[:arguments.rows]:
            print(f"  {name:60s} {difference:10.3e} allowed {allowed:10.3e} {'ok' if difference <= allowed else 'FAIL'}")
        print("  furthest from the stored values, in float32 last places of the tensor's largest value:", rounding(tensors, results, rows))
        for name, value in losses.items():
            print(f"  {name} {value!r} reference {metadata.get(name)}")
        failed |= any(difference > allowed for _, difference, allowed in rows)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
