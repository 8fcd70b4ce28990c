"""Parity cases: one file holds a network's weights and input, and what a reference computed from them."""
import json

import numpy as np
import torch

from . import safetensors_file
from .losses import contrast_at, cross_entropy, sgd_step
from .network import Network


def build(tensors, metadata, dtype):
    config = json.loads(metadata["config"])
    config.setdefault("context", metadata["variant"])
    for key in ("bn_eps", "bn_momentum", "ln_eps"):
        if key in metadata:
            config[key] = float(metadata[key])
    if metadata["mode"] == "train":
        config["drop_path"] = config["dropout"] = 0.0
    network = Network(config).to(dtype)
    network.load_state_dict({k[6:]: torch.from_numpy(v.copy()) for k, v in tensors.items() if k.startswith("state/")})
    return network.train(metadata["mode"] == "train")


def run(tensors, metadata, dtype=torch.float64):
    """Computes a case; returns (tensors under the case's names as numpy of dtype, losses by metadata name)."""
    network = build(tensors, metadata, dtype)
    x = torch.from_numpy(tensors["input"].copy()).to(dtype)
    results, losses = {}, {}
    if metadata["mode"] == "eval":
        with torch.no_grad():
            results["logits"] = network(x)[0]
    else:
        _train(network, x, tensors, metadata, results, losses)
    return {k: v.detach().numpy() for k, v in results.items()}, losses


def _train(network, x, tensors, metadata, results, losses):
    target = torch.from_numpy(tensors["target"].copy())
    anchors = torch.from_numpy(tensors["anchors"].copy()) if "anchors" in tensors else None
    x.requires_grad_()
    velocity = {}
    # A case without steps still has a first forward and backward.
    for step in range(1, max(1, int(metadata.get("steps", 0))) + 1):
        logits, fused = network(x)
        ce = cross_entropy(logits, target, int(metadata.get("ignore", 255)))
        contrast = ce * 0
        if anchors is not None:
            contrast = contrast_at(network, fused, target, anchors, float(metadata.get("tau", 0.1)))
        total = ce if anchors is None else ce + float(metadata.get("lambda", 1)) * contrast
        network.zero_grad(set_to_none=True)
        total.backward()
        losses.update({f"loss_total_{step}": total.item(), f"loss_ce_{step}": ce.item(), f"loss_contrastive_{step}": contrast.item()})
        if step == 1:
            results["logits"] = logits.detach().clone()
            results["grad_input"] = x.grad.clone()
            results.update({f"grad/{k}": p.grad.clone() for k, p in network.named_parameters() if p.grad is not None})
            x.requires_grad_(False)
        if int(metadata.get("steps", 0)) > 0:
            sgd_step(list(network.named_parameters()), velocity, *(float(metadata[k]) for k in ("lr", "momentum", "weight_decay")))
    results.update({f"after/{k}": v for k, v in network.state_dict().items()})


def compute(tensors, metadata):
    """Adds a reference's results to a case's weights and inputs: float64 results, `f32`, `amax` and the losses."""
    exact, losses = run(tensors, metadata, torch.float64)
    single, losses32 = run(tensors, metadata, torch.float32)
    metadata = dict(metadata)
    floats = [k for k in exact if exact[k].dtype == np.float64]
    metadata["f32"] = json.dumps({k: float(f"{np.abs(exact[k] - single[k]).max():.3g}") for k in floats})
    metadata["amax"] = json.dumps({k: float(f"{np.abs(exact[k]).max():.3g}") for k in floats})
    metadata.update({k: repr(v) for k, v in losses.items()})
    metadata.update({f"{k}_f32": repr(v) for k, v in losses32.items()})
    stored = {k: v.astype(np.float32) if v.dtype == np.float64 else v for k, v in exact.items()}
    return {**tensors, **stored}, metadata


def allowed(name, f32, amax):
    """The largest absolute difference with which a tensor passes."""
    gradients = [v for k, v in amax.items() if k.startswith("grad")]
    bound = max(f32.get(name, 0.0), 1e-6 * amax.get(name, 0.0))
    if name.startswith("grad") and gradients:
        bound = max(bound, 1e-6 * max(gradients))
    return 20 * bound


def compare(tensors, metadata, results):
    """Rows (name, largest absolute difference, allowed), worst first."""
    f32, amax = json.loads(metadata["f32"]), json.loads(metadata["amax"])
    rows = []
    for name, expected in tensors.items():
        if name.startswith("state/") or name in ("input", "target", "anchors"):
            continue
        found = results[name]
        difference = float(np.abs(found.astype(np.float64) - expected.astype(np.float64)).max()) if expected.size else 0.0
        rows.append((name, difference, allowed(name, f32, amax)))
    return sorted(rows, key=lambda row: -(row[1] / row[2] if row[2] else (row[1] and float("inf"))))


def read(path):
    return safetensors_file.read(path)


def write(path, tensors, metadata):
    safetensors_file.write(path, tensors, metadata)
