#if KERNELS_BUNDLED
using IlgpuSeg.KernelRuntime.Tests.Simd;
using ILGPU;
using ILGPU.Runtime;

namespace IlgpuSeg.KernelRuntime.Tests.Intrinsics;

/// <summary>The portable bodies of the tensor-core intrinsics, run as plain C# and compiled.</summary>
public sealed class MatrixIntrinsicsTests : IDisposable
{
    private readonly BothWays _both = new();

    [Fact]
    public void Tf32Products()
    {
        var data = new MatrixData(8, MatrixData.ToTf32);
        foreach (var accelerator in Accelerators)
            data.AssertProduct(Multiply(accelerator, a => a.LoadStreamKernel<ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>>(MatrixKernels.Tf32), data.A, data.B, data.C));
    }

    [Fact]
    public void Tf32OperandsAreRoundedOnTheWay()
    {
        // The data is not tf32: what the kernel rounds must be what the reference rounded.
        var rounded = new MatrixData(8, MatrixData.ToTf32);
        var exact = new MatrixData(8, v => v);
        foreach (var accelerator in Accelerators)
            rounded.AssertProduct(Multiply(accelerator, a => a.LoadStreamKernel<ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>>(MatrixKernels.Tf32), exact.A, exact.B, rounded.C));
    }

    [Fact]
    public void BFloat16Products()
    {
        var data = new MatrixData(16, MatrixData.ToBFloat16);
        foreach (var accelerator in Accelerators)
            data.AssertProduct(Multiply(accelerator, a => a.LoadStreamKernel<ArrayView<uint>, ArrayView<uint>, ArrayView<float>, ArrayView<float>>(MatrixKernels.BFloat16),
                MatrixData.BFloat16Pairs(data.A), MatrixData.BFloat16Pairs(data.B), data.C));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(1e-6)]
    public void HalfProducts(double scale)
    {
        // The smaller ones are subnormal in binary16.
        var data = new MatrixData(16, v => MatrixData.ToHalf(v * scale));
        foreach (var accelerator in Accelerators)
            data.AssertProduct(Multiply(accelerator, a => a.LoadStreamKernel<ArrayView<uint>, ArrayView<uint>, ArrayView<float>, ArrayView<float>>(MatrixKernels.Half),
                MatrixData.HalfPairs(data.A), MatrixData.HalfPairs(data.B), data.C));
    }

    [Fact]
    public void LoadsGiveEveryLaneItsElements()
    {
        ushort[] elements = [.. Enumerable.Range(0, 64 * 8).Select(i => (ushort)i)];
        uint[] rows = [.. Enumerable.Range(0, 256).Select(i => elements[2 * i] | (uint)elements[2 * i + 1] << 16)];
        foreach (var accelerator in Accelerators)
        {
            using var input = accelerator.Allocate1D(rows);
            using var output = accelerator.Allocate1D<uint>(2 * 14 * 32);
            accelerator.LoadStreamKernel<ArrayView<uint>, ArrayView<uint>>(MatrixKernels.Loads)((1, 64), input.View, output.View);
            accelerator.Synchronize();
            AssertLoads(output.GetAsArray1D());
        }
    }

    /// <summary>Element (row, column) of matrix m of a warp is number 256 warp + 64 m + 8 row + column.</summary>
    internal static void AssertLoads(uint[] registers)
    {
        (int Matrix, bool Transposed)[] forms =
        [
            (0, false), (0, false), (1, false), (0, false), (1, false), (2, false), (3, false),
            (0, true), (0, true), (1, true), (0, true), (1, true), (2, true), (3, true),
        ];
        for (var warp = 0; warp < 2; warp++)
        {
            for (var i = 0; i < forms.Length; i++)
            {
                for (var lane = 0; lane < 32; lane++)
                {
                    var (g, t) = (lane / 4, lane % 4);
                    var matrix = 256 * warp + 64 * forms[i].Matrix;
                    var (low, high) = forms[i].Transposed
                        ? (matrix + 16 * t + g, matrix + 16 * t + 8 + g)
                        : (matrix + 8 * g + 2 * t, matrix + 8 * g + 2 * t + 1);
                    Assert.Equal((uint)(low | high << 16), registers[(warp * 14 + i) * 32 + lane]);
                }
            }
        }
    }

    [Theory]
    [InlineData(256)]
    [InlineData(100)]
    public void CopiesBringElementsOrZeros(int count)
    {
        float[] source = [.. Enumerable.Range(1, 256).Select(i => (float)i)];
        foreach (var accelerator in Accelerators)
        {
            using var input = accelerator.Allocate1D(source);
            using var output = accelerator.Allocate1D<float>(3 * 256);
            accelerator.LoadStreamKernel<ArrayView<float>, ArrayView<float>, int>(MatrixKernels.Copies)((1, 64), input.View, output.View, count);
            accelerator.Synchronize();
            AssertCopies(output.GetAsArray1D(), count);
        }
    }

    internal static void AssertCopies(float[] target, int count)
    {
        for (var i = 0; i < target.Length; i++)
        {
            var from = (63 - i % 256 / 4) * 4 + i % 4;
            Assert.Equal(from < count ? from + 1 : 0, target[i]);
        }
    }

    [Fact]
    public void Tf32IsTheNearestNumberOfTenBits()
    {
        foreach (var (value, expected) in Tf32Roundings)
        {
            var bits = TensorCore.RoundTf32(value);
            Assert.Equal(BitConverter.SingleToUInt32Bits(expected), bits);
        }

        Assert.True(float.IsNaN(BitConverter.UInt32BitsToSingle(TensorCore.RoundTf32(float.NaN))));
        Assert.True(float.IsNaN(BitConverter.UInt32BitsToSingle(TensorCore.RoundTf32(BitConverter.UInt32BitsToSingle(0xFFFFFFFF)))));
    }

    /// <summary>Ties go away from zero.</summary>
    internal static (float Value, float Rounded)[] Tf32Roundings { get; } =
    [
        (0, 0), (-0f, -0f), (1, 1), (1 + MathF.ScaleB(1, -11), 1 + MathF.ScaleB(1, -10)), (-1 - MathF.ScaleB(1, -11), -1 - MathF.ScaleB(1, -10)),
        (MathF.BitDecrement(1 + MathF.ScaleB(1, -11)), 1), (MathF.BitDecrement(2), 2), (float.PositiveInfinity, float.PositiveInfinity),
        (float.NegativeInfinity, float.NegativeInfinity), (3.14159265f, 3.140625f), (float.MaxValue, float.PositiveInfinity),
    ];

    public void Dispose() => _both.Dispose();

    private Accelerator[] Accelerators => [_both.Plain, _both.Simd];

    private static float[] Multiply<T>(
        Accelerator accelerator,
        Func<Accelerator, Action<KernelConfig, ArrayView<T>, ArrayView<T>, ArrayView<float>, ArrayView<float>>> load, T[] a, T[] b, float[] c)
        where T : unmanaged
    {
        using var left = accelerator.Allocate1D(a);
        using var right = accelerator.Allocate1D(b);
        using var addend = accelerator.Allocate1D(c);
        using var result = accelerator.Allocate1D<float>(c.Length);
        load(accelerator)((1, MatrixKernels.Threads), left.View, right.View, addend.View, result.View);
        accelerator.Synchronize();
        return result.GetAsArray1D();
    }
}
#endif
