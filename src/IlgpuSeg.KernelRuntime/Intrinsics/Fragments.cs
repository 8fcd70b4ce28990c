namespace IlgpuSeg.KernelRuntime;

/// <summary>Two 32-bit registers of a thread: its share of a matrix.</summary>
/// <param name="R0">The first register.</param>
/// <param name="R1">The second register.</param>
public readonly record struct Registers2(uint R0, uint R1);

/// <summary>Four 32-bit registers of a thread: its share of a matrix.</summary>
/// <param name="R0">The first register.</param>
/// <param name="R1">The second register.</param>
/// <param name="R2">The third register.</param>
/// <param name="R3">The fourth register.</param>
public readonly record struct Registers4(uint R0, uint R1, uint R2, uint R3);

/// <summary>Four sums of a thread: its share of a 16 x 8 result.</summary>
/// <param name="X0">Row g, column 2t (see <see cref="TensorCore"/>).</param>
/// <param name="X1">Row g, column 2t + 1.</param>
/// <param name="X2">Row g + 8, column 2t.</param>
/// <param name="X3">Row g + 8, column 2t + 1.</param>
public readonly record struct Sums4(float X0, float X1, float X2, float X3);
