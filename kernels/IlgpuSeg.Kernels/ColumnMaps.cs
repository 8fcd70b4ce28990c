// Maps of [rows, columns] whose constants depend on the column, for GPUs: y[r, c] = f(a[r, c], b[r, c], constants of c).
//
// A thread takes four columns of every slots-th row of its group (ColumnBlock.cs), with the columns' constants in registers, four rows at a time: four
// (with two operands eight) loads of 16 bytes are on their way at once.
//
// Memory: every element is read and written once; the result may share an operand's memory. Accumulation: none.
using System.Numerics;
using ILGPU;
using ILGPU.Runtime;

namespace IlgpuSeg.Kernels;

/// <summary>What the constants of a map are computed from; a view that its map does not read may be empty.</summary>
internal struct MapOperands<T>
    where T : unmanaged
{
    /// <summary>[columns], a norm's mean.</summary>
    public ArrayView<T> Mean;

    /// <summary>[columns], 1 / a norm's deviation.</summary>
    public ArrayView<T> InverseDeviation;

    /// <summary>[columns], the weight or scale.</summary>
    public ArrayView<T> Weight;

    /// <summary>[columns], the bias.</summary>
    public ArrayView<T> Bias;

    /// <summary>[columns], the weight's gradient.</summary>
    public ArrayView<T> WeightGradient;

    /// <summary>[columns], the bias's gradient.</summary>
    public ArrayView<T> BiasGradient;

    /// <summary>[samples], a factor for each sample.</summary>
    public ArrayView<T> Drop;

    /// <summary>The share of a row in a mean over all rows; 0 where statistics are fixed.</summary>
    public T Share;
}

/// <summary>The constants of a column.</summary>
internal struct MapConstants<T>
    where T : unmanaged
{
    /// <summary>Subtracted first.</summary>
    public T Mean;

    /// <summary>The factor.</summary>
    public T Scale;

    /// <summary>Added.</summary>
    public T Shift;

    /// <summary>The mean of the gradient.</summary>
    public T MeanGradient;

    /// <summary>The gradient's part along the operand.</summary>
    public T Slope;
}

/// <summary>A map; callable inside kernels.</summary>
internal interface IColumnMap<T>
    where T : unmanaged, INumber<T>
{
    /// <summary>Whether the second operand is read.</summary>
    static abstract bool ReadsSecond { get; }

    /// <summary>The constants of a column; those that the map does not use are not read.</summary>
    static abstract MapConstants<T> Constants(MapOperands<T> o, MapConstants<T> none, int column);

    /// <summary>The result.</summary>
    static abstract T Value(T a, T b, MapConstants<T> k);
}

/// <summary>A batch norm and its activation; a is x.</summary>
internal readonly struct NormalizeMap<T, R, TActivation> : IColumnMap<T>
    where T : unmanaged, INumber<T>
    where R : struct, IReal<T>
    where TActivation : struct, IActivation<T>
{
    public static bool ReadsSecond => false;

    public static MapConstants<T> Constants(MapOperands<T> o, MapConstants<T> none, int column)
    {
        none.Mean = o.Mean[column];
        none.Scale = o.InverseDeviation[column] * o.Weight[column];
        none.Shift = o.Bias[column];
        return none;
    }

    public static T Value(T a, T b, MapConstants<T> k) => TActivation.Value(R.Fma(a - k.Mean, k.Scale, k.Shift));
}

/// <summary>The gradient of a batch norm's operand; a is x, b is dy.</summary>
internal readonly struct NormalizeGradientMap<T, R, TActivation> : IColumnMap<T>
    where T : unmanaged, INumber<T>
    where R : struct, IReal<T>
    where TActivation : struct, IActivation<T>
{
    public static bool ReadsSecond => true;

    public static MapConstants<T> Constants(MapOperands<T> o, MapConstants<T> none, int column)
    {
        var inverse = o.InverseDeviation[column];
        none.Mean = o.Mean[column];
        none.Scale = inverse * o.Weight[column];
        none.Shift = o.Bias[column];
        // Fixed statistics leave the gradients unread.
        if (o.Share > T.Zero)
        {
            none.MeanGradient = o.BiasGradient[column] * o.Share;
            none.Slope = o.WeightGradient[column] * inverse * o.Share;
        }
        return none;
    }

    public static T Value(T a, T b, MapConstants<T> k)
    {
        var centred = a - k.Mean;
        var g = TActivation.Gradient(R.Fma(centred, k.Scale, k.Shift), b);
        return k.Scale * R.Fma(-centred, k.Slope, g - k.MeanGradient);
    }
}

