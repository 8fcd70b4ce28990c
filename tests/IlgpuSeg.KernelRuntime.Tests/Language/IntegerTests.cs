using System.Numerics;
using ILGPU;

namespace IlgpuSeg.KernelRuntime.Tests.Language;

/// <summary>Integers of all widths wrap, shift, divide and compare as in C#, generic and with C#'s own operators.</summary>
public sealed class IntegerTests : LanguageTest
{
    private const int Results = 20;

    [Fact]
    public void SignedBytes() => Check<sbyte>();

    [Fact]
    public void Bytes() => Check<byte>();

    [Fact]
    public void Shorts() => Check<short>();

    [Fact]
    public void UnsignedShorts() => Check<ushort>();

    [Fact]
    public void Ints() => Check<int>();

    [Fact]
    public void UnsignedInts() => Check<uint>();

    [Fact]
    public void Longs() => Check<long>();

    [Fact]
    public void UnsignedLongs() => Check<ulong>();

    [Fact]
    public void NarrowOperandsPromoteAndWrapWhenStored() => Agree<sbyte, int>(NarrowKernel, Pool<sbyte>(), 6);

    [Fact]
    public void UnsignedOperandsCompareAndDivideUnsigned() => Agree<uint, ulong>(UnsignedKernel, Pool<uint>(), 6);

    [Fact]
    public void ShiftCountsAreTakenModuloTheWidth() => Agree<long, long>(ShiftKernel, Pool<long>(), 7);

    [Fact]
    public void BitCounts() => Agree<long, int>(BitsKernel, Pool<long>(), 6);

    private void Check<T>()
        where T : unmanaged, IBinaryInteger<T>, IMinMaxValue<T> =>
        Agree<T, T>(ArithmeticKernel<T>, Pool<T>(), Results);

    private static T[] Pool<T>()
        where T : unmanaged, IBinaryInteger<T>, IMinMaxValue<T>
    {
        var random = new Random(5);
        T[] special = [T.Zero, T.One, T.MinValue, T.MaxValue, T.MinValue + T.One, T.MaxValue - T.One, T.CreateTruncating(-1), T.CreateTruncating(100)];
        return [.. special, .. Enumerable.Range(0, 301).Select(i => i % 5 == 0 ? special[random.Next(8)] : T.CreateTruncating(random.NextInt64() >> random.Next(64)))];
    }

    private static void ArithmeticKernel<T>(ArrayView<T> x, ArrayView<T> y, int n)
        where T : unmanaged, IBinaryInteger<T>
    {
        var i = Grid.GlobalIndex.X;
        if (i >= n)
            return;
        var a = x[i];
        var b = x[n - 1 - i];
        var o = i * Results;
        var sum = a + b;
        var product = a * b;
        y[o] = sum;
        y[o + 1] = a - b;
        y[o + 2] = product;
        y[o + 3] = a & b;
        y[o + 4] = a | b;
        y[o + 5] = a ^ b;
        y[o + 6] = ~a;
        y[o + 7] = -a;
        y[o + 8] = a << 3;
        y[o + 9] = a >> 2;
        y[o + 10] = a >>> 1;
        // What a narrow type wraps away must not come back.
        y[o + 11] = sum > a ? T.One : T.Zero;
        y[o + 12] = sum >> 1;
        y[o + 13] = product == a ? T.One : a;
        if (b != T.Zero && !(b == -T.One && a == -a))
        {
            y[o + 14] = a / b;
            y[o + 15] = a % b;
            y[o + 16] = (sum + T.One) / b;
        }

        y[o + 17] = a < b ? T.One : a <= b ? T.Zero : b;
        y[o + 18] = (~a) >>> 1;
        a++;
        y[o + 19] = a > b ? (-a) >> 1 : T.Zero;
    }

    private static void NarrowKernel(ArrayView<sbyte> x, ArrayView<int> y, int n)
    {
        var i = Grid.GlobalIndex.X;
        if (i >= n)
            return;
        var a = x[i];
        var b = x[n - 1 - i];
        var wrapped = (sbyte)(a + b);
        var word = (ushort)(a * b);
        a += b;
        byte unsigned = (byte)a;
        y[i * 6] = wrapped;
        y[(i * 6) + 1] = word;
        y[(i * 6) + 2] = unsigned >> 1;
        y[(i * 6) + 3] = x[i] + b;
        y[(i * 6) + 4] = a == wrapped ? 1 : 0;
        y[(i * 6) + 5] = (char)(word + unsigned);
    }

    private static void UnsignedKernel(ArrayView<uint> x, ArrayView<ulong> y, int n)
    {
        var i = Grid.GlobalIndex.X;
        if (i >= n)
            return;
        var a = x[i];
        var b = x[n - 1 - i] | 1;
        y[i * 6] = a / b;
        y[(i * 6) + 1] = a % b;
        y[(i * 6) + 2] = a < b ? 1u : 2u;
        y[(i * 6) + 3] = (ulong)a * b;
        y[(i * 6) + 4] = (ulong)a * b / 3 % b;
        y[(i * 6) + 5] = (ulong)-(long)a >> 7 > b ? ~0ul : a + b;
    }

    private static void ShiftKernel(ArrayView<long> x, ArrayView<long> y, int n)
    {
        var i = Grid.GlobalIndex.X;
        if (i >= n)
            return;
        var a = x[i];
        var count = (int)x[n - 1 - i];
        y[i * 7] = a << count;
        y[(i * 7) + 1] = a >> count;
        y[(i * 7) + 2] = a >>> count;
        y[(i * 7) + 3] = (int)a << count;
        y[(i * 7) + 4] = (int)a >> count;
        y[(i * 7) + 5] = (uint)a >> count;
        y[(i * 7) + 6] = 1 << i;
    }

    private static void BitsKernel(ArrayView<long> x, ArrayView<int> y, int n)
    {
        var i = Grid.GlobalIndex.X;
        if (i >= n)
            return;
        y[i * 6] = IntrinsicMath.PopCount(x[i]);
        y[(i * 6) + 1] = IntrinsicMath.LeadingZeroCount(x[i]);
        y[(i * 6) + 2] = IntrinsicMath.TrailingZeroCount(x[i]);
        y[(i * 6) + 3] = IntrinsicMath.PopCount((int)x[i]);
        y[(i * 6) + 4] = BitOperations.LeadingZeroCount((uint)x[i]);
        y[(i * 6) + 5] = BitOperations.TrailingZeroCount((int)x[i]);
    }
}
