// What a product's kernel does with a finished sum before it stores it: an activation, a scale and shift per column (a batch norm of
// inference), another tensor added or multiplied. A struct type argument of the kernel, so that each combination is compiled on its own and
// one that does nothing costs nothing.
//
// Memory: saves the passes over C that the same operations would make on their own; the other tensor is read once, at C's index. Where gradients need
//   the sums themselves (the epilogues that keep) they are written once, at C's index too, and not read again.
// Accumulation: none; scale and shift, and the scaled residual, are fused multiply-adds.
using System.Numerics;
using ILGPU;

namespace IlgpuSeg.Kernels;

/// <summary>Which of <see cref="EpilogueOperands{T}"/> an epilogue reads, or writes.</summary>
[Flags]
public enum EpilogueUses
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>One factor per column.</summary>
    Scale = 1,

    /// <summary>One addend per column.</summary>
    Shift = 2,

    /// <summary>Another tensor of the result's layout.</summary>
    Other = 4,

    /// <summary>One factor per column for the other tensor.</summary>
    OtherScale = 8,

    /// <summary>A tensor of the result's layout that the finished sums go to as they are: not read but written.</summary>
    Sums = 16,
}

/// <summary>What epilogues read and write; views that an epilogue does not use may be empty.</summary>
/// <typeparam name="T">The element type.</typeparam>
/// <param name="Scale">[columns], the factors of the sums.</param>
/// <param name="Shift">[columns], addends.</param>
/// <param name="Other">Laid out as the result; may share its memory.</param>
/// <param name="OtherScale">[columns], the factors of <paramref name="Other"/>.</param>
/// <param name="Sums">Laid out as the result, written; shares no memory with it.</param>
public readonly record struct EpilogueOperands<T>(
    ArrayView<T> Scale, ArrayView<T> Shift, ArrayView<T> Other, ArrayView<T> OtherScale, ArrayView<T> Sums = default)
    where T : unmanaged, INumber<T>
{
    /// <summary>The operands, checked, with a valid view (which is not used) in the place of each absent one: kernels want no empty ones.</summary>
    /// <param name="kernel">The operation, for messages.</param>
    /// <param name="uses">What the epilogue uses.</param>
    /// <param name="columns">Columns of the result.</param>
    /// <param name="elements">Elements of the result's layout.</param>
    /// <param name="any">Any valid view.</param>
    /// <exception cref="ArgumentException">A view that is used is too short.</exception>
    internal EpilogueOperands<T> Complete(string kernel, EpilogueUses uses, int columns, long elements, ArrayView<T> any)
    {
        return new(
            Checked("scale", Scale, EpilogueUses.Scale, columns), Checked("shift", Shift, EpilogueUses.Shift, columns),
            Checked("other tensor", Other, EpilogueUses.Other, elements),
            Checked("other tensor's scale", OtherScale, EpilogueUses.OtherScale, columns),
            Checked("tensor of sums", Sums, EpilogueUses.Sums, elements));

        ArrayView<T> Checked(string name, ArrayView<T> view, EpilogueUses bit, long length)
        {
            if ((uses & bit) == 0) return any;
            Gemm.Require(kernel, name, view.Length, length);
            return view;
        }
    }
}

/// <summary>What an epilogue needs of a column; loaded once for all rows of a thread.</summary>
/// <typeparam name="T">The element type.</typeparam>
public struct EpilogueColumn<T>
    where T : unmanaged
{
    /// <summary>The factor of the sums.</summary>
    public T Scale;

    /// <summary>The addend.</summary>
    public T Shift;

    /// <summary>The factor of the other tensor.</summary>
    public T OtherScale;
}

/// <summary>From a finished sum to what is stored; callable inside kernels.</summary>
/// <typeparam name="T">The element type.</typeparam>
public interface IEpilogue<T>
    where T : unmanaged, INumber<T>
{
    /// <summary>Whether it stores the sum as it is.</summary>
    static abstract bool IsIdentity { get; }

    /// <summary>What it reads and writes; the host checks that it is there.</summary>
    static abstract EpilogueUses Uses { get; }

    /// <summary>What is stored.</summary>
    /// <param name="sum">The finished sum.</param>
    /// <param name="column">The column's constants; those that are not read are 0.</param>
    /// <param name="other">The other tensor's element at the place of the result; 0 if it is not read.</param>
    static abstract T Value(T sum, EpilogueColumn<T> column, T other);
}

