"""VAN: the backbone, under the names of its pretrained files."""
import torch
from torch import nn

# size -> dims, depths, MLP ratios
SIZES = {
    "tiny": ((32, 64, 160, 256), (3, 3, 5, 2), (8, 8, 4, 4)),
    "small": ((64, 128, 320, 512), (2, 2, 4, 2), (8, 8, 4, 4)),
    "base": ((64, 128, 320, 512), (3, 3, 12, 3), (8, 8, 4, 4)),
    "large": ((64, 128, 320, 512), (3, 5, 27, 3), (8, 8, 4, 4)),
}


class DropPath(nn.Module):
    """Drops a sample's branch with the given probability and scales the survivors."""

    def __init__(self, rate):
        super().__init__()
        self.rate = rate

    def forward(self, x):
        if not self.training or self.rate == 0:
            return x
        keep = 1 - self.rate
        mask = torch.rand(x.shape[0], 1, 1, 1, dtype=x.dtype, device=x.device) < keep
        return x * mask / keep


class LargeKernelAttention(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.conv0 = nn.Conv2d(dim, dim, 5, padding=2, groups=dim)
        self.conv_spatial = nn.Conv2d(dim, dim, 7, padding=9, dilation=3, groups=dim)
        self.conv1 = nn.Conv2d(dim, dim, 1)

    def forward(self, x):
        return x * self.conv1(self.conv_spatial(self.conv0(x)))


class Attention(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.proj_1 = nn.Conv2d(dim, dim, 1)
        self.spatial_gating_unit = LargeKernelAttention(dim)
        self.proj_2 = nn.Conv2d(dim, dim, 1)

    def forward(self, x):
        return x + self.proj_2(self.spatial_gating_unit(nn.functional.gelu(self.proj_1(x))))


class DepthWise(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.dwconv = nn.Conv2d(dim, dim, 3, padding=1, groups=dim)

    def forward(self, x):
        return self.dwconv(x)


class Mlp(nn.Module):
    def __init__(self, dim, hidden):
        super().__init__()
        self.fc1 = nn.Conv2d(dim, hidden, 1)
        self.dwconv = DepthWise(hidden)
        self.fc2 = nn.Conv2d(hidden, dim, 1)

    def forward(self, x):
        return self.fc2(nn.functional.gelu(self.dwconv(self.fc1(x))))


class Block(nn.Module):
    def __init__(self, dim, ratio, drop_path, norm):
        super().__init__()
        self.norm1 = norm(dim)
        self.attn = Attention(dim)
        self.norm2 = norm(dim)
        self.mlp = Mlp(dim, dim * ratio)
        self.drop_path = DropPath(drop_path)
        self.layer_scale_1 = nn.Parameter(torch.full((dim,), 0.01))
        self.layer_scale_2 = nn.Parameter(torch.full((dim,), 0.01))

    def forward(self, x):
        x = x + self.drop_path(self.layer_scale_1[:, None, None] * self.attn(self.norm1(x)))
        return x + self.drop_path(self.layer_scale_2[:, None, None] * self.mlp(self.norm2(x)))


class PatchEmbedding(nn.Module):
    def __init__(self, channels, dim, kernel, stride, norm):
        super().__init__()
        self.proj = nn.Conv2d(channels, dim, kernel, stride, padding=kernel // 2)
        self.norm = norm(dim)

    def forward(self, x):
        return self.norm(self.proj(x))


class Van(nn.Module):
    def __init__(self, dims, depths, ratios, drop_path, norm, ln_eps):
        super().__init__()
        rates = torch.linspace(0, drop_path, sum(depths)).tolist()
        channels = 3
        for i in range(4):
            kernel, stride = (7, 4) if i == 0 else (3, 2)
            stage_rates = rates[sum(depths[:i]):sum(depths[:i + 1])]
            self.add_module(f"patch_embed{i + 1}", PatchEmbedding(channels, dims[i], kernel, stride, norm))
            self.add_module(f"block{i + 1}", nn.ModuleList(Block(dims[i], ratios[i], rate, norm) for rate in stage_rates))
            self.add_module(f"norm{i + 1}", nn.LayerNorm(dims[i], ln_eps))
            channels = dims[i]

    def forward(self, x):
        outputs = []
        for i in range(1, 5):
            x = getattr(self, f"patch_embed{i}")(x)
            for block in getattr(self, f"block{i}"):
                x = block(x)
            x = getattr(self, f"norm{i}")(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2).contiguous()
            outputs.append(x)
        return outputs
