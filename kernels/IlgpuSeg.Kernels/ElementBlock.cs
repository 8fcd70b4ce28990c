// Maps of flat arrays for GPUs, y[i] = f(a[i], b[i], parameter): eight elements to a thread, by two accesses of 16 bytes to each array (four for double)
// that are on their way at once.
//
// Memory: every element is read and written once; the result may share an operand's memory. Accumulation: none, and an element's operations are those of
// the form that goes element by element, which takes what does not begin at, or is no multiple of, four elements.
using System.Numerics;
using ILGPU;
using ILGPU.Runtime;

namespace IlgpuSeg.Kernels;

/// <summary>A map of one or two elements; callable inside kernels.</summary>
internal interface IBlockMap<T>
    where T : unmanaged, INumber<T>
{
    /// <summary>Whether b is read.</summary>
    static abstract bool ReadsSecond { get; }

    /// <summary>The result.</summary>
    static abstract T Value(T a, T b, T parameter);
}

/// <summary>a + b.</summary>
internal readonly struct SumMap<T> : IBlockMap<T>
    where T : unmanaged, INumber<T>
{
    public static bool ReadsSecond => true;

    public static T Value(T a, T b, T parameter) => a + b;
}

/// <summary>a * b.</summary>
internal readonly struct ProductMap<T> : IBlockMap<T>
    where T : unmanaged, INumber<T>
{
    public static bool ReadsSecond => true;

    public static T Value(T a, T b, T parameter) => a * b;
}

/// <summary>a * parameter.</summary>
internal readonly struct FactorMap<T> : IBlockMap<T>
    where T : unmanaged, INumber<T>
{
    public static bool ReadsSecond => false;

    public static T Value(T a, T b, T parameter) => a * parameter;
}

/// <summary>An activation.</summary>
internal readonly struct ActivationMap<T, TActivation> : IBlockMap<T>
    where T : unmanaged, INumber<T>
    where TActivation : struct, IActivation<T>
{
    public static bool ReadsSecond => false;

    public static T Value(T a, T b, T parameter) => TActivation.Value(a);
}

/// <summary>An activation's gradient; b is dy.</summary>
internal readonly struct ActivationGradientMap<T, TActivation> : IBlockMap<T>
    where T : unmanaged, INumber<T>
    where TActivation : struct, IActivation<T>
{
    public static bool ReadsSecond => true;

    public static T Value(T a, T b, T parameter) => TActivation.Gradient(a, b);
}

/// <summary>A function of one element.</summary>
internal readonly struct ElementBlockMap<T, TMap> : IBlockMap<T>
    where T : unmanaged, INumber<T>
    where TMap : struct, IElementMap<T>
{
    public static bool ReadsSecond => false;

    public static T Value(T a, T b, T parameter) => TMap.Value(a, parameter);
}

/// <summary>The gradient of a function of one element; a is the operand or the result, b is dy.</summary>
internal readonly struct ElementGradientBlockMap<T, TMap> : IBlockMap<T>
    where T : unmanaged, INumber<T>
    where TMap : struct, IElementMap<T>
{
    public static bool ReadsSecond => true;

    public static T Value(T a, T b, T parameter) => TMap.Gradient(a, b, parameter);
}

/// <summary>Maps of flat arrays: the GPU's form.</summary>
internal static class ElementBlock
{
    private const int Threads = 256;

    internal static void MapKernel<T, TMap>(
        ArrayView<Tile4<T>> a, ArrayView<Tile4<T>> b, T parameter, ArrayView<Tile4<T>> y, int quads)
        where T : unmanaged, INumber<T>
        where TMap : struct, IBlockMap<T>
    {
        var q = Grid.IdxX * (2 * Threads) + Group.IdxX;
        var b0 = Tile4.Of(T.Zero, T.Zero, T.Zero, T.Zero);
        var b1 = b0;
        if (q + Threads < quads)
        {
            var a0 = a[q];
            var a1 = a[q + Threads];
            if (TMap.ReadsSecond)
            {
                b0 = b[q];
                b1 = b[q + Threads];
            }
            y[q] = Value<T, TMap>(a0, b0, parameter);
            y[q + Threads] = Value<T, TMap>(a1, b1, parameter);
        }
        else if (q < quads)
        {
            if (TMap.ReadsSecond) b0 = b[q];
            y[q] = Value<T, TMap>(a[q], b0, parameter);
        }
    }

    private static Tile4<T> Value<T, TMap>(Tile4<T> a, Tile4<T> b, T parameter)
        where T : unmanaged, INumber<T>
        where TMap : struct, IBlockMap<T> => Tile4.Of(
        TMap.Value(a.V0, b.V0, parameter), TMap.Value(a.V1, b.V1, parameter), TMap.Value(a.V2, b.V2, parameter),
        TMap.Value(a.V3, b.V3, parameter));

    /// <summary>Whether the host takes this form for arrays of the result's length.</summary>
    public static bool Takes<T>(KernelHost host, ArrayView<T> a, ArrayView<T> b, ArrayView<T> y)
        where T : unmanaged, INumber<T> =>
        host.UsesBlocks && y.Length > 0 && y.Length % 4 == 0 && ColumnBlock.TakesQuads(4, a, b, y);

    /// <summary>y = the map of a and b, which <see cref="Takes"/> has accepted.</summary>
    /// <param name="host">Where to run.</param>
    /// <param name="a">Operand of y's length.</param>
    /// <param name="b">Operand of y's length; may be a where the map does not read it.</param>
    /// <param name="parameter">The map's parameter; 0 where it has none.</param>
    /// <param name="y">The result; may be a or b.</param>
    public static void Run<T, TMap>(KernelHost host, ArrayView<T> a, ArrayView<T> b, T parameter, ArrayView<T> y)
        where T : unmanaged, INumber<T>
        where TMap : struct, IBlockMap<T>
    {
        var quads = y.IntLength / 4;
        host.Load(static d => d.LoadStreamKernel<ArrayView<Tile4<T>>, ArrayView<Tile4<T>>, T, ArrayView<Tile4<T>>, int>(MapKernel<T, TMap>))(
            new KernelConfig(KernelHost.Blocks(quads, 2 * Threads), Threads), ColumnBlock.Quads(a), ColumnBlock.Quads(b), parameter,
            ColumnBlock.Quads(y), quads);
    }
}
