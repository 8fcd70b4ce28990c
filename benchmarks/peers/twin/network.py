"""The whole network: VAN, a context module, and the flow-aligned FPN decoder."""
import math

import torch
import torch.nn.functional as F
from torch import nn

from .backbone import SIZES, Van
from .contexts import CONTEXTS, ConvNormRelu, DisentangledNonLocal, concat_stages


def up(x, size):
    return F.interpolate(x, size, mode="bilinear", align_corners=True)


def default_config(size="small", context="frm", classes=19):
    """The settings of the published networks; a parity case's `config` has the same keys."""
    dims, depths, ratios = SIZES[size]
    return {
        "dims": dims, "depths": depths, "ratios": ratios, "classes": classes, "context": context,
        "qk": sum(dims) // 4, "ffn_hidden": 128, "branch": 128, "width": 128, "flow_width": 64, "embed": 256,
        "drop_path": 0.1, "dropout": 0.1, "dnl_scale": False, "dnl_temperature": 1.0, "ppm_bins": [1, 2, 3, 6],
        "bn_eps": 1e-5, "bn_momentum": 0.1, "ln_eps": 1e-6}


class FlowAlignment(nn.Module):
    """Warps the coarse map to the lateral's size along a flow learned from both."""

    def __init__(self, width, flow_width):
        super().__init__()
        self.down_lateral = nn.Conv2d(width, flow_width, 1, bias=False)
        self.down_coarse = nn.Conv2d(width, flow_width, 1, bias=False)
        self.flow = nn.Conv2d(2 * flow_width, 2, 3, padding=1, bias=False)

    def forward(self, coarse, lateral):
        size = lateral.shape[2:]
        flow = self.flow(torch.cat([up(self.down_coarse(coarse), size), self.down_lateral(lateral)], 1))
        return warp(coarse, flow)


def warp(x, flow):
    """Samples x at linspace(-1, 1) of the flow's size plus flow / (w, h); zeros outside."""
    h, w = flow.shape[2:]
    options = {"dtype": x.dtype, "device": x.device}
    ys, xs = torch.meshgrid(torch.linspace(-1, 1, h, **options), torch.linspace(-1, 1, w, **options), indexing="ij")
    grid = torch.stack([xs, ys], 2) + flow.permute(0, 2, 3, 1) / torch.tensor([w, h], **options)
    return F.grid_sample(x, grid, mode="bilinear", padding_mode="zeros", align_corners=True)


class Decoder(nn.Module):
    def __init__(self, dims, config, norm):
        super().__init__()
        width = config["width"]
        for i in range(1, 4):
            self.add_module(f"lateral{i}", ConvNormRelu(dims[i - 1], width, 1, norm, bias=True))
            self.add_module(f"align{i}", FlowAlignment(width, config["flow_width"]))
            self.add_module(f"side{i}", ConvNormRelu(width, width, 3, norm))
        self.fusion = ConvNormRelu(4 * width, width, 3, norm)
        self.classifier = nn.Conv2d(width, config["classes"], 1)

    def forward(self, features, context):
        f, sides = context, []
        for i in (3, 2, 1):
            lateral = getattr(self, f"lateral{i}")(features[i - 1])
            f = lateral + getattr(self, f"align{i}")(f, lateral)
            sides.insert(0, getattr(self, f"side{i}")(f))
        size = sides[0].shape[2:]
        fused = self.fusion(torch.cat([up(side, size) for side in sides + [context]], 1))
        return self.classifier(fused), fused


class Network(nn.Module):
    """forward gives (logits at the input's size, fused features at H/4); embed gives the contrastive embeddings."""

    def __init__(self, config):
        super().__init__()
        config = {**default_config(), **config}

        def norm(channels):
            return nn.BatchNorm2d(channels, config["bn_eps"], config["bn_momentum"])

        dims = config["dims"]
        self.backbone = Van(dims, config["depths"], config["ratios"], config["drop_path"], norm, config["ln_eps"])
        self.context = CONTEXTS[config["context"]](sum(dims), config, norm)
        self.decoder = Decoder(dims, config, norm)
        self.embedding = nn.Conv2d(config["width"], config["embed"], 1)
        self.apply(_initialise)

    def forward(self, x):
        features = self.backbone(x)
        logits, fused = self.decoder(features, self.context(concat_stages(features)))
        return up(logits, x.shape[2:]), fused

    def embed(self, fused):
        return F.normalize(self.embedding(fused), dim=1, eps=1e-12)


def _initialise(module):
    if isinstance(module, DisentangledNonLocal):
        for conv in (module.q, module.k, module.g, module.m):
            nn.init.normal_(conv.weight, 0, 0.01)
    elif isinstance(module, nn.Conv2d):
        fan_out = module.kernel_size[0] * module.kernel_size[1] * module.out_channels / module.groups
        nn.init.normal_(module.weight, 0, math.sqrt(2 / fan_out))
        if module.bias is not None:
            nn.init.zeros_(module.bias)