/// <summary>A factor for each column; a is x.</summary>
internal readonly struct ChannelScaleMap<T> : IColumnMap<T>
    where T : unmanaged, INumber<T>
{
    public static bool ReadsSecond => false;

    public static MapConstants<T> Constants(MapOperands<T> o, MapConstants<T> none, int column)
    {
        none.Scale = o.Weight[column];
        return none;
    }

    public static T Value(T a, T b, MapConstants<T> k) => a * k.Scale;
}

/// <summary>A residual connection with a factor for each column and for each sample; a is x, b the branch. Samples are the grid's Z.</summary>
internal readonly struct ScaledResidualMap<T, R> : IColumnMap<T>
    where T : unmanaged, INumber<T>
    where R : struct, IReal<T>
{
    public static bool ReadsSecond => true;

    public static MapConstants<T> Constants(MapOperands<T> o, MapConstants<T> none, int column)
    {
        none.Scale = o.Weight[column] * o.Drop[Grid.IdxZ];
        return none;
    }

    public static T Value(T a, T b, MapConstants<T> k) => R.Fma(b, k.Scale, a);
}

/// <summary>Maps of columns: the GPU's form.</summary>
internal static class ColumnMaps
{
    // Rows that a thread takes.
    private const int ThreadRows = 8;

    // Grid: (chunks of rows, blocks of columns, samples).
    internal static void MapKernel<T, TMap, TLoad>(
        ArrayView<T> a, ArrayView<T> b, ArrayView<T> y, ArrayView<Tile4<T>> aQuads, ArrayView<Tile4<T>> bQuads, ArrayView<Tile4<T>> yQuads,
        MapOperands<T> operands, ColumnCut cut)
        where T : unmanaged, INumber<T>
        where TMap : struct, IColumnMap<T>
        where TLoad : struct, IColumnLoad
    {
        var p = ColumnBlock.Place<TLoad>(cut);
        if (p.Row >= p.End) return;
        var left = cut.Columns - p.Column;
        var rowStep = p.Step * cut.Columns;
        var k0 = Constants<T, TMap>(operands, p.Column, left > 0);
        var k1 = Constants<T, TMap>(operands, p.Column + p.ColumnStep, left > p.ColumnStep);
        var k2 = Constants<T, TMap>(operands, p.Column + 2 * p.ColumnStep, left > 2 * p.ColumnStep);
        var k3 = Constants<T, TMap>(operands, p.Column + 3 * p.ColumnStep, left > 3 * p.ColumnStep);
        var b0 = Tile4.Of(T.Zero, T.Zero, T.Zero, T.Zero);
        var (b1, b2, b3) = (b0, b0, b0);
        var at = (Grid.IdxZ * cut.Rows + p.Row) * cut.Columns + p.Column;
        var r = p.Row;
        for (; r + 3 * p.Step < p.End; r += 4 * p.Step)
        {
            var a0 = TLoad.Load(a, aQuads, at, p.ColumnStep, left);
            var a1 = TLoad.Load(a, aQuads, at + rowStep, p.ColumnStep, left);
            var a2 = TLoad.Load(a, aQuads, at + 2 * rowStep, p.ColumnStep, left);
            var a3 = TLoad.Load(a, aQuads, at + 3 * rowStep, p.ColumnStep, left);
            if (TMap.ReadsSecond)
            {
                b0 = TLoad.Load(b, bQuads, at, p.ColumnStep, left);
                b1 = TLoad.Load(b, bQuads, at + rowStep, p.ColumnStep, left);
                b2 = TLoad.Load(b, bQuads, at + 2 * rowStep, p.ColumnStep, left);
                b3 = TLoad.Load(b, bQuads, at + 3 * rowStep, p.ColumnStep, left);
            }
            TLoad.Store(y, yQuads, at, p.ColumnStep, left, Value<T, TMap>(a0, b0, k0, k1, k2, k3));
            TLoad.Store(y, yQuads, at + rowStep, p.ColumnStep, left, Value<T, TMap>(a1, b1, k0, k1, k2, k3));
            TLoad.Store(y, yQuads, at + 2 * rowStep, p.ColumnStep, left, Value<T, TMap>(a2, b2, k0, k1, k2, k3));
            TLoad.Store(y, yQuads, at + 3 * rowStep, p.ColumnStep, left, Value<T, TMap>(a3, b3, k0, k1, k2, k3));
            at += 4 * rowStep;
        }
        for (; r < p.End; r += p.Step)
        {
            var a0 = TLoad.Load(a, aQuads, at, p.ColumnStep, left);
            if (TMap.ReadsSecond) b0 = TLoad.Load(b, bQuads, at, p.ColumnStep, left);
            TLoad.Store(y, yQuads, at, p.ColumnStep, left, Value<T, TMap>(a0, b0, k0, k1, k2, k3));
            at += rowStep;
        }
    }

