using System.CommandLine;
using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.CPU;
using IlgpuSeg.KernelRuntime.Devices.Cpu;
using IlgpuSeg.Kernels;

namespace IlgpuSeg.Benchmarks.Micro;

/// <summary>
/// A matrix product by tiles in shared memory, in groups of 256 threads with barriers as GPUs want it, beside the product in groups of one warp
/// that the CPU gets; and both executions of the former.
/// </summary>
internal static class GroupProducts
{
    private const int Tile = 16;

    // Each thread of 16 x 16 computes 4 x 4 elements.
    private const int Block = 64;
    private const int BlockDepth = 8;

    public static Command Create()
    {
        var command = new Command("groups", "Time a matrix product with shared memory and barriers in groups of 256 threads.");
        command.SetAction(_ => Run());
        return command;
    }

    private static void Run()
    {
        System.Console.WriteLine("| float32, one thread | size | GFLOP/s | the one-warp product's | share |");
        System.Console.WriteLine("|---|---|---|---|---|");
        Compare("16 x 16 tiles, an element per thread, plain", CpuExecution.Plain, 64, perThread: 1);
        Compare("16 x 16 tiles, an element per thread, compiled", CpuExecution.Simd, 64, perThread: 1);
        Compare("16 x 16 tiles, an element per thread, compiled", CpuExecution.Simd, 512, perThread: 1);
        Compare("64 x 64 tiles, 16 elements per thread, plain", CpuExecution.Plain, 64, perThread: 16);
        Compare("64 x 64 tiles, 16 elements per thread, compiled", CpuExecution.Simd, 64, perThread: 16);
        Compare("64 x 64 tiles, 16 elements per thread, compiled", CpuExecution.Simd, 512, perThread: 16);
    }

    private static void Compare(string name, CpuExecution execution, int n, int perThread)
    {
        using var context = Context.CreateDefault();
        using var accelerator = new CPUDevice(1, execution).CreateCPUAccelerator(context);
        using var compiled = new CPUDevice(1, CpuExecution.Simd).CreateCPUAccelerator(context);
        var host = new KernelHost(compiled);
        var random = new Random(n);
        var values = new float[n * n];
        for (var i = 0; i < values.Length; i++) values[i] = random.NextSingle() - 0.5f;
        using var a = accelerator.Allocate1D(values);
        using var c = accelerator.Allocate1D<float>(n * n);
        using var peerA = compiled.Allocate1D(values);
        using var peerC = compiled.Allocate1D<float>(n * n);
        var (shape, right) = (GemmShape.Matrix(n, n, n), GemmRight.Matrix(n, n));
        using var workspace = compiled.Allocate1D<float>(Math.Max(1, Gemm.Workspace(host, shape, right, 1)));
        var kernel = accelerator.LoadStreamKernel<ArrayView<float>, ArrayView<float>, ArrayView<float>, int>(perThread == 1 ? TileKernel : BlockKernel);
        var tiles = n / (perThread == 1 ? Tile : Block);
        var config = new KernelConfig(new Index3D(tiles, tiles, 1), new Index3D(Tile, Tile, 1));
        var isSlow = execution == CpuExecution.Plain;
        var times = Paired.Measure(
            () => kernel(config, a.View.BaseView, a.View.BaseView, c.View.BaseView, n),
            () => Gemm.Run<float, Real32>(host, peerA.View, peerA.View, ArrayView<float>.Empty, peerC.View, workspace.View, shape, right),
            rounds: isSlow ? 3 : 11);
        Check(c.GetAsArray1D(), peerC.GetAsArray1D());
        var operations = 2.0 * n * n * n;
        System.Console.WriteLine(
            $"| {name} | {n} cubed | {operations / times.Ours:G3} | {operations / times.Peer:F1} | {times.Speed:P2} |");
    }

    private static void Check(float[] actual, float[] expected)
    {
        for (var i = 0; i < actual.Length; i++)
        {
            if (!(Math.Abs(actual[i] - expected[i]) < 1e-3f))
                throw new InvalidOperationException($"The products differ: {actual[i]} and {expected[i]} at {i}.");
        }
    }

    private static void TileKernel(ArrayView<float> a, ArrayView<float> b, ArrayView<float> c, int n)
    {
        var tileA = SharedMemory.Allocate<float>(Tile * Tile);
        var tileB = SharedMemory.Allocate<float>(Tile * Tile);
        var (x, y) = (Group.IdxX, Group.IdxY);
        var row = (Grid.IdxY * Tile) + y;
        var column = (Grid.IdxX * Tile) + x;
        var sum = 0f;
        for (var start = 0; start < n; start += Tile)
        {
            tileA[(y * Tile) + x] = a[(row * n) + start + x];
            tileB[(y * Tile) + x] = b[((start + y) * n) + column];
            Group.Barrier();
            for (var k = 0; k < Tile; k++)
                sum = KernelRuntime.DeviceIntrinsics.Fma(tileA[(y * Tile) + k], tileB[(k * Tile) + x], sum);
            Group.Barrier();
        }
        c[(row * n) + column] = sum;
    }

    private static void BlockKernel(ArrayView<float> a, ArrayView<float> b, ArrayView<float> c, int n)
    {
        var tileA = SharedMemory.Allocate<float>(BlockDepth * Block);
        var tileB = SharedMemory.Allocate<float>(BlockDepth * Block);
        var sums = LocalMemory.Allocate<float>(16);
        for (var i = 0; i < 16; i++) sums[i] = 0;
        var (x, y) = (Group.IdxX, Group.IdxY);
        var thread = (y * Tile) + x;
        var row = Grid.IdxY * Block;
        var column = Grid.IdxX * Block;
        for (var start = 0; start < n; start += BlockDepth)
        {
            for (var i = thread; i < BlockDepth * Block; i += Tile * Tile)
            {
                tileA[i] = a[((row + (i / BlockDepth)) * n) + start + (i % BlockDepth)];
                tileB[i] = b[((start + (i / Block)) * n) + column + (i % Block)];
            }
            Group.Barrier();
            for (var k = 0; k < BlockDepth; k++)
            {
                for (var i = 0; i < 4; i++)
                {
                    for (var j = 0; j < 4; j++)
                    {
                        sums[(i * 4) + j] = KernelRuntime.DeviceIntrinsics.Fma(
                            tileA[((y + (i * Tile)) * BlockDepth) + k], tileB[(k * Block) + x + (j * Tile)], sums[(i * 4) + j]);
                    }
                }
            }
            Group.Barrier();
        }
        for (var i = 0; i < 4; i++)
        {
            for (var j = 0; j < 4; j++) c[((row + y + (i * Tile)) * n) + column + x + (j * Tile)] = sums[(i * 4) + j];
        }
    }
}
