using System.CommandLine;
using System.Numerics.Tensors;
using ILGPU;
using ILGPU.Algorithms;
using ILGPU.Runtime;
using ILGPU.Runtime.CPU;
using IlgpuSeg.KernelRuntime;
using IlgpuSeg.KernelRuntime.Devices.Cpu;
using IlgpuSeg.Kernels;

namespace IlgpuSeg.Benchmarks.Micro;

/// <summary>
/// Kernels element by element beside System.Numerics.Tensors' TensorPrimitives, both on one thread: on arrays that stay in the cache, and on
/// arrays far beyond it.
/// </summary>
internal static class ElementwiseComparison
{
    private const int InCache = 1 << 14;
    private const int BeyondCache = 1 << 24;
    private const int PeerTile = 1024;

    public static Command Create()
    {
        var command = new Command("elementwise", "Time element-wise kernels beside TensorPrimitives.");
        command.SetAction(_ => Run());
        return command;
    }

    private static void Run()
    {
        System.Console.WriteLine("| float32, one thread | elements | ours, ns/element | TensorPrimitives | speed of ours |");
        System.Console.WriteLine("|---|---|---|---|---|");
        foreach (var length in (int[])[InCache, BeyondCache]) Compare(length);
    }

    private static void Compare(int length)
    {
        using var context = Context.CreateDefault();
        using var accelerator = new CPUDevice(1, CpuExecution.Simd).CreateCPUAccelerator(context);
        var host = new KernelHost(accelerator);
        var random = new Random(1);
        var (a, b, c, y, z) = (Values(), Values(), Values(), new float[length], new float[PeerTile]);
        using var da = accelerator.Allocate1D(a);
        using var db = accelerator.Allocate1D(b);
        using var dc = accelerator.Allocate1D(c);
        using var dy = accelerator.Allocate1D<float>(length);
        var (va, vb, vc, vy) = (da.View.BaseView, db.View.BaseView, dc.View.BaseView, dy.View.BaseView);
        var (config, run) = (ElementLoop.Config(host, length), ElementLoop.Run(host));
        var fma = accelerator.LoadStreamKernel<ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>, int, int>(MultiplyAddKernel);
        var exp = accelerator.LoadStreamKernel<ArrayView<float>, ArrayView<float>, int, int>(ExpKernel);
        var tanh = accelerator.LoadStreamKernel<ArrayView<float>, ArrayView<float>, int, int>(TanhKernel);

        Row("a + b", () => ElementwiseKernels.Add(host, va, vb, vy), () => TensorPrimitives.Add(a, b, y));
        Row("a * b + c", () => fma(config, va, vb, vc, vy, run, length), () => TensorPrimitives.MultiplyAdd(a, b, c, y));
        Row("max(a, 0)", () => ReluKernels.Forward(host, va, vy), () => TensorPrimitives.Max(a, 0f, y));
        Row("exp(a)", () => exp(config, va, vy, run, length), () => TensorPrimitives.Exp(a, y));
        Row("tanh(a)", () => tanh(config, va, vy, run, length), () => TensorPrimitives.Tanh(a, y));
        Row("gelu(a): ours by erf, theirs by tanh in tiles", () => GeluKernels.Forward<float, Real32>(host, va, vy), () => PeerGelu(a, y, z));

        float[] Values()
        {
            var values = new float[length];
            for (var i = 0; i < length; i++) values[i] = (random.NextSingle() * 4) - 2;
            return values;
        }

        void Row(string name, Action ours, Action peer)
        {
            var times = Paired.Measure(ours, peer);
            System.Console.WriteLine($"| {name} | {length:N0} | {times.Ours / length:F3} | {times.Peer / length:F3} | {times.Speed:P0} |");
        }
    }

    // TensorPrimitives has no GELU: its usual approximation, x * sigmoid(2 u) with u = sqrt(2 / pi) (x + 0.044715 x^3), pieces in the cache.
    private static void PeerGelu(float[] x, float[] y, float[] scratch)
    {
        for (var start = 0; start < x.Length; start += PeerTile)
        {
            var from = x.AsSpan(start, PeerTile);
            var to = y.AsSpan(start, PeerTile);
            TensorPrimitives.Multiply(from, from, scratch);
            TensorPrimitives.Multiply(scratch, 0.0713548f, scratch);
            TensorPrimitives.Add(scratch, 1.5957691f, scratch);
            TensorPrimitives.Multiply(scratch, from, scratch);
            TensorPrimitives.Sigmoid<float>(scratch, scratch);
            TensorPrimitives.Multiply(from, scratch, to);
        }
    }

    private static void MultiplyAddKernel(ArrayView<float> a, ArrayView<float> b, ArrayView<float> c, ArrayView<float> y, int run, int n)
    {
        for (var i = ElementLoop.First(run); i < ElementLoop.End(run, n); i += Group.DimX)
            y[i] = DeviceIntrinsics.Fma(a[i], b[i], c[i]);
    }

    private static void ExpKernel(ArrayView<float> x, ArrayView<float> y, int run, int n)
    {
        for (var i = ElementLoop.First(run); i < ElementLoop.End(run, n); i += Group.DimX)
            y[i] = XMath.Exp(x[i]);
    }

    private static void TanhKernel(ArrayView<float> x, ArrayView<float> y, int run, int n)
    {
        for (var i = ElementLoop.First(run); i < ElementLoop.End(run, n); i += Group.DimX)
            y[i] = XMath.Tanh(x[i]);
    }
}
