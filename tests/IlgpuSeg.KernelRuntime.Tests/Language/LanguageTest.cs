using IlgpuSeg.KernelRuntime.Backends.Simd;
using IlgpuSeg.KernelRuntime.Tests.Ptx;
using IlgpuSeg.KernelRuntime.Tests.Simd;
using ILGPU;
using ILGPU.Runtime;

namespace IlgpuSeg.KernelRuntime.Tests.Language;

/// <summary>Kernels y = f(x) of n threads, compiled for the CPU and as PTX, and as plain C#, over every tail size.</summary>
public abstract class LanguageTest : IDisposable
{
    /// <summary>What y holds before a launch: a thread that must not write leaves it.</summary>
    private const byte Untouched = 0x5a;

    private readonly BothWays _ways = new();

    /// <summary>Every tail of up to five warps, and a few beyond.</summary>
    protected static IEnumerable<int> Tails => [.. Enumerable.Range(1, 40), 63, 64, 65, 129];

    // Launches in the emulator: part of a warp, warps with and without a rest.
    private static IEnumerable<(int N, int Group)> PtxLaunches => [(1, 13), (40, 13), (63, 32), (129, 64)];

    protected Accelerator Plain => _ways.Plain;

    protected Accelerator Simd => _ways.Simd;

    protected Accelerator Wide => _ways.Wide;

    public void Dispose()
    {
        _ways.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>Asserts the same bits both ways for n threads in groups of 8, 13, 16 and 32, with the pool's values in turn as x.</summary>
    protected void Agree<TIn, TOut>(Action<ArrayView<TIn>, ArrayView<TOut>, int> kernel, TIn[] pool, int perThread = 1)
        where TIn : unmanaged
        where TOut : unmanaged
    {
        var plain = Plain.LoadStreamKernel(kernel);
        var simd = Simd.LoadStreamKernel(kernel);
        var wide = Wide.LoadStreamKernel(kernel);
        foreach (var n in Tails)
        {
            var x = Enumerable.Range(0, n).Select(i => pool[((n * 31) + i) % pool.Length]).ToArray();
            foreach (var group in (int[])[8, 13, 16, 32])
            {
                var config = new KernelConfig((n + group - 1) / group, group);
                var expected = Run<TIn, TOut>(Plain, x, n * perThread, (a, b) => plain(config, a, b, n));
                var actual = Run<TIn, TOut>(Simd, x, n * perThread, (a, b) => simd(config, a, b, n));
                AssertSame(expected, actual, $"{kernel.Method.Name}, n = {n}, groups of {group}");
                if (group == LaneWidth.Sixteen.Count)
                {
                    actual = Run<TIn, TOut>(Wide, x, n * perThread, (a, b) => wide(config, a, b, n));
                    AssertSame(expected, actual, $"{kernel.Method.Name}, n = {n}, groups of {group}, sixteen lanes");
                }
            }
        }

        foreach (var (n, group) in PtxLaunches)
        {
            var x = Enumerable.Range(0, n).Select(i => pool[((n * 31) + i) % pool.Length]).ToArray();
            var config = new KernelConfig((n + group - 1) / group, group);
            var expected = Run<TIn, TOut>(Plain, x, n * perThread, (a, b) => plain(config, a, b, n));
            AssertSame(expected, PtxRun.Run(kernel, x, n * perThread, config, n, Untouched), $"PTX of {kernel.Method.Name}, n = {n}, groups of {group}");
        }
    }

    /// <summary>Asserts the same bits both ways for one launch shape; the kernel's last parameter is n.</summary>
    /// <remarks>
    /// Not as PTX: a kernel whose results depend on the warp's size (32 lanes there, 8 here), and one that threads leave while others still
    /// meet at barriers, which the emulator refuses.
    /// </remarks>
    protected void AgreeGrouped<TIn, TOut>(Action<ArrayView<TIn>, ArrayView<TOut>, int> kernel, TIn[] x, int outputs, KernelConfig config, int n, bool asPtx = true)
        where TIn : unmanaged
        where TOut : unmanaged
    {
        var expected = Run<TIn, TOut>(Plain, x, outputs, (a, b) => Plain.LoadStreamKernel(kernel)(config, a, b, n));
        var actual = Run<TIn, TOut>(Simd, x, outputs, (a, b) => Simd.LoadStreamKernel(kernel)(config, a, b, n));
        AssertSame(expected, actual, $"{kernel.Method.Name}, {config}, n = {n}");
        actual = Run<TIn, TOut>(Wide, x, outputs, (a, b) => Wide.LoadStreamKernel(kernel)(config, a, b, n));
        AssertSame(expected, actual, $"{kernel.Method.Name}, {config}, n = {n}, sixteen lanes");
        if (asPtx)
        {
            AssertSame(expected, PtxRun.Run(kernel, x, outputs, config, n, Untouched), $"PTX of {kernel.Method.Name}, {config}, n = {n}");
        }
    }

    protected static TOut[] Run<TIn, TOut>(Accelerator accelerator, TIn[] x, int outputs, Action<ArrayView<TIn>, ArrayView<TOut>> launch)
        where TIn : unmanaged
        where TOut : unmanaged
    {
        using var input = accelerator.Allocate1D(x);
        using var output = accelerator.Allocate1D<TOut>(outputs);
        output.MemSet(accelerator.DefaultStream, Untouched, 0, output.LengthInBytes);
        launch(input.View.BaseView, output.View.BaseView);
        accelerator.Synchronize();
        return output.GetAsArray1D();
    }

    protected static void AssertSame<T>(T[] expected, T[] actual, string what)
        where T : unmanaged
    {
        for (var i = 0; i < expected.Length; i++)
        {
            // Equals takes every NaN for the same; zeros must agree in sign.
            Assert.True(expected[i].Equals(actual[i]) && SignsAgree(expected[i], actual[i]),
                $"{what}: y[{i}] is {actual[i]} instead of {expected[i]}");
        }
    }

    protected static int[] RandomInts(int seed, int count, int limit)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => random.Next(-limit, limit + 1))];
    }

    private static bool SignsAgree<T>(T a, T b) => (a, b) switch
    {
        (float x, float y) => x != 0 || float.IsNegative(x) == float.IsNegative(y),
        (double x, double y) => x != 0 || double.IsNegative(x) == double.IsNegative(y),
        _ => true,
    };
}
