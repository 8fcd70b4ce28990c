namespace IlgpuSeg.KernelRuntime.Tests.Intrinsics;

/// <summary>Operands for <see cref="MatrixKernels"/> and what comes out, in double precision.</summary>
internal sealed class MatrixData
{
    private const int Warps = MatrixKernels.Threads / 32;

    private readonly double[] _a;
    private readonly double[] _b;
    private readonly int _k;

    /// <param name="k">The inner extent of the products.</param>
    /// <param name="round">Rounds a number to the operands' type.</param>
    public MatrixData(int k, Func<double, double> round)
    {
        var random = new Random(k);
        _k = k;
        _a = Values(16 * k);
        _b = Values(8 * k);
        C = [.. Values(16 * 8).Select(v => (float)v)];

        double[] Values(int count) => [.. Enumerable.Range(0, Warps * count).Select(_ => round(random.NextDouble() * 4 - 2))];
    }

    public float[] C { get; }

    public float[] A => [.. _a.Select(v => (float)v)];

    public float[] B => [.. _b.Select(v => (float)v)];

    public static uint[] BFloat16Pairs(float[] values) => Pairs(values, v => BitConverter.SingleToUInt32Bits(v) >> 16);

    public static uint[] HalfPairs(float[] values) => Pairs(values, v => BitConverter.HalfToUInt16Bits((System.Half)v));

    public static double ToBFloat16(double value) =>
        BitConverter.UInt32BitsToSingle(BitConverter.SingleToUInt32Bits((float)value) & 0xFFFF0000u);

    public static double ToHalf(double value) => (double)(System.Half)value;

    public static double ToTf32(double value) => BitConverter.UInt32BitsToSingle(TensorCore.RoundTf32((float)value));

    /// <summary>Fails where D is further off than K roundings of sums of this size allow.</summary>
    public void AssertProduct(float[] d)
    {
        for (var warp = 0; warp < Warps; warp++)
        {
            for (var row = 0; row < 16; row++)
            {
                for (var column = 0; column < 8; column++)
                {
                    var place = warp * 128 + row * 8 + column;
                    double sum = C[place], size = Math.Abs(C[place]);
                    for (var k = 0; k < _k; k++)
                    {
                        var product = _a[(warp * 16 + row) * _k + k] * _b[(warp * _k + k) * 8 + column];
                        sum += product;
                        size += Math.Abs(product);
                    }

                    Assert.True(Math.Abs(d[place] - sum) <= _k * Math.Pow(2, -24) * size, $"tile warp {warp}, D[{row}, {column}]: {d[place]:R} instead of {sum:R}");
                }
            }
        }
    }

    private static uint[] Pairs(float[] values, Func<float, uint> bits) =>
        [.. Enumerable.Range(0, values.Length / 2).Select(i => bits(values[2 * i]) | bits(values[2 * i + 1]) << 16)];
}