    private static MapConstants<T> Constants<T, TMap>(MapOperands<T> operands, int column, bool exists)
        where T : unmanaged, INumber<T>
        where TMap : struct, IColumnMap<T>
    {
        MapConstants<T> k;
        k.Mean = T.Zero;
        k.Scale = T.Zero;
        k.Shift = T.Zero;
        k.MeanGradient = T.Zero;
        k.Slope = T.Zero;
        if (exists) k = TMap.Constants(operands, k, column);
        return k;
    }

    private static Tile4<T> Value<T, TMap>(
        Tile4<T> a, Tile4<T> b, MapConstants<T> k0, MapConstants<T> k1, MapConstants<T> k2, MapConstants<T> k3)
        where T : unmanaged, INumber<T>
        where TMap : struct, IColumnMap<T> => Tile4.Of(
        TMap.Value(a.V0, b.V0, k0), TMap.Value(a.V1, b.V1, k1), TMap.Value(a.V2, b.V2, k2), TMap.Value(a.V3, b.V3, k3));

    /// <summary>y = the map of a and b.</summary>
    /// <param name="host">Where to run.</param>
    /// <param name="a">[samples, rows, columns].</param>
    /// <param name="b">[samples, rows, columns]; may be a where the map does not read it.</param>
    /// <param name="y">[samples, rows, columns], written; may be a or b.</param>
    /// <param name="operands">What the constants come from.</param>
    /// <param name="rows">Rows of a sample.</param>
    /// <param name="columns">Columns.</param>
    /// <param name="samples">Samples.</param>
    public static void Run<T, TMap>(
        KernelHost host, ArrayView<T> a, ArrayView<T> b, ArrayView<T> y, MapOperands<T> operands, int rows, int columns, int samples = 1)
        where T : unmanaged, INumber<T>
        where TMap : struct, IColumnMap<T>
    {
        var cut = ColumnBlock.CutForRows(rows, columns, ThreadRows);
        var config = ColumnBlock.Config(cut, samples);
        if (ColumnBlock.TakesQuads(columns, a, b, y))
            host.Load(static d => Load<T, TMap, TogetherLoad>(d))(
                config, default, default, default, ColumnBlock.Quads(a), ColumnBlock.Quads(b), ColumnBlock.Quads(y), operands, cut);
        else
            host.Load(static d => Load<T, TMap, ApartLoad>(d))(config, a, b, y, default, default, default, operands, cut);
    }

    private static Action<KernelConfig, ArrayView<T>, ArrayView<T>, ArrayView<T>, ArrayView<Tile4<T>>, ArrayView<Tile4<T>>, ArrayView<Tile4<T>>,
        MapOperands<T>, ColumnCut> Load<T, TMap, TLoad>(Accelerator device)
        where T : unmanaged, INumber<T>
        where TMap : struct, IColumnMap<T>
        where TLoad : struct, IColumnLoad =>
        device.LoadStreamKernel<ArrayView<T>, ArrayView<T>, ArrayView<T>, ArrayView<Tile4<T>>, ArrayView<Tile4<T>>, ArrayView<Tile4<T>>,
            MapOperands<T>, ColumnCut>(MapKernel<T, TMap, TLoad>);
}
