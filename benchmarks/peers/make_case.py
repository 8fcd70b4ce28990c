#!/usr/bin/env python3
"""Makes a parity case by the twin: random weights and input, float64 results and the differences that float32 shows."""
import argparse
import json
import sys

import numpy as np
import torch

from twin import cases
from twin.network import Network, default_config

NANO = {
    "dims": [8, 16, 24, 32], "depths": [1, 1, 2, 1], "ratios": [8, 8, 4, 4], "classes": 5, "qk": 20, "ffn_hidden": 10,
    "branch": 16, "width": 16, "flow_width": 8, "embed": 16}


def parse():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out")
    parser.add_argument("--size", choices=("nano", "tiny", "small", "base", "large"), default="nano")
    parser.add_argument("--context", choices=("frm", "ppm", "dappm"), default="frm")
    parser.add_argument("--mode", choices=("train", "eval"), default="train")
    parser.add_argument("--batch", type=int, default=1)
    parser.add_argument("--input", default="72x64", help="WIDTHxHEIGHT")
    parser.add_argument("--classes", type=int)
    parser.add_argument("--steps", type=int, default=1)
    parser.add_argument("--anchors", type=int, default=0, help="0: cross-entropy alone")
    parser.add_argument("--lr", type=float, default=0.01)
    parser.add_argument("--weight-decay", type=float, default=1e-4)
    parser.add_argument("--layer-scale", type=float, default=0.4, help="smaller for deep networks, whose activations would explode")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--set", default="{}", help="JSON: further settings of the network")
    return parser.parse_args()


def configuration(arguments):
    config = default_config("small" if arguments.size == "nano" else arguments.size, arguments.context)
    if arguments.size == "nano":
        config.update(NANO)
    if arguments.classes:
        config["classes"] = arguments.classes
    config.update(json.loads(arguments.set))
    return config


def randomise(network, generator, layer_scale=0.4):
    """Moves every tensor off its initial value, so that no gradient is zero for want of a scale, and nothing explodes."""
    def normal(like, scale):
        return torch.from_numpy(generator.normal(0, scale, like.shape)).to(like)

    for name, value in network.state_dict().items():
        if name.endswith("num_batches_tracked"):
            value.fill_(int(generator.integers(0, 50)))
        elif name.endswith("running_var"):
            value.copy_(torch.exp(normal(value, 0.3)))
        elif "layer_scale" in name:
            value.copy_(layer_scale * (1 + normal(value, 0.25)))
        elif name.endswith("gamma"):
            value.copy_(0.4 + normal(value, 0.1))
        elif value.dim() == 1 and name.endswith("weight"):
            value.copy_(1 + normal(value, 0.1))
        elif value.dim() == 1:
            value.copy_(normal(value, 0.1))
        elif value[0].numel() > 0:
            value.copy_(normal(value, (1.0 if ".flow." not in name else 3.0) / value[0].numel() ** 0.5))


def blobs(generator, batch, height, width, classes):
    """Labels in patches of 11 pixels with a few classes each, and some ignored ones."""
    coarse = generator.integers(0, classes, (batch, height // 11 + 1, width // 11 + 1))
    coarse[generator.random(coarse.shape) < 0.1] = 255
    return coarse.repeat(11, 1).repeat(11, 2)[:, :height, :width].astype(np.int64)


def anchor_indices(target, quarter, count, generator):
    rows, columns = (np.arange(n) * full // n for n, full in zip(quarter, target.shape[1:]))
    counted = np.flatnonzero(target[:, rows][:, :, columns].reshape(-1) != 255)
    return np.sort(generator.permutation(counted)[:count]).astype(np.int64)


def main():
    arguments = parse()
    generator = np.random.default_rng(arguments.seed)
    torch.manual_seed(arguments.seed)
    config = configuration(arguments)
    network = Network(config)
    randomise(network, generator, arguments.layer_scale)
    width, height = map(int, arguments.input.split("x"))
    tensors = {f"state/{k}": v.numpy() for k, v in network.state_dict().items()}
    tensors["input"] = generator.normal(0, 1, (arguments.batch, 3, height, width)).astype(np.float32)
    metadata = {
        "mode": arguments.mode, "variant": arguments.context, "model": arguments.size, "seed": arguments.seed,
        "config": json.dumps(config), "batch": arguments.batch, "height": height, "width": width, "classes": config["classes"],
        "bn_eps": config["bn_eps"], "bn_momentum": config["bn_momentum"], "ln_eps": config["ln_eps"]}
    if arguments.mode == "train":
        tensors["target"] = blobs(generator, arguments.batch, height, width, config["classes"])
        metadata.update({
            "lr": arguments.lr, "momentum": 0.9, "weight_decay": arguments.weight_decay, "steps": arguments.steps,
            "ignore": 255, "tau": 0.1, "lambda": 1.0 if arguments.anchors else 0.0})
        if arguments.anchors:
            quarter = [(n + 3) // 4 for n in (height, width)]
            tensors["anchors"] = anchor_indices(tensors["target"], quarter, arguments.anchors, generator)
    tensors, metadata = cases.compute(tensors, metadata)
    if not np.isfinite(tensors["logits"]).all():
        sys.exit(f"{arguments.out}: the logits are not finite; try a smaller --layer-scale")
    cases.write(arguments.out, tensors, metadata)
    amax = json.loads(metadata["amax"])
    print(f"{arguments.out}: {len(tensors)} tensors, logits up to {amax['logits']}, " + ", ".join(
        f"{k} {metadata[k]}" for k in sorted(metadata) if k.startswith("loss_total") and not k.endswith("f32")))


if __name__ == "__main__":
    sys.exit(main())
