using System.Runtime.Intrinsics;

namespace IlgpuSeg.Data;

/// <summary>
/// The inverse DCT of 8x8 blocks after Loeffler, Ligtenberg and Moschytz (1989): 11 multiplications a row, in integers with
/// constants of 13 bits; columns first with two extra bits, then rows. Decoders that follow these widths agree bit for bit.
/// Eight columns (then eight rows) run side by side in the lanes of a vector.
/// </summary>
internal static class JpegIdct
{
    private const int ConstantBits = 13;
    private const int ExtraBits = 2;

    private static int Fixed(double value) => (int)Math.Round(value * (1 << ConstantBits));

    private static readonly int C0298 = Fixed(0.298631336), C0390 = Fixed(0.390180644), C0541 = Fixed(0.541196100),
        C0765 = Fixed(0.765366865), C0899 = Fixed(0.899976223), C1175 = Fixed(1.175875602), C1501 = Fixed(1.501321110),
        C1847 = Fixed(1.847759065), C1961 = Fixed(1.961570560), C2053 = Fixed(2.053119869), C2562 = Fixed(2.562915447),
        C3072 = Fixed(3.072711026);

    /// <summary>Decodes all blocks of a component into its samples.</summary>
    public static void Transform(JpegComponent component)
    {
        var samples = new byte[component.Stride * component.StoredRows * 8];
        var quantisers = component.Quantisers!;
        Span<int> scratch = stackalloc int[64];
        for (int by = 0; by < component.StoredRows; by++)
        {
            for (int bx = 0; bx < component.StrideBlocks; bx++)
            {
                var block = component.Coefficients.AsSpan((by * component.StrideBlocks + bx) * 64, 64);
                var output = samples.AsSpan(by * 8 * component.Stride + bx * 8);
                if (block[1..].ContainsAnyExcept((short)0))
                    TransformBlock(block, quantisers, scratch, output, component.Stride);
                else
                    FillFlat(block[0] * quantisers[0], output, component.Stride);
            }
        }
        component.Samples = samples;
    }

    private static void FillFlat(int dc, Span<byte> output, int stride)
    {
        byte value = (byte)Math.Clamp(((dc + 4) >> 3) + 128, 0, 255);
        for (int y = 0; y < 8; y++)
            output.Slice(y * stride, 8).Fill(value);
    }

    private static void TransformBlock(
        ReadOnlySpan<short> block, ReadOnlySpan<int> quantisers, Span<int> scratch, Span<byte> output, int stride)
    {
        var lanes = new Lanes();
        for (int i = 0; i < 8; i++)
        {
            var (low, high) = Vector128.Widen(Vector128.Create(block.Slice(8 * i, 8)));
            lanes[i] = Vector256.Create(low, high) * Vector256.Create(quantisers.Slice(8 * i, 8));
        }
        Pass(ref lanes, ConstantBits - ExtraBits);
        for (int i = 0; i < 8; i++)
            lanes[i].CopyTo(scratch.Slice(8 * i, 8));
        for (int i = 0; i < 8; i++)
        {
            lanes[i] = Vector256.Create(
                scratch[i], scratch[i + 8], scratch[i + 16], scratch[i + 24], scratch[i + 32], scratch[i + 40], scratch[i + 48],
                scratch[i + 56]);
        }
        Pass(ref lanes, ConstantBits + ExtraBits + 3);
        var centre = Vector256.Create(128);
        for (int i = 0; i < 8; i++)
            Vector256.Clamp(lanes[i] + centre, Vector256<int>.Zero, Vector256.Create(255)).CopyTo(scratch.Slice(8 * i, 8));
        for (int y = 0; y < 8; y++)
        {
            var row = output.Slice(y * stride, 8);
            for (int x = 0; x < 8; x++)
                row[x] = (byte)scratch[8 * x + y];
        }
    }

    [System.Runtime.CompilerServices.InlineArray(8)]
    private struct Lanes
    {
        private Vector256<int> _first;
    }

    /// <summary>One-dimensional inverse DCT over the eight vectors, lane by lane, rounded and shifted right.</summary>
    private static void Pass(ref Lanes v, int shift)
    {
        var z1 = (v[2] + v[6]) * C0541;
        var even2 = z1 - v[6] * C1847;
        var even3 = z1 + v[2] * C0765;
        var even0 = Vector256.ShiftLeft(v[0] + v[4], ConstantBits);
        var even1 = Vector256.ShiftLeft(v[0] - v[4], ConstantBits);
        var (t10, t13, t11, t12) = (even0 + even3, even0 - even3, even1 + even2, even1 - even2);

        var z5 = (v[7] + v[3] + v[5] + v[1]) * C1175;
        var z3 = z5 - (v[7] + v[3]) * C1961;
        var z4 = z5 - (v[5] + v[1]) * C0390;
        var y1 = (v[7] + v[1]) * -C0899;
        var y2 = (v[5] + v[3]) * -C2562;
        var odd0 = v[7] * C0298 + y1 + z3;
        var odd1 = v[5] * C2053 + y2 + z4;
        var odd2 = v[3] * C3072 + y2 + z3;
        var odd3 = v[1] * C1501 + y1 + z4;

        var half = Vector256.Create(1 << (shift - 1));
        (t10, t11, t12, t13) = (t10 + half, t11 + half, t12 + half, t13 + half);
        v[0] = Vector256.ShiftRightArithmetic(t10 + odd3, shift);
        v[7] = Vector256.ShiftRightArithmetic(t10 - odd3, shift);
        v[1] = Vector256.ShiftRightArithmetic(t11 + odd2, shift);
        v[6] = Vector256.ShiftRightArithmetic(t11 - odd2, shift);
        v[2] = Vector256.ShiftRightArithmetic(t12 + odd1, shift);
        v[5] = Vector256.ShiftRightArithmetic(t12 - odd1, shift);
        v[3] = Vector256.ShiftRightArithmetic(t13 + odd0, shift);
        v[4] = Vector256.ShiftRightArithmetic(t13 - odd0, shift);
    }
}
