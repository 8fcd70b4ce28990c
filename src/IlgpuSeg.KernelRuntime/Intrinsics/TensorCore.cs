// Products of small matrices by the 32 threads of a tile warp: D[16, 8] = A[16, K] B[K, 8] + C[16, 8] (mma.sync, sm_80).
//
// A tile warp is 32 threads of a group, numbers 32 w .. 32 w + 31, also where the device's own warps have another size. Each holds a
// share of every matrix in registers. With lane = number % 32, g = lane / 4 and t = lane % 4:
//
//   tf32, K = 8: one element per register           bf16 and fp16, K = 16: two elements per register, the one with the lower index in
//                                                   the low half
//     A   columns   t    t+4                          A   columns   2t 2t+1   2t+8 2t+9
//       row g       R0    R2                            row g         R0         R2
//       row g+8     R1    R3                            row g+8       R1         R3
//
//     B   column g                                    B   column g
//       row t       R0                                  rows 2t, 2t+1      R0
//       row t+4     R1                                  rows 2t+8, 2t+9    R1
//
//     C, D (all types, floats)   columns   2t   2t+1
//       row g                              X0    X1
//       row g+8                            X2    X3
//
// Lanes exchange their shares. The portable bodies, which know nothing of the device's warps, do it through a mailbox in shared memory,
// between two barriers of the group. Hence the contract: all threads of the group call these functions together (uniform control flow), the
// group is one-dimensional with a multiple of 32 threads, and all calls of a kernel take the same mailbox, of MailboxPerThread elements per
// thread of the group. Devices with the instructions touch no mailbox and meet at no barrier.
//
// Accuracy: the products are exact. The portable body adds them to C one by one, k ascending, each sum rounded to float: at most K roundings,
// an error of at most K * 2^-24 * (|C| + sum |a b|). Hardware adds in an order and with guard bits of its own, within about the same bound.
using ILGPU;
using ILGPU.IR.Intrinsics;
using ILGPU.Runtime;

namespace IlgpuSeg.KernelRuntime;

/// <summary>Matrix products of a tile warp; callable inside kernels.</summary>
public static partial class TensorCore
{
    /// <summary>Threads of a tile warp.</summary>
    public const int Threads = 32;

    /// <summary>Elements of the mailbox per thread of the group.</summary>
    public const int MailboxPerThread = 6;

    /// <summary>Whether an accelerator's compiler turns these functions into instructions.</summary>
    /// <param name="accelerator">The accelerator.</param>
    public static partial bool IsNative(Accelerator accelerator);

    /// <summary>The tf32 number (8 bits of exponent, 10 of fraction) nearest to a float, away from zero in a tie, as the bits of a float.</summary>
    /// <param name="value">Any float; NaN gives NaN.</param>
    [IntrinsicImplementation]
    public static uint RoundTf32(float value)
    {
        var bits = Interop.FloatAsInt(value);
        // A NaN must not be rounded up into the sign.
        var rounded = (bits & 0x7FFFFFFFu) > 0x7F800000u ? 0x7FFFFFFFu : bits + 0x1000u;
        return rounded & 0xFFFFE000u;
    }

    /// <summary>The same for the bits of floats, as <see cref="MatrixLoad"/> brings them.</summary>
    /// <param name="bits">Floats.</param>
    public static Registers2 RoundTf32(Registers2 bits) =>
        new(RoundTf32(Interop.IntAsFloat(bits.R0)), RoundTf32(Interop.IntAsFloat(bits.R1)));

    /// <summary>The same for the bits of floats, as <see cref="MatrixLoad"/> brings them.</summary>
    /// <param name="bits">Floats.</param>
    public static Registers4 RoundTf32(Registers4 bits) => new(
        RoundTf32(Interop.IntAsFloat(bits.R0)), RoundTf32(Interop.IntAsFloat(bits.R1)),
        RoundTf32(Interop.IntAsFloat(bits.R2)), RoundTf32(Interop.IntAsFloat(bits.R3)));

    /// <summary>A B + C in tf32, K = 8.</summary>
    /// <param name="a">A, 16 x 8, rounded by <see cref="RoundTf32(float)"/>.</param>
    /// <param name="b">B, 8 x 8, rounded by <see cref="RoundTf32(float)"/>.</param>
    /// <param name="c">C, 16 x 8.</param>
    /// <param name="mailbox">The group's mailbox in shared memory.</param>
    [IntrinsicImplementation]
    public static Sums4 MultiplyTf32(Registers4 a, Registers2 b, Sums4 c, ArrayView<uint> mailbox)
    {
        Post(a, b, mailbox);
        Group.Barrier();
        var lane = Group.IdxX & (Threads - 1);
        var (rowOwner, columnOwner) = Owners(lane);
        var d = c;
        for (var k = 0; k < 8; k++)
        {
            // Element (g, k) of A: lane 4 g + k % 4, register 2 (k / 4); one register further for row g + 8. B likewise by columns.
            var ia = rowOwner + (k & 3) * MailboxPerThread + (k >> 2) * 2;
            var ib = columnOwner + (k & 3) * MailboxPerThread + 4 + (k >> 2);
            d = Add(d,
                Interop.IntAsFloat(mailbox[ia]), Interop.IntAsFloat(mailbox[ia + 1]),
                Interop.IntAsFloat(mailbox[ib]), Interop.IntAsFloat(mailbox[ib + 4 * MailboxPerThread]));
        }
        Group.Barrier();
        return d;
    }

