namespace IlgpuSeg.Kernels;

/// <summary>The geometry of an operation that takes windows of [N, InHeight, InWidth, C] to pixels of [N, OutHeight, OutWidth, C].</summary>
/// <param name="InHeight">Rows of the operand.</param>
/// <param name="InWidth">Columns of the operand.</param>
/// <param name="OutHeight">Rows of the result.</param>
/// <param name="OutWidth">Columns of the result.</param>
/// <param name="Channels">Channels of both.</param>
/// <param name="Kernel">Rows and columns of a window; unused where windows adapt to the sizes.</param>
/// <param name="Stride">Pixels from one window to the next.</param>
/// <param name="Padding">Pixels added on every side.</param>
public readonly record struct WindowShape(
    int InHeight, int InWidth, int OutHeight, int OutWidth, int Channels, int Kernel = 0, int Stride = 0, int Padding = 0);
