using ILGPU;

namespace IlgpuSeg.KernelRuntime.Tests.Intrinsics;

/// <summary>
/// Kernels that use the matrix intrinsics as their comments say: every tile warp computes one D[16, 8] = A[16, K] B[K, 8] + C of its own.
/// All matrices lie one after the other, by rows.
/// </summary>
internal static class MatrixKernels
{
    public const int Threads = 64;

    /// <summary>tf32, K = 8. A comes by ldmatrix from padded shared memory, B element by element.</summary>
    public static void Tf32(ArrayView<float> a, ArrayView<float> b, ArrayView<float> c, ArrayView<float> d)
    {
        const int Stride = 12;
        var mailbox = SharedMemory.Allocate<uint>(Threads * TensorCore.MailboxPerThread);
        var tile = SharedMemory.Allocate<float>(Threads / 32 * 16 * Stride);
        var (lane, warp) = (Group.IdxX & 31, Group.IdxX >> 5);
        var (g, t) = (lane >> 2, lane & 3);
        for (var i = 0; i < 4; i++)
        {
            var (row, column) = (i * 4 + (lane >> 3), lane & 7);
            tile[(warp * 16 + row) * Stride + column] = a[warp * 128 + row * 8 + column];
        }
        Group.Barrier();
        var left = TensorCore.RoundTf32(
            MatrixLoad.X4(tile.Cast<uint>(), (warp * 16 + (lane & 15)) * Stride + (lane >> 4) * 4, mailbox));
        var right = new Registers2(
            TensorCore.RoundTf32(b[warp * 64 + t * 8 + g]), TensorCore.RoundTf32(b[warp * 64 + (t + 4) * 8 + g]));
        Store(d, warp, g, t, TensorCore.MultiplyTf32(left, right, LoadSums(c, warp, g, t), mailbox));
    }

    /// <summary>16-bit types, K = 16, two elements in a uint. A by ldmatrix; B by rows, transposed on the way.</summary>
    public static void BFloat16(ArrayView<uint> a, ArrayView<uint> b, ArrayView<float> c, ArrayView<float> d)
    {
        var mailbox = SharedMemory.Allocate<uint>(Threads * TensorCore.MailboxPerThread);
        var (left, right) = (StagedA(a, mailbox), StagedB(b, mailbox));
        var (lane, warp) = (Group.IdxX & 31, Group.IdxX >> 5);
        var (g, t) = (lane >> 2, lane & 3);
        Store(d, warp, g, t, TensorCore.MultiplyBFloat16(left, right, LoadSums(c, warp, g, t), mailbox));
    }

    /// <summary>The same in binary16.</summary>
    public static void Half(ArrayView<uint> a, ArrayView<uint> b, ArrayView<float> c, ArrayView<float> d)
    {
        var mailbox = SharedMemory.Allocate<uint>(Threads * TensorCore.MailboxPerThread);
        var (left, right) = (StagedA(a, mailbox), StagedB(b, mailbox));
        var (lane, warp) = (Group.IdxX & 31, Group.IdxX >> 5);
        var (g, t) = (lane >> 2, lane & 3);
        Store(d, warp, g, t, TensorCore.MultiplyHalf(left, right, LoadSums(c, warp, g, t), mailbox));
    }

    /// <summary>All forms of the load, from a tile warp's own 32 rows of 4: out[warp, register, lane], 14 registers.</summary>
    public static void Loads(ArrayView<uint> rows, ArrayView<uint> registers)
    {
        var mailbox = SharedMemory.Allocate<uint>(Threads * TensorCore.MailboxPerThread);
        var tile = SharedMemory.Allocate<uint>(Threads * 4);
        for (var i = 0; i < 4; i++) tile[Group.IdxX * 4 + i] = rows[Group.IdxX * 4 + i];
        Group.Barrier();
        var row = Group.IdxX * 4;
        var x1 = MatrixLoad.X1(tile, row, mailbox);
        var x2 = MatrixLoad.X2(tile, row, mailbox);
        var x4 = MatrixLoad.X4(tile, row, mailbox);
        var x1T = MatrixLoad.X1Transposed(tile, row, mailbox);
        var x2T = MatrixLoad.X2Transposed(tile, row, mailbox);
        var x4T = MatrixLoad.X4Transposed(tile, row, mailbox);
        var o = (Group.IdxX >> 5) * 14 * 32 + (Group.IdxX & 31);
        registers[o] = x1;
        registers[o + 32] = x2.R0;
        registers[o + 64] = x2.R1;
        registers[o + 96] = x4.R0;
        registers[o + 128] = x4.R1;
        registers[o + 160] = x4.R2;
        registers[o + 192] = x4.R3;
        registers[o + 224] = x1T;
        registers[o + 256] = x2T.R0;
        registers[o + 288] = x2T.R1;
        registers[o + 320] = x4T.R0;
        registers[o + 352] = x4T.R1;
        registers[o + 384] = x4T.R2;
        registers[o + 416] = x4T.R3;
    }

