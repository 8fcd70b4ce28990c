#!/usr/bin/env python3
"""Times PyTorch on the operations of `bench ops`, row by row, and joins both in one table (Markdown).

    bench ops --device cuda:0 --out ours.csv
    op_times.py --device cuda --ours ours.csv

Convolutions are timed with channels-last and with contiguous images; the faster counts. Launches follow each other without waiting.
"""
import argparse
import csv
import statistics
import sys
import time

import torch
import torch.nn.functional as F


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--small", action="store_true", help="extents that suit a CPU, as bench ops --small")
    parser.add_argument("--ours", help="what bench ops wrote with --out")
    return parser.parse_args()


def timed(device, run):
    def once(count):
        synchronize(device)
        start = time.perf_counter()
        for _ in range(count):
            run()
        synchronize(device)
        return (time.perf_counter() - start) * 1000
    once(1), once(1)
    repeats = int(min(max(30 / (once(3) / 3), 1), 2000))
    return statistics.median(once(repeats) / repeats for _ in range(7))


def synchronize(device):
    if device.startswith("cuda"):
        torch.cuda.synchronize()


def tf32(allowed):
    torch.backends.cuda.matmul.allow_tf32 = allowed
    torch.backends.cudnn.allow_tf32 = allowed


def forward(apply, *tensors):
    def run():
        with torch.no_grad():
            apply(*tensors)
    return run


def gradients(apply, *tensors):
    leaves = [t.requires_grad_() for t in tensors]
    seed = torch.ones_like(apply(*leaves))
    return lambda: torch.autograd.grad(apply(*leaves), leaves, seed)


def attention(q, k, g, m, gamma):
    # One softmax over all keys for each query, and one for all queries together; whitening of q and k about their means.
    q = q - q.mean(1, keepdim=True)
    k = k - k.mean(1, keepdim=True)
    pairs = F.scaled_dot_product_attention(q, k, g, scale=0.125) if hasattr(F, "scaled_dot_product_attention") \
        else torch.softmax(q @ k.transpose(1, 2) * 0.125, 2) @ g
    return gamma * (pairs + torch.softmax(m, 1).transpose(1, 2) @ g)


def traffic(device, small):
    count = 1 << (22 if small else 26)
    a, b = (torch.randn(count, device=device) for _ in range(2))
    yield f"add {count >> 20} Mi", False, lambda: forward(torch.add, a, b)
    yield f"gelu {count >> 20} Mi", False, lambda: forward(F.gelu, a)
    yield f"sum {count >> 20} Mi", False, lambda: forward(torch.sum, a)


def products(device, small):
    for n in (512,) if small else (1024, 4096, 8192):
        a, b = (torch.randn(n, n, device=device) for _ in range(2))
        yield f"matmul float {n}", False, lambda: forward(torch.matmul, a, b)
        yield f"matmul tf32 {n}", True, lambda: forward(torch.matmul, a, b)
        yield f"matmul bf16 {n}", False, lambda: forward(torch.matmul, a.bfloat16(), b.bfloat16())


def layers(device, small):
    n, h, w = (1, 32, 64) if small else (4, 128, 256)
    positions = 512 if small else 8192

    def rand(*shape):
        return torch.randn(*shape, device=device)

    def image(channels, layout):
        return rand(n, channels, h, w).contiguous(memory_format=layout)

    for run, suffix in ((forward, ""), (gradients, " with gradients")):
        for layout in (torch.channels_last, torch.contiguous_format):
            for name, allowed in (("float", False), ("tf32", True)):
                yield f"conv 3x3 128 to 128 {name}{suffix}", allowed, lambda: run(
                    lambda x, y: F.conv2d(x, y, None, 1, 1), image(128, layout), rand(128, 128, 3, 3).contiguous(memory_format=layout))
                yield f"conv 1x1 64 to 512 {name}{suffix}", allowed, lambda: run(
                    F.conv2d, image(64, layout), rand(512, 64, 1, 1).contiguous(memory_format=layout))
            for k, dilation, padding in ((3, 1, 1), (5, 1, 2), (7, 3, 9)):
                yield f"depthwise {k}x{k} dilation {dilation}{suffix}", False, lambda: run(
                    lambda x, y, b: F.conv2d(x, y, b, 1, padding, dilation, 64), image(64, layout), rand(64, 1, k, k), rand(64))
            mean, variance = rand(64), torch.ones(64, device=device)
            yield f"batch norm{suffix}", False, lambda: run(
                lambda x, y, b: F.batch_norm(x, mean, variance, y, b, True), image(64, layout), rand(64), rand(64))
        yield f"layer norm{suffix}", False, lambda: run(
            lambda x, y, b: F.layer_norm(x, (64,), y, b), rand(n, h, w, 64), rand(64), rand(64))
        yield f"attention {positions}{suffix}", False, lambda: run(
            attention, rand(n, positions, 64), rand(n, positions, 64), rand(n, positions, 256), rand(n, positions, 1), rand(1))


def main():
    arguments = parse()
    ours = {row[0]: [float(x) for x in row[1:]] for row in csv.reader(open(arguments.ours))} if arguments.ours else {}
    theirs = {}
    for source in (traffic, products, layers):
        for name, allowed, prepare in source(arguments.device, arguments.small):
            tf32(allowed)
            try:
                theirs[name] = min(theirs.get(name, float("inf")), timed(arguments.device, prepare()))
            except torch.cuda.OutOfMemoryError:
                torch.cuda.empty_cache()
    print(f"| operation | PyTorch {torch.__version__} ms | ours ms | ours | PyTorch | PyTorch's time / ours |\n|---|---|---|---|---|---|")
    for name, peer in theirs.items():
        if name not in ours:
            print(f"| {name} | {peer:.4g} | | | | |")
            continue
        mine, operations, size = ours[name]
        rate = (lambda ms: f"{operations / ms / 1e9:.4g} TFLOP/s") if operations else (lambda ms: f"{size / ms / 1e6:.4g} GB/s")
        print(f"| {name} | {peer:.4g} | {mine:.4g} | {rate(mine)} | {rate(peer)} | {peer / mine:.2f} |")


if __name__ == "__main__":
    sys.exit(main())
