using System.Numerics;
using ILGPU;
using ILGPU.Runtime;

namespace IlgpuSeg.KernelRuntime.Tests.Language;

/// <summary>Structs within structs, local arrays, dynamic shared memory, specialised values.</summary>
public sealed class MemoryKernelTests : LanguageTest
{
    private static readonly Outer[] Outers =
    [
        .. Enumerable.Range(0, 24).Select(i => new Outer
        {
            Small = (sbyte)(i * 11), First = new Inner { A = (short)(i - 9), B = i * 0.37, C = (byte)(250 + i) }, Whole = i * 1_000_000_007L,
            Second = new Inner { A = (short)(i * 77), B = -i, C = 3 }, Real = i / 7f,
        }),
    ];

    [Fact]
    public void NestedStructsThroughViews() => Agree<Outer, Outer>(NestedKernel, Outers);

    [Fact]
    public void NestedStructsInLocalArraysWithVaryingIndices() => Agree<Outer, Inner>(LocalStructKernel, Outers);

    [Fact]
    public void StructsThatAreChosenAndReturned() => Agree<Outer, long>(ChosenKernel, Outers);

    [Fact]
    public void LocalArraysWithVaryingIndices() => Agree<int, int>(VaryingKernel, RandomInts(3, 40, 1000), 2);

    [Fact]
    public void LocalArraysOfNarrowAndWideElements() => Agree<int, long>(WidthsKernel, RandomInts(4, 40, 1000));

    [Fact]
    public void LocalArraysAreEachThreadsOwn() => Agree<int, int>(DivergentStackKernel, RandomInts(5, 40, 1000));

    [Theory]
    [InlineData(1)]
    [InlineData(8)]
    [InlineData(20)]
    public void DynamicSharedMemoryAsSeveralTypes(int size)
    {
        var x = RandomInts(size, 3 * size, 1000);
        var config = new KernelConfig(3, size, SharedMemoryConfig.RequestDynamic<double>(2 * size));
        AgreeGrouped<int, double>(DynamicKernel, x, 3 * size, config, 3 * size);
    }

    [Fact]
    public void SpecialisedNumbersAndStructs()
    {
        foreach (var (count, factor) in new[] { (0, 1.5), (3, -0.25), (20, 1e-3), (3, double.NaN) })
        {
            var (plain, simd) = (Special(Plain, count, factor), Special(Simd, count, factor));
            AssertSame(plain, simd, $"{count}, {factor}");
        }

        double[] Special(Accelerator accelerator, int count, double factor) => Run<int, double>(accelerator, RandomInts(1, 13, 50), 13, (x, y) =>
            accelerator.LoadStreamKernel<ArrayView<int>, ArrayView<double>, SpecializedValue<int>, SpecializedValue<double>, SpecializedValue<Pair>>(SpecialKernel)(
                (2, 8), x, y, SpecializedValue.New(count), SpecializedValue.New(factor), SpecializedValue.New(new Pair((byte)(count + 250), -count))));
    }

    [Fact]
    public void ASpecialisedKernelHasOneVersionPerValue()
    {
        // A negative zero, and structs whose texts are the same, are values of their own.
        var kernel = Simd.LoadStreamKernel<ArrayView<int>, ArrayView<double>, SpecializedValue<int>, SpecializedValue<double>, SpecializedValue<Pair>>(SpecialKernel);
        foreach (var zero in new[] { 0.0, -0.0, 0.0 })
        {
            var y = Run<int, double>(Simd, [5], 1, (x, r) => kernel((1, 1), x, r, SpecializedValue.New(0), SpecializedValue.New(zero), SpecializedValue.New(new Pair(0, 0))));
            Assert.Equal(double.IsNegative(zero), double.IsNegative(y[0]));
        }

        var texts = Enumerable.Range(0, 4).Select(i => Run<int, double>(Simd, [1], 1, (x, r) =>
            kernel((1, 1), x, r, SpecializedValue.New(0), SpecializedValue.New(1.0), SpecializedValue.New(new Pair(1, i))))[0]);
        Assert.Equal(4, texts.Distinct().Count());
    }

    [Fact]
    public void UnsignedShiftsOfEveryWidth() => Agree<long, long>(
        ShiftKernel, [0, 1, -1, 127, -128, 255, 32_767, -32_768, 65_535, int.MaxValue, int.MinValue, long.MaxValue, long.MinValue, 0x1234_5678_9abc_def0], 6);

    private struct Inner
    {
        public short A;
        public double B;
        public byte C;
    }

    private struct Outer
    {
        public sbyte Small;
        public Inner First;
        public long Whole;
        public Inner Second;
        public float Real;
    }

    private readonly struct Pair(byte small, int whole) : IEquatable<Pair>
    {
        public byte Small { get; } = small;

        public int Whole { get; } = whole;

        public bool Equals(Pair other) => Small == other.Small && Whole == other.Whole;

        public override bool Equals(object? obj) => obj is Pair other && Equals(other);

        public override int GetHashCode() => Whole;

        public override string ToString() => "a pair";
    }

    private static void NestedKernel(ArrayView<Outer> x, ArrayView<Outer> y, int n)
    {
        var i = Grid.GlobalIndex.X;
        if (i >= n)
            return;
        var value = x[i];
        value.First.A += 3;
        (value.First, value.Second) = (value.Second, value.First);
        value.Second.B *= 2;
        // The bytes between fields are nobody's: the result takes them from what was there.
        y[i].Small = (sbyte)(value.Small << 1);
        y[i].First = value.First;
        y[i].Second.B = value.Second.B;
        y[i].Second.C = value.First.C;
        y[i].Whole = value.Whole + value.Second.A;
        y[i].Real = value.Real;
    }