    /// <summary>Reverses blocks of 4 elements through shared memory, two groups of copies under way at once; copies of 16, 8 and 4 bytes.</summary>
    public static void Copies(ArrayView<float> source, ArrayView<float> target, int count)
    {
        var tile = SharedMemory.Allocate<float>(Threads * 4 * 3);
        var own = Group.IdxX * 4;
        var size = Threads * 4;
        AsyncCopy.Copy16(tile, own, source, own, own < count);
        AsyncCopy.Commit();
        AsyncCopy.Copy8(tile, size + own, source, own, own < count);
        AsyncCopy.Copy8(tile, size + own + 2, source, own + 2, own < count);
        AsyncCopy.Commit();
        for (var i = 0; i < 4; i++) AsyncCopy.Copy4(tile, 2 * size + own + i, source, own + i, own < count);
        AsyncCopy.Commit();
        AsyncCopy.Wait(2);
        Group.Barrier();
        var other = (Threads - 1) * 4 - own;
        for (var i = 0; i < 4; i++) target[own + i] = tile[other + i];
        AsyncCopy.Wait(0);
        Group.Barrier();
        for (var i = 0; i < 4; i++)
        {
            target[size + own + i] = tile[size + other + i];
            target[2 * size + own + i] = tile[2 * size + other + i];
        }
    }

    public static void Rounding(ArrayView<float> source, ArrayView<uint> target) => target[Group.IdxX] = TensorCore.RoundTf32(source[Group.IdxX]);

    private static Registers4 StagedA(ArrayView<uint> a, ArrayView<uint> mailbox)
    {
        const int Stride = 12;
        var tile = SharedMemory.Allocate<uint>(Threads / 32 * 16 * Stride);
        var (lane, warp) = (Group.IdxX & 31, Group.IdxX >> 5);
        for (var i = 0; i < 4; i++)
        {
            var (row, pair) = (i * 4 + (lane >> 3), lane & 7);
            tile[(warp * 16 + row) * Stride + pair] = a[warp * 128 + row * 8 + pair];
        }
        Group.Barrier();
        return MatrixLoad.X4(tile, (warp * 16 + (lane & 15)) * Stride + (lane >> 4) * 4, mailbox);
    }

    private static Registers2 StagedB(ArrayView<uint> b, ArrayView<uint> mailbox)
    {
        var tile = SharedMemory.Allocate<uint>(Threads / 32 * 16 * 4);
        var (lane, warp) = (Group.IdxX & 31, Group.IdxX >> 5);
        for (var i = 0; i < 2; i++) tile[warp * 64 + i * 32 + lane] = b[warp * 64 + i * 32 + lane];
        Group.Barrier();
        return MatrixLoad.X2Transposed(tile, (warp * 16 + (lane & 15)) * 4, mailbox);
    }

    private static Sums4 LoadSums(ArrayView<float> c, int warp, int g, int t)
    {
        var i = warp * 128 + g * 8 + 2 * t;
        return new Sums4(c[i], c[i + 1], c[i + 64], c[i + 65]);
    }

    private static void Store(ArrayView<float> d, int warp, int g, int t, Sums4 sums)
    {
        var i = warp * 128 + g * 8 + 2 * t;
        d[i] = sums.X0;
        d[i + 1] = sums.X1;
        d[i + 64] = sums.X2;
        d[i + 65] = sums.X3;
    }
}
