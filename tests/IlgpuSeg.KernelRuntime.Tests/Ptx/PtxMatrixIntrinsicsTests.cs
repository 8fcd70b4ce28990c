using IlgpuSeg.KernelRuntime.Tests.Intrinsics;
using IlgpuSeg.KernelRuntime.Tests.PtxEmulator;
using ILGPU;

namespace IlgpuSeg.KernelRuntime.Tests.Ptx;

/// <summary>The matrix intrinsics as instructions: what their portable bodies compute is what the emulator does with them.</summary>
public sealed class PtxMatrixIntrinsicsTests
{
    [Fact]
    public void Tf32Products()
    {
        var rounded = new MatrixData(8, MatrixData.ToTf32);
        var exact = new MatrixData(8, v => v);
        rounded.AssertProduct(Multiply(PtxRun.Of(MatrixKernels.Tf32), exact.A, exact.B, rounded.C));
    }

    [Fact]
    public void BFloat16Products()
    {
        var data = new MatrixData(16, MatrixData.ToBFloat16);
        data.AssertProduct(Multiply(PtxRun.Of(MatrixKernels.BFloat16), MatrixData.BFloat16Pairs(data.A), MatrixData.BFloat16Pairs(data.B), data.C));
    }

    [Fact]
    public void HalfProducts()
    {
        var data = new MatrixData(16, MatrixData.ToHalf);
        data.AssertProduct(Multiply(PtxRun.Of(MatrixKernels.Half), MatrixData.HalfPairs(data.A), MatrixData.HalfPairs(data.B), data.C));
    }

    [Fact]
    public void LoadsGiveEveryLaneItsElements()
    {
        uint[] rows = [.. Enumerable.Range(0, 256).Select(i => (uint)(2 * i | (2 * i + 1) << 16))];
        var run = PtxRun.Of(MatrixKernels.Loads);
        run.AddView(rows);
        var registers = run.AddView(new uint[2 * 14 * 32]);
        run.Launch((1, MatrixKernels.Threads));
        MatrixIntrinsicsTests.AssertLoads(run.Read<uint>(registers, 2 * 14 * 32));
    }

    [Theory]
    [InlineData(256)]
    [InlineData(100)]
    public void CopiesBringElementsOrZeros(int count)
    {
        var run = Copies(count, out var target);
        run.Launch((1, MatrixKernels.Threads));
        MatrixIntrinsicsTests.AssertCopies(run.Read<float>(target, 3 * 256), count);
    }

    [Fact]
    public void ReadingBeforeTheWaitIsFound()
    {
        var run = Copies(256, out _);
        run.Text = run.Module.Text.Replace("cp.async.wait_group 2;", "", StringComparison.Ordinal);
        Assert.NotEqual(run.Module.Text, run.Text);
        Assert.Throws<PtxFaultException>(() => run.Launch((1, MatrixKernels.Threads)));
    }

    [Fact]
    public void RoundingToTf32()
    {
        float[] values = [.. MatrixIntrinsicsTests.Tf32Roundings.Select(r => r.Value)];
        var run = PtxRun.Of(MatrixKernels.Rounding);
        run.AddView(values);
        var rounded = run.AddView(new uint[values.Length]);
        run.Launch((1, values.Length));
        Assert.Equal(MatrixIntrinsicsTests.Tf32Roundings.Select(r => BitConverter.SingleToUInt32Bits(r.Rounded)), run.Read<uint>(rounded, values.Length));
    }

    [Fact]
    public void TheyAreInstructionsAndNeedNoMailbox()
    {
        var text = PtxRun.Of(MatrixKernels.BFloat16).Module.Text;
        Assert.Contains("ldmatrix.sync.aligned.m8n8.x4.shared.b16", text);
        Assert.Contains("ldmatrix.sync.aligned.m8n8.x2.trans.shared.b16", text);
        Assert.Contains("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32", text);
        // The two tiles, 16 rows of 12 and of 4 words for each of two warps; no mailbox beside them.
        Assert.Equal(2 * 16 * (12 + 4) * 4, PtxRun.Of(MatrixKernels.BFloat16).Module.StaticSharedBytes);
        Assert.Equal(2, text.Split("bar.sync").Length - 1);
    }

    private static PtxRun Copies(int count, out ulong target)
    {
        var run = PtxRun.Of(MatrixKernels.Copies);
        run.AddView(Enumerable.Range(1, 256).Select(i => (float)i).ToArray());
        target = run.AddView(new float[3 * 256]);
        run.Add(count);
        return run;
    }

    private static float[] Multiply<T>(PtxRun run, T[] a, T[] b, float[] c)
        where T : unmanaged
    {
        run.AddView(a);
        run.AddView(b);
        run.AddView(c);
        var d = run.AddView(new float[c.Length]);
        run.Launch((1, MatrixKernels.Threads));
        return run.Read<float>(d, c.Length);
    }
}