    private static void LocalStructKernel(ArrayView<Outer> x, ArrayView<Inner> y, int n)
    {
        var local = LocalMemory.Allocate1D<Outer>(4);
        var i = Grid.GlobalIndex.X;
        if (i >= n)
            return;
        for (var k = 0; k < 4; k++)
        {
            local[k] = x[i];
            local[k].Second.A += (short)(k * i);
        }

        var at = (x[i].First.A + 64) & 3;
        local[at].First = local[(at + 1) & 3].Second;
        local[3 - at].First.B += local[at].Second.A;
        y[i].A = local[at].First.A;
        y[i].B = local[3 - at].First.B;
        y[i].C = local[i & 3].Second.C;
    }

    private static void ChosenKernel(ArrayView<Outer> x, ArrayView<long> y, int n)
    {
        var i = Grid.GlobalIndex.X;
        if (i >= n)
            return;
        var larger = Larger(x[i].First, x[i].Second);
        var sum = 0L;
        for (var k = 0; k < (x[i].Small & 3); k++)
        {
            larger = Larger(larger, new Inner { A = (short)(larger.A + 1), B = larger.B + k, C = (byte)k });
            sum = (sum * 3) + larger.A;
        }

        y[i] = sum + (long)larger.B + larger.C;
    }

    private static Inner Larger(Inner a, Inner b)
    {
        if (a.B > b.B)
            return a;
        b.C++;
        return b;
    }

    private static void VaryingKernel(ArrayView<int> x, ArrayView<int> y, int n)
    {
        var table = LocalMemory.Allocate1D<int>(7);
        var i = Grid.GlobalIndex.X;
        if (i >= n)
            return;
        for (var k = 0; k < 7; k++)
            table[k] = k * x[i];
        // Indices that differ from lane to lane, for reading and writing, in a loop that lanes leave at different times.
        var at = (x[i] & 0xff) % 7;
        for (var k = 0; k < (x[i] & 7); k++)
        {
            table[at] += k;
            at = (at + (table[(at + 2) % 7] & 3) + 1) % 7;
        }

        y[2 * i] = table[at];
        y[(2 * i) + 1] = table[0] - table[6];
    }

    private static void WidthsKernel(ArrayView<int> x, ArrayView<long> y, int n)
    {
        var bytes = LocalMemory.Allocate1D<byte>(9);
        var shorts = LocalMemory.Allocate1D<short>(5);
        var wholes = LocalMemory.Allocate1D<long>(3);
        var reals = LocalMemory.Allocate1D<double>(3);
        var i = Grid.GlobalIndex.X;
        if (i >= n)
            return;
        for (var k = 0; k < 9; k++)
            bytes[k] = (byte)(x[i] * k);
        for (var k = 0; k < 5; k++)
            shorts[k] = (short)(x[i] * 37 * k);
        for (var k = 0; k < 3; k++)
        {
            wholes[k] = (long)x[i] << (20 + k);
            reals[k] = x[i] / (k + 1.0);
        }

        var at = x[i] & 0xffff;
        y[i] = bytes[at % 9] + shorts[at % 5] + wholes[at % 3] + (long)(reals[(at + 1) % 3] * 8);
    }

    private static void DivergentStackKernel(ArrayView<int> x, ArrayView<int> y, int n)
    {
        var stack = LocalMemory.Allocate1D<int>(12);
        var i = Grid.GlobalIndex.X;
        if (i >= n)
            return;
        var top = 0;
        var v = x[i] & 0x3ff;
        while (v != 0 && top < 12)
        {
            if ((v & 1) != 0)
                stack[top++] = v;
            v >>= 1;
        }

        var sum = 0;
        while (top > 0)
            sum = (sum * 5) + stack[--top];
        y[i] = sum;
    }

    private static void DynamicKernel(ArrayView<int> x, ArrayView<double> y, int n)
    {
        var reals = SharedMemory.GetDynamic<double>();
        var wholes = SharedMemory.GetDynamic<int>();
        var i = Group.IdxX;
        reals[i] = x[Grid.GlobalIndex.X] / 4.0;
        Group.Barrier();
        var other = reals[Group.DimX - 1 - i];
        Group.Barrier();
        wholes[i] = x[Grid.GlobalIndex.X];
        Group.Barrier();
        y[Grid.GlobalIndex.X] = other + wholes[(i + 1) % Group.DimX] + (wholes.IntLength * 10_000) + (reals.IntLength * 1_000_000);
    }

    private static void SpecialKernel(
        ArrayView<int> x, ArrayView<double> y, SpecializedValue<int> count, SpecializedValue<double> factor, SpecializedValue<Pair> pair)
    {
        var i = Grid.GlobalIndex.X;
        if (i >= x.IntLength)
            return;
        var sum = factor.Value;
        for (var k = 0; k < count.Value; k++)
            sum += factor.Value * (x[i] + k);
        y[i] = count.Value == 0 && pair.Value.Whole == 0 ? sum : sum + (pair.Value.Small * 8) + pair.Value.Whole;
    }

    private static void ShiftKernel(ArrayView<long> x, ArrayView<long> y, int n)
    {
        var i = Grid.GlobalIndex.X;
        if (i >= n)
            return;
        var (v, by, o) = (x[i], (int)x[i] + i, i * 6);
        y[o] = v >>> by;
        y[o + 1] = (int)v >>> by;
        y[o + 2] = Shift((sbyte)v, by);
        y[o + 3] = Shift((short)v, by);
        y[o + 4] = (long)Shift((ulong)v, by);
        y[o + 5] = (ushort)v >>> (by & 7);
    }

    private static T Shift<T>(T value, int by)
        where T : unmanaged, IBinaryInteger<T> => value >>> by;
}