/// <summary>The loads that go with an epilogue; callable inside kernels.</summary>
public static class Epilogue
{
    /// <summary>The constants of a column.</summary>
    /// <param name="e">The operands.</param>
    /// <param name="n">The column, below the number of columns.</param>
    public static EpilogueColumn<T> Column<T, TEpilogue>(EpilogueOperands<T> e, int n)
        where T : unmanaged, INumber<T>
        where TEpilogue : struct, IEpilogue<T>
    {
        EpilogueColumn<T> column;
        column.Scale = (TEpilogue.Uses & EpilogueUses.Scale) != 0 ? e.Scale[n] : T.Zero;
        column.Shift = (TEpilogue.Uses & EpilogueUses.Shift) != 0 ? e.Shift[n] : T.Zero;
        column.OtherScale = (TEpilogue.Uses & EpilogueUses.OtherScale) != 0 ? e.OtherScale[n] : T.Zero;
        return column;
    }

    /// <summary><see cref="Column{T, TEpilogue}(EpilogueOperands{T}, int)"/>, or zeros beyond the last column.</summary>
    /// <param name="e">The operands.</param>
    /// <param name="first">Where the constants of the first column lie: not 0 in a batch with constants of its own.</param>
    /// <param name="n">The column.</param>
    /// <param name="columns">The number of columns.</param>
    public static EpilogueColumn<T> Column<T, TEpilogue>(EpilogueOperands<T> e, int first, int n, int columns)
        where T : unmanaged, INumber<T>
        where TEpilogue : struct, IEpilogue<T>
    {
        EpilogueColumn<T> column;
        column.Scale = T.Zero;
        column.Shift = T.Zero;
        column.OtherScale = T.Zero;
        if ((TEpilogue.Uses & ~(EpilogueUses.Other | EpilogueUses.Sums)) != 0)
        {
            if (n < columns) column = Column<T, TEpilogue>(e, first + n);
        }
        return column;
    }

    /// <summary>What is stored at an index of the result; keeps the sum where the epilogue says so.</summary>
    /// <param name="e">The operands.</param>
    /// <param name="column">The column's constants.</param>
    /// <param name="index">The place in the result.</param>
    /// <param name="sum">The finished sum.</param>
    public static T Value<T, TEpilogue>(EpilogueOperands<T> e, EpilogueColumn<T> column, int index, T sum)
        where T : unmanaged, INumber<T>
        where TEpilogue : struct, IEpilogue<T>
    {
        if ((TEpilogue.Uses & EpilogueUses.Sums) != 0) e.Sums[index] = sum;
        return TEpilogue.Value(sum, column, (TEpilogue.Uses & EpilogueUses.Other) != 0 ? e.Other[index] : T.Zero);
    }
}

/// <summary>The sum itself, or its activation.</summary>
public readonly struct ActivationEpilogue<T, TActivation> : IEpilogue<T>
    where T : unmanaged, INumber<T>
    where TActivation : struct, IActivation<T>
{
    /// <inheritdoc/>
    public static bool IsIdentity => TActivation.IsIdentity;

    /// <inheritdoc/>
    public static EpilogueUses Uses => EpilogueUses.None;

    /// <inheritdoc/>
    public static T Value(T sum, EpilogueColumn<T> column, T other) => TActivation.Value(sum);
}

/// <summary>
/// The gradient of an activation of the sum, from that of its result, which is the other tensor: backward computes the sum again instead of
/// keeping it.
/// </summary>
public readonly struct ActivationGradientEpilogue<T, TActivation> : IEpilogue<T>
    where T : unmanaged, INumber<T>
    where TActivation : struct, IActivation<T>
{
    /// <inheritdoc/>
    public static bool IsIdentity => false;

    /// <inheritdoc/>
    public static EpilogueUses Uses => EpilogueUses.Other;

    /// <inheritdoc/>
    public static T Value(T sum, EpilogueColumn<T> column, T other) => TActivation.Gradient(sum, other);
}

