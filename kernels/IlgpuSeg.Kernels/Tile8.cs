// Eight values of one thread, and the two loops that attention is made of: eight dot products at once, and a weighted sum of
// eight rows added to a column.
//
// A thread owns one lane: its vector runs down a column of a [channels, lanes] block (neighbouring lanes are neighbours in
// memory), while the eight rows are the same for all lanes, so their elements are read once per warp and shared. Eight chains
// of multiply-adds hide the latency of each.
//
// Memory: the eight values are plain fields of a struct, so that every kernel compiler keeps them in registers, also one that
// leaves loops rolled. Accumulation: over channels in order, in T, fused.
using System.Numerics;
using ILGPU;

namespace IlgpuSeg.Kernels;

/// <summary>Eight values.</summary>
internal struct Tile8<T>
    where T : unmanaged
{
    public T V0, V1, V2, V3, V4, V5, V6, V7;
}

/// <summary>Arithmetic on eight values and loops over eight rows; callable inside kernels.</summary>
internal static class Tile8
{
    /// <summary>Rows that a tile holds.</summary>
    public const int Size = 8;

    /// <summary>The row numbers first .. first + 7, none beyond last.</summary>
    public static Tile8<int> Rows(int first, int last)
    {
        Tile8<int> t;
        t.V0 = Smaller(first + 0, last);
        t.V1 = Smaller(first + 1, last);
        t.V2 = Smaller(first + 2, last);
        t.V3 = Smaller(first + 3, last);
        t.V4 = Smaller(first + 4, last);
        t.V5 = Smaller(first + 5, last);
        t.V6 = Smaller(first + 6, last);
        t.V7 = Smaller(first + 7, last);
        return t;
    }

    /// <summary>Each integer times a factor.</summary>
    public static Tile8<int> Scale(Tile8<int> a, int factor)
    {
        Tile8<int> t;
        t.V0 = a.V0 * factor;
        t.V1 = a.V1 * factor;
        t.V2 = a.V2 * factor;
        t.V3 = a.V3 * factor;
        t.V4 = a.V4 * factor;
        t.V5 = a.V5 * factor;
        t.V6 = a.V6 * factor;
        t.V7 = a.V7 * factor;
        return t;
    }

    /// <summary>Each integer plus a number.</summary>
    public static Tile8<int> Add(Tile8<int> a, int addend)
    {
        Tile8<int> t;
        t.V0 = a.V0 + addend;
        t.V1 = a.V1 + addend;
        t.V2 = a.V2 + addend;
        t.V3 = a.V3 + addend;
        t.V4 = a.V4 + addend;
        t.V5 = a.V5 + addend;
        t.V6 = a.V6 + addend;
        t.V7 = a.V7 + addend;
        return t;
    }

