"""A PyTorch twin of IlgpuSeg's network, written from the network description alone (for checks and timings)."""
