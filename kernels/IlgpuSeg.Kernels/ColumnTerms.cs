// What the GPU's column sums add up, from an element of one or two operands and what is known of its row or column.
//
// Memory: none of its own. Accumulation: in T.
using System.Numerics;
using ILGPU;

namespace IlgpuSeg.Kernels;

/// <summary>Constants that a term reads: nothing, or a value per column or per row.</summary>
internal enum TermScope
{
    /// <summary>None.</summary>
    None,

    /// <summary>Per column.</summary>
    Column,

    /// <summary>Per row.</summary>
    Row,
}

/// <summary>Where the constants of a norm lie; [columns] or [rows].</summary>
internal readonly struct TermOperands<T>(ArrayView<T> mean, ArrayView<T> inverseDeviation, ArrayView<T> weight, ArrayView<T> bias)
    where T : unmanaged
{
    /// <summary>The mean.</summary>
    public readonly ArrayView<T> Mean = mean;

    /// <summary>1 / the deviation.</summary>
    public readonly ArrayView<T> InverseDeviation = inverseDeviation;

    /// <summary>The weight; of columns only.</summary>
    public readonly ArrayView<T> Weight = weight;

    /// <summary>The bias; of columns only.</summary>
    public readonly ArrayView<T> Bias = bias;
}

/// <summary>The constants of an element.</summary>
internal struct TermConstants<T>
    where T : unmanaged
{
    /// <summary>The mean.</summary>
    public T Mean;

    /// <summary>1 / the deviation.</summary>
    public T Inverse;

    /// <summary>The weight divided by the deviation.</summary>
    public T Scale;

    /// <summary>The bias.</summary>
    public T Shift;
}

/// <summary>Two sums.</summary>
internal struct TermSums<T>
    where T : unmanaged
{
    /// <summary>The first.</summary>
    public T First;

    /// <summary>The second.</summary>
    public T Second;
}

/// <summary>A term; callable inside kernels.</summary>
internal interface IColumnTerm<T>
    where T : unmanaged, INumber<T>
{
    /// <summary>Whether the second operand is read.</summary>
    static abstract bool ReadsSecond { get; }

    /// <summary>Whether there is a second sum.</summary>
    static abstract bool HasSecondSum { get; }

    /// <summary>Which constants are read.</summary>
    static abstract TermScope Scope { get; }

    /// <summary>The sums with the term of a and b added.</summary>
    static abstract TermSums<T> Accumulate(TermSums<T> sums, T a, T b, TermConstants<T> k);

    /// <summary>What is left to do with the first sum of a chunk; the constant is the column's.</summary>
    static abstract T Finish(T first, T inverse);
}

/// <summary>A reduction's term.</summary>
internal readonly struct ReductionColumnTerm<T, TTerm> : IColumnTerm<T>
    where T : unmanaged, INumber<T>
    where TTerm : struct, IReductionTerm<T>
{
    public static bool ReadsSecond => TTerm.ReadsSecond;

    public static bool HasSecondSum => false;

    public static TermScope Scope => TermScope.None;

    public static TermSums<T> Accumulate(TermSums<T> sums, T a, T b, TermConstants<T> k)
    {
        sums.First = TTerm.Accumulate(sums.First, a, b);
        return sums;
    }

    public static T Finish(T first, T inverse) => first;
}

/// <summary>The gradients of a batch norm's weight and bias: g * normalised x and g, the gradient before the activation; a is x, b is dy.</summary>
internal readonly struct BatchNormTerm<T, R, TActivation> : IColumnTerm<T>
    where T : unmanaged, INumber<T>
    where R : struct, IReal<T>
    where TActivation : struct, IActivation<T>
{
    public static bool ReadsSecond => true;

    public static bool HasSecondSum => true;

    public static TermScope Scope => TermScope.Column;

    public static TermSums<T> Accumulate(TermSums<T> sums, T a, T b, TermConstants<T> k)
    {
        var centred = a - k.Mean;
        var g = TActivation.Gradient(R.Fma(centred, k.Scale, k.Shift), b);
        sums.First = R.Fma(g, centred, sums.First);
        sums.Second += g;
        return sums;
    }

    public static T Finish(T first, T inverse) => first * inverse;
}

/// <summary>The gradients of a layer norm's weight and bias: dy * normalised x and dy; a is x, b is dy.</summary>
internal readonly struct LayerNormTerm<T, R> : IColumnTerm<T>
    where T : unmanaged, INumber<T>
    where R : struct, IReal<T>
{
    public static bool ReadsSecond => true;

    public static bool HasSecondSum => true;

    public static TermScope Scope => TermScope.Row;

    public static TermSums<T> Accumulate(TermSums<T> sums, T a, T b, TermConstants<T> k)
    {
        sums.First = R.Fma(b, (a - k.Mean) * k.Inverse, sums.First);
        sums.Second += b;
        return sums;
    }

    public static T Finish(T first, T inverse) => first;
}
