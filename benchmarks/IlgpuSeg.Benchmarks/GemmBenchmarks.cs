using System.Runtime.InteropServices;
using BenchmarkDotNet.Attributes;
using ILGPU;
using ILGPU.Runtime;
using IlgpuSeg.KernelRuntime;
using IlgpuSeg.Kernels;

namespace IlgpuSeg.Benchmarks;

/// <summary>
/// Our matrix product beside OpenBLAS's, in one run. Set ILGPUSEG_THREADS and OPENBLAS_NUM_THREADS to the same number.
/// </summary>
[Config(typeof(KernelBenchmarkConfig))]
public unsafe class GemmBenchmarks
{
    private const int RowMajor = 101;
    private const int NoTranspose = 111;

    private readonly KernelHost host = new(AcceleratorSource.Open("cpu"));
    private ArrayView<float> a, b, c, workspace;
    private float* blasA, blasB, blasC;
    private delegate* unmanaged<int, int, int, int, int, int, float, float*, int, float*, int, float, float*, int, void> sgemm;

    public static IEnumerable<GemmCase> Cases => [new(512), new(1024), new(2048)];

    [ParamsSource(nameof(Cases))]
    public GemmCase Case { get; set; } = null!;

    [GlobalSetup]
    public void Setup()
    {
        var n = Case.Size;
        var random = new Random(n);
        var data = new float[n * n];
        for (var i = 0; i < data.Length; i++) data[i] = random.NextSingle() - 0.5f;
        a = host.Accelerator.Allocate1D(data).View;
        b = host.Accelerator.Allocate1D(data).View;
        c = host.Accelerator.Allocate1D<float>(n * n).View;
        workspace = host.Accelerator.Allocate1D<float>(
            Math.Max(1, Gemm.Workspace(host, GemmShape.Matrix(n, n, n), GemmRight.Matrix(n, n), 1))).View;
        blasA = Copy(data);
        blasB = Copy(data);
        blasC = Copy(data);
        sgemm = (delegate* unmanaged<int, int, int, int, int, int, float, float*, int, float*, int, float, float*, int, void>)
            NativeLibrary.GetExport(LoadOpenBlas(), "cblas_sgemm");
    }

    [Benchmark]
    public void Ours()
    {
        var n = Case.Size;
        Gemm.Run<float, Real32>(
            host, a, b, ArrayView<float>.Empty, c, workspace, GemmShape.Matrix(n, n, n), GemmRight.Matrix(n, n));
        host.Synchronize();
    }

    [Benchmark(Baseline = true)]
    public void OpenBlas()
    {
        var n = Case.Size;
        sgemm(RowMajor, NoTranspose, NoTranspose, n, n, n, 1, blasA, n, blasB, n, 0, blasC, n);
    }

    private static float* Copy(float[] data)
    {
        var memory = (float*)NativeMemory.AlignedAlloc((nuint)data.Length * sizeof(float), 64);
        data.CopyTo(new Span<float>(memory, data.Length));
        return memory;
    }

    private static nint LoadOpenBlas()
    {
        foreach (var name in new[] { "libopenblas.so.0", "libopenblas.so", "libopenblas", "openblas" })
        {
            if (NativeLibrary.TryLoad(name, out var library)) return library;
        }
        throw new DllNotFoundException("OpenBLAS is not installed (Debian: libopenblas0); it is what this benchmark compares with.");
    }

    /// <summary>A square product.</summary>
    public sealed record GemmCase(int Size) : IWork
    {
        public double Operations => 2.0 * Size * Size * Size;

        public override string ToString() => $"{Size} cubed";
    }
}
