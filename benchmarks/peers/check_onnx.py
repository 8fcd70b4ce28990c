"""Holds a model that `ilgpuseg export` wrote against ONNX's own checker and, evaluated with PyTorch, against a parity case.

    ilgpuseg export case.safetensors case.onnx
    python3 benchmarks/peers/check_onnx.py case.onnx case.safetensors

The case must be one of inference (mode eval). Every operator is evaluated by itself, from its ONNX definition, in float64.
"""
import json
import sys

import onnx
import torch
import torch.nn.functional as F
from onnx import helper, numpy_helper

from twin.safetensors_file import read


def conv(a, x, w, b=None):
    pads = a["pads"]
    assert pads[:2] == pads[2:]
    return F.conv2d(x, w, b, a["strides"], pads[:2], a["dilations"], a["group"])


def resize(a, x, _roi, _scales, sizes):
    assert a["mode"] == b"linear" and sizes[:2].tolist() == list(x.shape[:2])
    corners = {b"align_corners": True, b"pytorch_half_pixel": False}[a["coordinate_transformation_mode"]]
    return F.interpolate(x, sizes[2:].tolist(), mode="bilinear", align_corners=corners)


def layer_norm(a, x, w, b):
    assert a["axis"] == -1
    return F.layer_norm(x, x.shape[-1:], w, b, a["epsilon"])


def squeeze(_, x, axes):
    for axis in sorted(axes.tolist(), reverse=True):
        x = x.squeeze(axis)
    return x


def unsqueeze(_, x, axes):
    for axis in sorted(axes.tolist()):
        x = x.unsqueeze(axis)
    return x


def reshape(_, x, shape):
    return x.reshape([x.shape[i] if n == 0 else n for i, n in enumerate(shape.tolist())])


def divide(_, x, y):
    return x / y if x.is_floating_point() else torch.div(x, y, rounding_mode="trunc")


OPERATORS = {
    "Conv": conv, "Resize": resize, "LayerNormalization": layer_norm, "Squeeze": squeeze, "Unsqueeze": unsqueeze, "Reshape": reshape,
    "BatchNormalization": lambda a, x, w, b, m, v: F.batch_norm(x, m, v, w, b, False, 0, a["epsilon"]),
    "Add": lambda _, x, y: x + y, "Sub": lambda _, x, y: x - y, "Mul": lambda _, x, y: x * y, "Div": divide,
    "Max": lambda _, x, y: torch.maximum(x, y), "And": lambda _, x, y: x & y, "Less": lambda _, x, y: x < y,
    "GreaterOrEqual": lambda _, x, y: x >= y, "Erf": lambda _, x: torch.erf(x), "Relu": lambda _, x: torch.relu(x),
    "MatMul": lambda _, x, y: x @ y, "Softmax": lambda a, x: torch.softmax(x, a["axis"]), "Identity": lambda _, x: x,
    "ReduceMean": lambda a, x: x.mean(a["axes"], keepdim=bool(a["keepdims"])),
    "Transpose": lambda a, x: x.permute(a["perm"]), "Concat": lambda a, *xs: torch.cat(xs, a["axis"]),
    "Shape": lambda a, x: torch.tensor(x.shape[a.get("start", 0):a.get("end")]), "Expand": lambda _, x, s: x.expand(s.tolist()),
    "Range": lambda _, start, limit, step: torch.arange(start.item(), limit.item(), step.item()),
    "Cast": lambda a, x: {1: x.double}[a["to"]](),
    "MaxPool": lambda a, x: F.max_pool2d(x, a["kernel_shape"], a["strides"]),
    "AveragePool": lambda a, x: F.avg_pool2d(x, a["kernel_shape"], a["strides"], a["pads"][:2], count_include_pad=bool(a["count_include_pad"])),
    "GlobalAveragePool": lambda _, x: x.mean((2, 3), keepdim=True),
    "GridSample": lambda a, x, g: F.grid_sample(x, g, a["mode"].decode(), a["padding_mode"].decode(), bool(a["align_corners"])),
}


def evaluate(graph, images):
    values = {t.name: torch.tensor(numpy_helper.to_array(t)) for t in graph.initializer}
    values = {k: v.double() if v.is_floating_point() else v for k, v in values.items()}
    values["images"], values[""] = images, None
    for node in graph.node:
        attributes = {a.name: helper.get_attribute_value(a) for a in node.attribute}
        values[node.output[0]] = OPERATORS[node.op_type](attributes, *(values[name] for name in node.input))
    return values["logits"]


def main(path, case):
    model = onnx.load(path)
    onnx.checker.check_model(model, full_check=True)
    tensors, metadata = read(case)
    assert metadata["mode"] == "eval", "the case must be one of inference"
    images, expected = torch.tensor(tensors["input"]).double(), torch.tensor(tensors["logits"]).double()
    with torch.no_grad():
        logits = evaluate(model.graph, images)
    difference = (logits - expected).abs().max().item()
    allowed = 20 * max(json.loads(metadata["f32"])["logits"], 1e-6 * json.loads(metadata["amax"])["logits"])
    kinds = {node.op_type for node in model.graph.node}
    norms = sum(node.op_type == "BatchNormalization" for node in model.graph.node)
    print(f"{path}: checker ok, {len(model.graph.node)} nodes of {len(kinds)} kinds, {norms} BatchNormalization; logits {list(logits.shape)} "
          f"differ by {difference:.3g}, allowed {allowed:.3g}: {'ok' if difference <= allowed else 'FAIL'}")
    return difference <= allowed


if __name__ == "__main__":
    sys.exit(0 if main(*sys.argv[1:3]) else 1)
