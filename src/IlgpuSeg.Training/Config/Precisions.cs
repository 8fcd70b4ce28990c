using IlgpuSeg.Kernels;

namespace IlgpuSeg.Training;

/// <summary>The precisions of training and evaluation.</summary>
public static class Precisions
{
    /// <summary>Single precision throughout.</summary>
    public const string Float32 = "float32";

    /// <summary>Single precision, but products round their operands to 10 bits of fraction where the device has tensor cores; elsewhere nothing changes.</summary>
    public const string Tf32 = "tf32";

    /// <summary>Mixed precision (see <see cref="Autocast"/>).</summary>
    public const string BFloat16 = "bf16";

    /// <summary>The names.</summary>
    public static IReadOnlyList<string> Names { get; } = [Float32, Tf32, BFloat16];

    /// <summary>Returns a name that exists.</summary>
    /// <exception cref="ArgumentException">It does not.</exception>
    public static string Check(string name) =>
        Names.Contains(name) ? name : throw new ArgumentException($"There is no precision '{name}'; there are {string.Join(", ", Names)}.");

    /// <summary>The scope that whole steps of this precision need, gradients included: what this thread's products of floats may do.</summary>
    public static IDisposable Products(string name) => KernelHost.AllowingTf32(name == Tf32);

    /// <summary>The scope that forward passes of this precision need.</summary>
    public static Autocast Scope(string name) => new(name == BFloat16);
}
