using ILGPU;
using ILGPU.Runtime;
using IlgpuSeg.KernelRuntime;

namespace IlgpuSeg.Kernels.Tests;

/// <summary>Tiles of one's choice, on the emulated GPU alone (see <see cref="TestDevice.TakesLargeTensorTiles"/>).</summary>
public partial class TensorProductTests
{
    // More slices than lie in shared memory at once, rows and columns beyond the end.
    [Fact]
    public void TilesThatOnlyLargeProductsTake()
    {
        Check<Tf32Operand, RowMajor, MediumTensorTile>(72, 68, 136, false, false);
        Check<Tf32Operand, LeftTransposed, LargeTensorTile>(68, 36, 72, true, false);
        Check<Tf32Operand, RightTransposed, LargeTensorTile>(200, 68, 164, false, true);
        Check<Tf32Operand, RowMajor, TallTensorTile>(132, 36, 136, false, false);
        Check<BFloat16Operand, RightTransposed, TallTensorTile>(40, 64, 72, false, true);
        Check<Tf32Operand, LeftTransposed, WideTensorTile>(36, 132, 136, true, false);
        Check<BFloat16Operand, LeftTransposed, WideTensorTile>(64, 72, 264, true, false);
        Check<BFloat16Operand, RowMajor, LargeTensorTile>(136, 72, 264, false, false);
        Check<BFloat16Operand, LeftTransposed, MediumTensorTile>(72, 80, 72, true, false);
    }

    private static void Check<TOperand, TLayout, TTile>(int m, int n, int k, bool transposedA, bool transposedB)
        where TOperand : struct, ITensorOperand
        where TLayout : struct, ITensorLayout
        where TTile : struct, ITensorTile
    {
        using var arrays = new TestArrays<float>(m + k);
        var (a, b, bias) = (Narrow(arrays.Values(m * k)), Narrow(arrays.Values(k * n)), arrays.Values(n));
        using var left = Host.Accelerator.Allocate1D(Words<TOperand>(a));
        using var above = Host.Accelerator.Allocate1D(Words<TOperand>(b));
        var (shape, right) = Shapes(m, n, k, transposedA, transposedB);
        shape.HasBias = 1;
        var c = arrays.Unset(m * n);
        TensorProduct.Launch<ActivationEpilogue<float, IdentityActivation<float>>, TOperand, TLayout, TTile, FloatResult>(
            Host, left.View, above.View, arrays.On(bias), c.Cast<uint>(), shape, right, BlockProduct.Blocks(shape, right), new(c, c, c, c), 1);
        TestArrays<float>.AssertClose(Expected(a, b, bias, m, n, k, 1, transposedA, transposedB), c, k, (typeof(TOperand), typeof(TLayout), typeof(TTile)));
    }
}