    /// <summary>A B + C in bfloat16, K = 16.</summary>
    /// <param name="a">A, 16 x 16.</param>
    /// <param name="b">B, 16 x 8.</param>
    /// <param name="c">C, 16 x 8.</param>
    /// <param name="mailbox">The group's mailbox in shared memory.</param>
    [IntrinsicImplementation]
    public static Sums4 MultiplyBFloat16(Registers4 a, Registers2 b, Sums4 c, ArrayView<uint> mailbox)
    {
        Post(a, b, mailbox);
        Group.Barrier();
        var (rowOwner, columnOwner) = Owners(Group.IdxX & (Threads - 1));
        var d = c;
        for (var k = 0; k < 16; k += 2)
        {
            var ia = rowOwner + PairOwner(k) + (k >> 3) * 2;
            var ib = columnOwner + PairOwner(k) + 4 + (k >> 3);
            uint a0 = mailbox[ia], a8 = mailbox[ia + 1], b0 = mailbox[ib], b1 = mailbox[ib + 4 * MailboxPerThread];
            d = Add(d, LowBFloat16(a0), LowBFloat16(a8), LowBFloat16(b0), LowBFloat16(b1));
            d = Add(d, HighBFloat16(a0), HighBFloat16(a8), HighBFloat16(b0), HighBFloat16(b1));
        }
        Group.Barrier();
        return d;
    }

    /// <summary>A B + C in binary16, K = 16.</summary>
    /// <param name="a">A, 16 x 16.</param>
    /// <param name="b">B, 16 x 8.</param>
    /// <param name="c">C, 16 x 8.</param>
    /// <param name="mailbox">The group's mailbox in shared memory.</param>
    [IntrinsicImplementation]
    public static Sums4 MultiplyHalf(Registers4 a, Registers2 b, Sums4 c, ArrayView<uint> mailbox)
    {
        Post(a, b, mailbox);
        Group.Barrier();
        var (rowOwner, columnOwner) = Owners(Group.IdxX & (Threads - 1));
        var d = c;
        for (var k = 0; k < 16; k += 2)
        {
            var ia = rowOwner + PairOwner(k) + (k >> 3) * 2;
            var ib = columnOwner + PairOwner(k) + 4 + (k >> 3);
            uint a0 = mailbox[ia], a8 = mailbox[ia + 1], b0 = mailbox[ib], b1 = mailbox[ib + 4 * MailboxPerThread];
            d = Add(d, HalfToFloat(a0 & 0xFFFF), HalfToFloat(a8 & 0xFFFF), HalfToFloat(b0 & 0xFFFF), HalfToFloat(b1 & 0xFFFF));
            d = Add(d, HalfToFloat(a0 >> 16), HalfToFloat(a8 >> 16), HalfToFloat(b0 >> 16), HalfToFloat(b1 >> 16));
        }
        Group.Barrier();
        return d;
    }

    private static void Post(Registers4 a, Registers2 b, ArrayView<uint> mailbox)
    {
        var own = Group.IdxX * MailboxPerThread;
        mailbox[own] = a.R0;
        mailbox[own + 1] = a.R1;
        mailbox[own + 2] = a.R2;
        mailbox[own + 3] = a.R3;
        mailbox[own + 4] = b.R0;
        mailbox[own + 5] = b.R1;
    }

    /// <summary>Where the shares of rows g, g + 8 of A begin, and those of column 2t of B (column 2t + 1: four lanes further).</summary>
    private static (int Row, int Column) Owners(int lane)
    {
        var warp = Group.IdxX - lane;
        return ((warp + (lane & ~3)) * MailboxPerThread, (warp + (lane & 3) * 8) * MailboxPerThread);
    }

    /// <summary>The lane, among four, that holds elements k and k + 1 of a row of 16-bit elements.</summary>
    private static int PairOwner(int k) => ((k & 7) >> 1) * MailboxPerThread;

    private static Sums4 Add(Sums4 d, float a0, float a8, float b0, float b1) => new(
        DeviceIntrinsics.Fma(a0, b0, d.X0), DeviceIntrinsics.Fma(a0, b1, d.X1),
        DeviceIntrinsics.Fma(a8, b0, d.X2), DeviceIntrinsics.Fma(a8, b1, d.X3));

    private static float LowBFloat16(uint pair) => Interop.IntAsFloat(pair << 16);

    private static float HighBFloat16(uint pair) => Interop.IntAsFloat(pair & 0xFFFF0000u);

    // Exponents are 112 apart. The product makes normal numbers of subnormal ones; infinities and NaN get their exponent directly.
    private static float HalfToFloat(uint half)
    {
        var magnitude = (half & 0x7FFF) << 13;
        var value = (half & 0x7C00) == 0x7C00
            ? magnitude | 0x7F800000u
            : Interop.FloatAsInt(Interop.IntAsFloat(magnitude) * 5.192296858534828e33f);
        return Interop.IntAsFloat(value | ((half & 0x8000) << 16));
    }
}
