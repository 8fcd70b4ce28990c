"""The three context modules (FRM, PPM, DAPPM) over the concatenated, pooled stage outputs."""
import torch
import torch.nn.functional as F
from torch import nn


class ConvNormRelu(nn.Module):
    """conv, BN, ReLU; the ReLU can be left out."""

    def __init__(self, channels, out, kernel, norm, bias=False, relu=True):
        super().__init__()
        self.conv = nn.Conv2d(channels, out, kernel, padding=kernel // 2, bias=bias)
        self.norm = norm(out)
        self.relu = relu

    def forward(self, x):
        y = self.norm(self.conv(x))
        return F.relu(y) if self.relu else y


class NormReluConv(nn.Module):
    """BN, ReLU, conv without bias."""

    def __init__(self, channels, out, kernel, norm):
        super().__init__()
        self.norm = norm(channels)
        self.conv = nn.Conv2d(channels, out, kernel, padding=kernel // 2, bias=False)

    def forward(self, x):
        return self.conv(F.relu(self.norm(x)))


def concat_stages(features):
    """F1..F3 averaged down to F4's size, beside F4."""
    size = features[3].shape[2:]
    return torch.cat([F.adaptive_avg_pool2d(f, size) for f in features[:3]] + [features[3]], 1)


class DisentangledNonLocal(nn.Module):
    def __init__(self, channels, qk, scale=False, temperature=1.0):
        super().__init__()
        self.q = nn.Conv2d(channels, qk, 1)
        self.k = nn.Conv2d(channels, qk, 1)
        self.g = nn.Conv2d(channels, channels, 1, bias=False)
        self.m = nn.Conv2d(channels, 1, 1)
        self.gamma = nn.Parameter(torch.zeros(1))
        self.factor = (qk ** -0.5 if scale else 1.0) / temperature

    def forward(self, x):
        pooled = F.max_pool2d(x, 2, 2)
        q = self.q(x).flatten(2).transpose(1, 2)            # [B, P, Ck]
        k = self.k(pooled).flatten(2).transpose(1, 2)       # [B, P2, Ck]
        g = self.g(pooled).flatten(2).transpose(1, 2)       # [B, P2, C]
        m = self.m(pooled).flatten(2)                       # [B, 1, P2]
        q = q - q.mean(1, keepdim=True)
        k = k - k.mean(1, keepdim=True)
        pairwise = torch.softmax(self.factor * (q @ k.transpose(1, 2)), 2) @ g
        unary = torch.softmax(m, 2) @ g                     # [B, 1, C], the same for every position
        return x + (self.gamma * pairwise + unary).transpose(1, 2).reshape(x.shape)


class FeedForward(nn.Module):
    def __init__(self, channels, hidden):
        super().__init__()
        self.fc1 = nn.Conv2d(channels, hidden, 1)
        self.dwconv = nn.Conv2d(hidden, hidden, 3, padding=1, groups=hidden)
        self.fc2 = nn.Conv2d(hidden, channels, 1)

    def forward(self, x):
        return x + self.fc2(F.relu(self.dwconv(self.fc1(x))))


class Frm(nn.Module):
    def __init__(self, channels, config, norm):
        super().__init__()
        self.dnl = DisentangledNonLocal(channels, config["qk"], config["dnl_scale"], config["dnl_temperature"])
        self.ffn = FeedForward(channels, config["ffn_hidden"])
        self.cut = ConvNormRelu(channels, config["width"], 1, norm)

    def forward(self, x):
        return self.cut(self.ffn(self.dnl(x)))


class Ppm(nn.Module):
    def __init__(self, channels, config, norm):
        super().__init__()
        branch = config["branch"]
        self.bins = config["ppm_bins"]
        self.branches = nn.ModuleList(ConvNormRelu(channels, branch, 1, norm, relu=False) for _ in self.bins)
        self.bottleneck = ConvNormRelu(channels + branch * len(self.bins), config["width"], 1, norm)
        self.dropout = nn.Dropout2d(config["dropout"])

    def forward(self, x):
        maps = [
            F.interpolate(branch(F.adaptive_avg_pool2d(x, bins)), x.shape[2:], mode="bilinear", align_corners=True)
            for bins, branch in zip(self.bins, self.branches)]
        return self.dropout(self.bottleneck(torch.cat(maps + [x], 1)))


class Dappm(nn.Module):
    POOLS = {1: (5, 2, 2), 2: (9, 4, 4), 3: (17, 8, 8)}

    def __init__(self, channels, config, norm):
        super().__init__()
        branch = config["branch"]
        for i in range(5):
            self.add_module(f"scale{i}", NormReluConv(channels, branch, 1, norm))
        for i in range(1, 5):
            self.add_module(f"process{i}", NormReluConv(branch, branch, 3, norm))
        self.compression = NormReluConv(5 * branch, config["width"], 1, norm)
        self.shortcut = NormReluConv(channels, config["width"], 1, norm)

    def forward(self, x):
        results = [self.scale0(x)]
        for i in range(1, 5):
            pooled = F.avg_pool2d(x, *self.POOLS[i]) if i < 4 else F.adaptive_avg_pool2d(x, 1)
            scale = getattr(self, f"scale{i}")(pooled)
            up = F.interpolate(scale, x.shape[2:], mode="bilinear", align_corners=False)
            results.append(getattr(self, f"process{i}")(up + results[-1]))
        return self.compression(torch.cat(results, 1)) + self.shortcut(x)


CONTEXTS = {"frm": Frm, "ppm": Ppm, "dappm": Dappm}