/// <summary>activation(sum * scale + shift): a batch norm with fixed statistics.</summary>
public readonly struct AffineEpilogue<T, R, TActivation> : IEpilogue<T>
    where T : unmanaged, INumber<T>
    where R : struct, IReal<T>
    where TActivation : struct, IActivation<T>
{
    /// <inheritdoc/>
    public static bool IsIdentity => false;

    /// <inheritdoc/>
    public static EpilogueUses Uses => EpilogueUses.Scale | EpilogueUses.Shift;

    /// <inheritdoc/>
    public static T Value(T sum, EpilogueColumn<T> column, T other) => TActivation.Value(R.Fma(sum, column.Scale, column.Shift));
}

/// <summary>activation(sum + other): a residual connection.</summary>
public readonly struct ResidualEpilogue<T, TActivation> : IEpilogue<T>
    where T : unmanaged, INumber<T>
    where TActivation : struct, IActivation<T>
{
    /// <inheritdoc/>
    public static bool IsIdentity => false;

    /// <inheritdoc/>
    public static EpilogueUses Uses => EpilogueUses.Other;

    /// <inheritdoc/>
    public static T Value(T sum, EpilogueColumn<T> column, T other) => TActivation.Value(sum + other);
}

/// <summary>sum * scale + other: a residual connection with a layer scale.</summary>
public readonly struct ScaledResidualEpilogue<T, R> : IEpilogue<T>
    where T : unmanaged, INumber<T>
    where R : struct, IReal<T>
{
    /// <inheritdoc/>
    public static bool IsIdentity => false;

    /// <inheritdoc/>
    public static EpilogueUses Uses => EpilogueUses.Scale | EpilogueUses.Other;

    /// <inheritdoc/>
    public static T Value(T sum, EpilogueColumn<T> column, T other) => R.Fma(sum, column.Scale, other);
}

/// <summary>
/// sum * scale + other * other's scale + shift: two residual connections around a batch norm with fixed statistics, of which the tensor
/// before the norm is left.
/// </summary>
public readonly struct AffineResidualEpilogue<T, R> : IEpilogue<T>
    where T : unmanaged, INumber<T>
    where R : struct, IReal<T>
{
    /// <inheritdoc/>
    public static bool IsIdentity => false;

    /// <inheritdoc/>
    public static EpilogueUses Uses => EpilogueUses.Scale | EpilogueUses.Shift | EpilogueUses.Other | EpilogueUses.OtherScale;

    /// <inheritdoc/>
    public static T Value(T sum, EpilogueColumn<T> column, T other) =>
        R.Fma(sum, column.Scale, R.Fma(other, column.OtherScale, column.Shift));
}

/// <summary>sum * other: a gate.</summary>
public readonly struct ProductEpilogue<T> : IEpilogue<T>
    where T : unmanaged, INumber<T>
{
    /// <inheritdoc/>
    public static bool IsIdentity => false;

    /// <inheritdoc/>
    public static EpilogueUses Uses => EpilogueUses.Other;

    /// <inheritdoc/>
    public static T Value(T sum, EpilogueColumn<T> column, T other) => sum * other;
}

/// <summary>sum * other, and the sum kept: the gradient of the other tensor needs it.</summary>
public readonly struct KeepingProductEpilogue<T> : IEpilogue<T>
    where T : unmanaged, INumber<T>
{
    /// <inheritdoc/>
    public static bool IsIdentity => false;

    /// <inheritdoc/>
    public static EpilogueUses Uses => EpilogueUses.Other | EpilogueUses.Sums;

    /// <inheritdoc/>
    public static T Value(T sum, EpilogueColumn<T> column, T other) => ProductEpilogue<T>.Value(sum, column, other);
}

/// <summary>The sum's activation, and the sum kept: the activation's gradient needs it.</summary>
public readonly struct KeepingActivationEpilogue<T, TActivation> : IEpilogue<T>
    where T : unmanaged, INumber<T>
    where TActivation : struct, IActivation<T>
{
    /// <inheritdoc/>
    public static bool IsIdentity => false;

    /// <inheritdoc/>
    public static EpilogueUses Uses => EpilogueUses.Sums;

    /// <inheritdoc/>
    public static T Value(T sum, EpilogueColumn<T> column, T other) => TActivation.Value(sum);
}