    /// <summary>The dot products of eight rows with a column.</summary>
    /// <param name="rows">The rows.</param>
    /// <param name="starts">Where each row starts.</param>
    /// <param name="columns">Blocks of columns.</param>
    /// <param name="column">The column's first element.</param>
    /// <param name="stride">From one element of the column to the next.</param>
    /// <param name="length">Elements of a row and of the column.</param>
    public static Tile8<T> Dot<T, R>(ArrayView<T> rows, Tile8<int> starts, ArrayView<T> columns, int column, int stride, int length)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        T s0 = T.Zero, s1 = T.Zero, s2 = T.Zero, s3 = T.Zero, s4 = T.Zero, s5 = T.Zero, s6 = T.Zero, s7 = T.Zero;
        for (var c = 0; c < length; c++)
        {
            var x = columns[column + c * stride];
            s0 = R.Fma(rows[starts.V0 + c], x, s0);
            s1 = R.Fma(rows[starts.V1 + c], x, s1);
            s2 = R.Fma(rows[starts.V2 + c], x, s2);
            s3 = R.Fma(rows[starts.V3 + c], x, s3);
            s4 = R.Fma(rows[starts.V4 + c], x, s4);
            s5 = R.Fma(rows[starts.V5 + c], x, s5);
            s6 = R.Fma(rows[starts.V6 + c], x, s6);
            s7 = R.Fma(rows[starts.V7 + c], x, s7);
        }
        Tile8<T> t;
        t.V0 = s0;
        t.V1 = s1;
        t.V2 = s2;
        t.V3 = s3;
        t.V4 = s4;
        t.V5 = s5;
        t.V6 = s6;
        t.V7 = s7;
        return t;
    }

    /// <summary>column = keep * column + the sum of eight rows, each times its weight.</summary>
    /// <param name="columns">Blocks of columns; one is changed.</param>
    /// <param name="column">The column's first element.</param>
    /// <param name="stride">From one element of the column to the next.</param>
    /// <param name="keep">The factor of what the column holds.</param>
    /// <param name="rows">The rows.</param>
    /// <param name="starts">Where each row starts.</param>
    /// <param name="w">The rows' weights.</param>
    /// <param name="length">Elements of a row and of the column.</param>
    public static void Accumulate<T, R>(
        ArrayView<T> columns, int column, int stride, T keep, ArrayView<T> rows, Tile8<int> starts, Tile8<T> w, int length)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        for (var c = 0; c < length; c++)
        {
            var at = column + c * stride;
            columns[at] = Weigh<T, R>(columns[at] * keep, rows, starts, w, c);
        }
    }

    /// <summary>row += the sum of eight rows, each times its weight; threads share out the elements.</summary>
    /// <param name="target">Holds the row that is changed.</param>
    /// <param name="first">Its first element.</param>
    /// <param name="rows">The rows.</param>
    /// <param name="starts">Where each row starts.</param>
    /// <param name="w">The rows' weights.</param>
    /// <param name="length">Elements of a row.</param>
    public static void AccumulateRow<T, R>(ArrayView<T> target, int first, ArrayView<T> rows, Tile8<int> starts, Tile8<T> w, int length)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        for (var at = 0; at < length; at += Group.DimX)
        {
            var c = at + Group.IdxX;
            if (c >= length) continue;
            target[first + c] = Weigh<T, R>(target[first + c], rows, starts, w, c);
        }
    }

    /// <summary>A sum and an element of each of eight rows, each times its weight.</summary>
    private static T Weigh<T, R>(T sum, ArrayView<T> rows, Tile8<int> starts, Tile8<T> w, int c)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        sum = R.Fma(rows[starts.V0 + c], w.V0, sum);
        sum = R.Fma(rows[starts.V1 + c], w.V1, sum);
        sum = R.Fma(rows[starts.V2 + c], w.V2, sum);
        sum = R.Fma(rows[starts.V3 + c], w.V3, sum);
        sum = R.Fma(rows[starts.V4 + c], w.V4, sum);
        sum = R.Fma(rows[starts.V5 + c], w.V5, sum);
        sum = R.Fma(rows[starts.V6 + c], w.V6, sum);
        sum = R.Fma(rows[starts.V7 + c], w.V7, sum);
        return sum;
    }

    /// <summary>The elements at eight indices.</summary>
    public static Tile8<T> Load<T>(ArrayView<T> x, Tile8<int> at)
        where T : unmanaged
    {
        Tile8<T> t;
        t.V0 = x[at.V0];
        t.V1 = x[at.V1];
        t.V2 = x[at.V2];
        t.V3 = x[at.V3];
        t.V4 = x[at.V4];
        t.V5 = x[at.V5];
        t.V6 = x[at.V6];
        t.V7 = x[at.V7];
        return t;
    }

    /// <summary>The same value eight times.</summary>
    public static Tile8<T> All<T>(T value)
        where T : unmanaged
    {
        Tile8<T> t;
        t.V0 = value;
        t.V1 = value;
        t.V2 = value;
        t.V3 = value;
        t.V4 = value;
        t.V5 = value;
        t.V6 = value;
        t.V7 = value;
        return t;
    }

    /// <summary>a - b.</summary>
    public static Tile8<T> Subtract<T>(Tile8<T> a, Tile8<T> b)
        where T : unmanaged, INumber<T>
    {
        Tile8<T> t;
        t.V0 = a.V0 - b.V0;
        t.V1 = a.V1 - b.V1;
        t.V2 = a.V2 - b.V2;
        t.V3 = a.V3 - b.V3;
        t.V4 = a.V4 - b.V4;
        t.V5 = a.V5 - b.V5;
        t.V6 = a.V6 - b.V6;
        t.V7 = a.V7 - b.V7;
        return t;
    }

    /// <summary>a * b.</summary>
    public static Tile8<T> Multiply<T>(Tile8<T> a, Tile8<T> b)
        where T : unmanaged, INumber<T>
    {
        Tile8<T> t;
        t.V0 = a.V0 * b.V0;
        t.V1 = a.V1 * b.V1;
        t.V2 = a.V2 * b.V2;
        t.V3 = a.V3 * b.V3;
        t.V4 = a.V4 * b.V4;
        t.V5 = a.V5 * b.V5;
        t.V6 = a.V6 * b.V6;
        t.V7 = a.V7 * b.V7;
        return t;
    }

    /// <summary>e to the power of each value.</summary>
    public static Tile8<T> Exp<T, R>(Tile8<T> a)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        Tile8<T> t;
        t.V0 = R.Exp(a.V0);
        t.V1 = R.Exp(a.V1);
        t.V2 = R.Exp(a.V2);
        t.V3 = R.Exp(a.V3);
        t.V4 = R.Exp(a.V4);
        t.V5 = R.Exp(a.V5);
        t.V6 = R.Exp(a.V6);
        t.V7 = R.Exp(a.V7);
        return t;
    }

    /// <summary>The first valid values (at least one), and another one in place of the rest.</summary>
    public static Tile8<T> Limit<T>(Tile8<T> a, int valid, T other)
        where T : unmanaged
    {
        Tile8<T> t;
        t.V0 = a.V0;
        t.V1 = valid > 1 ? a.V1 : other;
        t.V2 = valid > 2 ? a.V2 : other;
        t.V3 = valid > 3 ? a.V3 : other;
        t.V4 = valid > 4 ? a.V4 : other;
        t.V5 = valid > 5 ? a.V5 : other;
        t.V6 = valid > 6 ? a.V6 : other;
        t.V7 = valid > 7 ? a.V7 : other;
        return t;
    }

    /// <summary>The largest value.</summary>
    public static T Max<T, R>(Tile8<T> a)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T> =>
        R.Max(R.Max(R.Max(a.V0, a.V1), R.Max(a.V2, a.V3)), R.Max(R.Max(a.V4, a.V5), R.Max(a.V6, a.V7)));

    /// <summary>The sum of the values.</summary>
    public static T Sum<T>(Tile8<T> a)
        where T : unmanaged, INumber<T> => a.V0 + a.V1 + (a.V2 + a.V3) + (a.V4 + a.V5 + (a.V6 + a.V7));

    private static int Smaller(int a, int b) => a < b ? a : b;
}
