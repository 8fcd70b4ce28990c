// In this library the short names mean the layers; the operations of the same names are written Ops.Conv2d.
global using Conv2d = IlgpuSeg.Nn.Layers.Conv2d;
global using DepthwiseConv2d = IlgpuSeg.Nn.Layers.DepthwiseConv2d;
