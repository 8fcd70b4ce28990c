#!/usr/bin/env python3
"""Times PyTorch on the twin: a training step (forward, hybrid loss, backward, SGD) or inference.

Prints ms/step, images/s and the peak memory: on the CPU the peak resident memory of the process less that of the idle
process (PyTorch imported, nothing built yet); on CUDA the allocator's peak. The contrastive term takes `--anchors`
pixels drawn at random from the batch.
"""
import argparse
import json
import resource
import statistics
import sys
import time

import torch

from twin.losses import contrast_at, cross_entropy, sgd_step
from twin.network import Network, default_config


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mode", choices=("train", "infer"), default="train")
    parser.add_argument("--size", choices=("tiny", "small", "base", "large"), default="small")
    parser.add_argument("--context", choices=("frm", "ppm", "dappm"), default="frm")
    parser.add_argument("--batch", type=int, default=2)
    parser.add_argument("--crop", default="256x256", help="WIDTHxHEIGHT")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--steps", type=int, default=5)
    parser.add_argument("--warmup", type=int, default=1)
    parser.add_argument("--anchors", type=int, default=1024, help="0: cross-entropy alone")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--precision", choices=("float32", "tf32", "bf16"), default="float32", help="tf32 and bf16: of products")
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


def peak_resident():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024  # MiB on Linux


def autocast(device, precision):
    # "float32" means just that; PyTorch's own default rounds the operands of convolutions to tf32 on GPUs.
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = precision == "tf32"
    return torch.autocast("cuda" if device.startswith("cuda") else "cpu", dtype=torch.bfloat16, enabled=precision == "bf16")


def training_step(network, velocity, x, target, anchors, mixed):
    with mixed:
        logits, fused = network(x)
        loss = cross_entropy(logits.float(), target)
        if len(anchors):
            loss = loss + contrast_at(network, fused, target, anchors, 0.1)
    network.zero_grad(set_to_none=True)
    loss.backward()
    sgd_step(list(network.named_parameters()), velocity, 0.01, 0.9, 1e-4)
    return loss.item()


def inference(network, x, mixed):
    with torch.no_grad(), mixed:
        return network(x)[0].argmax(1)


def main():
    arguments = parse()
    torch.set_num_threads(arguments.threads)
    torch.manual_seed(1)
    cuda = arguments.device.startswith("cuda")
    idle = peak_resident()
    width, height = map(int, arguments.crop.split("x"))
    network = Network(default_config(arguments.size, arguments.context)).to(arguments.device)
    network.train(arguments.mode == "train")
    x = torch.randn(arguments.batch, 3, height, width, device=arguments.device)
    target = torch.randint(0, 19, (arguments.batch, height // 16 + 1, width // 16 + 1), device=arguments.device)
    target = target.repeat_interleave(16, 1).repeat_interleave(16, 2)[:, :height, :width].contiguous()
    plane = arguments.batch * -(-height // 4) * -(-width // 4)
    anchors = torch.randperm(plane, device=arguments.device)[:arguments.anchors]
    velocity, times = {}, []
    for step in range(arguments.warmup + arguments.steps):
        if cuda:
            torch.cuda.synchronize()
        start = time.perf_counter()
        mixed = autocast(arguments.device, arguments.precision)
        training_step(network, velocity, x, target, anchors, mixed) if arguments.mode == "train" else inference(network, x, mixed)
        if cuda:
            torch.cuda.synchronize()
        if step >= arguments.warmup:
            times.append(time.perf_counter() - start)
    median = statistics.median(times)
    peak = torch.cuda.max_memory_allocated() / 2**20 if cuda else peak_resident() - idle
    result = {
        "mode": arguments.mode, "network": f"van-{arguments.size[0]}-{arguments.context}", "batch": arguments.batch,
        "crop": arguments.crop, "threads": arguments.threads, "device": arguments.device, "precision": arguments.precision, "torch": torch.__version__,
        "ms_per_step": round(median * 1000, 1), "ms_min": round(min(times) * 1000, 1),
        "images_per_s": round(arguments.batch / median, 3), "peak_mib": round(peak, 1), "idle_mib": round(idle, 1)}
    print(json.dumps(result) if arguments.json else "  ".join(f"{k} {v}" for k, v in result.items()))


if __name__ == "__main__":
    sys.exit(main())
