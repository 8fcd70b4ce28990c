// Four values of one thread, and sixteen as four rows of four: the register tiles of the block-tiled products.
//
// Memory: plain fields of structs that are passed by value, so that every kernel compiler keeps them in registers, also one that leaves
// loops rolled. In global memory a Tile4 is one access of 16 bytes (float). Accumulation: in T, one fused multiply-add per element and step.
using System.Numerics;
using System.Runtime.InteropServices;
using ILGPU;

namespace IlgpuSeg.Kernels;

/// <summary>Four values.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct Tile4<T>
    where T : unmanaged
{
    /// <summary>The first value.</summary>
    public T V0;

    /// <summary>The second value.</summary>
    public T V1;

    /// <summary>The third value.</summary>
    public T V2;

    /// <summary>The fourth value.</summary>
    public T V3;
}

/// <summary>Four rows of four values.</summary>
internal struct Square4<T>
    where T : unmanaged
{
    public Tile4<T> R0, R1, R2, R3;
}

/// <summary>Arithmetic on register tiles; callable inside kernels.</summary>
internal static class Tile4
{
    /// <summary>Four values.</summary>
    public static Tile4<T> Of<T>(T v0, T v1, T v2, T v3)
        where T : unmanaged
    {
        Tile4<T> t;
        t.V0 = v0;
        t.V1 = v1;
        t.V2 = v2;
        t.V3 = v3;
        return t;
    }

    /// <summary>Four neighbours.</summary>
    public static Tile4<T> Load<T>(ArrayView<T> x, int first)
        where T : unmanaged => Of(x[first], x[first + 1], x[first + 2], x[first + 3]);

    /// <summary>Writes four neighbours.</summary>
    public static void Store<T>(ArrayView<T> x, int first, Tile4<T> values)
        where T : unmanaged
    {
        x[first] = values.V0;
        x[first + 1] = values.V1;
        x[first + 2] = values.V2;
        x[first + 3] = values.V3;
    }

    /// <summary>a + b.</summary>
    public static Tile4<T> Add<T>(Tile4<T> a, Tile4<T> b)
        where T : unmanaged, INumber<T> => Of(a.V0 + b.V0, a.V1 + b.V1, a.V2 + b.V2, a.V3 + b.V3);

    /// <summary>Each row times its factor.</summary>
    public static Square4<T> Scaled<T>(Square4<T> x, Tile4<T> factors)
        where T : unmanaged, INumber<T>
    {
        x.R0 = Scaled(x.R0, factors.V0);
        x.R1 = Scaled(x.R1, factors.V1);
        x.R2 = Scaled(x.R2, factors.V2);
        x.R3 = Scaled(x.R3, factors.V3);
        return x;
    }

    /// <summary>row * factor.</summary>
    public static Tile4<T> Scaled<T>(Tile4<T> row, T factor)
        where T : unmanaged, INumber<T> => Of(row.V0 * factor, row.V1 * factor, row.V2 * factor, row.V3 * factor);

    /// <summary>sum + a * row.</summary>
    public static Tile4<T> Fma<T, R>(T a, Tile4<T> row, Tile4<T> sum)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T> =>
        Of(R.Fma(a, row.V0, sum.V0), R.Fma(a, row.V1, sum.V1), R.Fma(a, row.V2, sum.V2), R.Fma(a, row.V3, sum.V3));

    /// <summary>Four equal rows.</summary>
    public static Square4<T> Rows<T>(Tile4<T> row)
        where T : unmanaged
    {
        Square4<T> s;
        s.R0 = row;
        s.R1 = row;
        s.R2 = row;
        s.R3 = row;
        return s;
    }

    /// <summary>sum + column row: an outer product.</summary>
    public static Square4<T> Outer<T, R>(Tile4<T> column, Tile4<T> row, Square4<T> sum)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        Square4<T> s;
        s.R0 = Fma<T, R>(column.V0, row, sum.R0);
        s.R1 = Fma<T, R>(column.V1, row, sum.R1);
        s.R2 = Fma<T, R>(column.V2, row, sum.R2);
        s.R3 = Fma<T, R>(column.V3, row, sum.R3);
        return s;
    }
}
