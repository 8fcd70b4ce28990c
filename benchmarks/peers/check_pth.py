"""Holds a .pth file that `ilgpuseg convert` wrote against the file that it came from, with real PyTorch.

    ilgpuseg convert net.safetensors net.pth
    python3 benchmarks/peers/check_pth.py net.pth net.safetensors
"""
import sys

import torch

from twin.safetensors_file import read


def load(path):
    if path.endswith(".safetensors"):
        return {name: torch.tensor(value) for name, value in read(path)[0].items()}
    # The restricted unpickler: it takes nothing but tensors and containers.
    state = torch.load(path, map_location="cpu", weights_only=True)
    return state.get("state_dict", state)


def main(converted, source):
    state, expected = load(converted), load(source)
    assert sorted(state) == sorted(expected), set(state) ^ set(expected)
    for name, value in expected.items():
        assert state[name].dtype == value.dtype and state[name].shape == value.shape, name
        assert torch.equal(torch.nan_to_num(state[name].double(), nan=1e300), torch.nan_to_num(value.double(), nan=1e300)), name
        assert state[name].is_contiguous(), name
    print(f"{converted}: {len(state)} tensors, all equal")


if __name__ == "__main__":
    main(*sys.argv[1:3])
