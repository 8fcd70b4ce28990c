using System.Globalization;
using System.Text;

namespace IlgpuSeg;

/// <summary>
/// A tensor's elements as text, as NumPy prints arrays: nested brackets, columns aligned, and of long axes only both ends.
/// </summary>
internal sealed class TensorPreview
{
    /// <summary>Elements of each end of an axis that is too long to print.</summary>
    private const int Edge = 3;

    /// <summary>Tensors of more elements are printed by their edges.</summary>
    private const int PrintedWhole = 100;

    private readonly double[] values;
    private readonly int[] dims;
    private readonly bool abridged;
    private readonly Func<double, string> format;
    private readonly int width;

    private TensorPreview(Tensor tensor)
    {
        values = tensor.ToDoubles();
        dims = tensor.Shape.ToArray();
        abridged = values.Length > PrintedWhole;
        var printed = Shown(0, 0).Select(i => values[i]).ToArray();
        format = Format(printed, tensor.DType);
        width = printed.Select(v => format(v).Length).DefaultIfEmpty(0).Max();
    }

    /// <summary>The elements.</summary>
    public static string Of(Tensor tensor)
    {
        var preview = new TensorPreview(tensor);
        var text = new StringBuilder();
        preview.Write(text, 0, 0);
        return text.ToString();
    }

    private void Write(StringBuilder text, int axis, int first)
    {
        if (axis == dims.Length)
        {
            text.Append(format(values[first]).PadLeft(width));
            return;
        }
        var stride = Stride(axis);
        // Rows on lines of their own, maps with a blank line between them.
        var separator = axis == dims.Length - 1 ? ", " : "," + new string('\n', dims.Length - 1 - axis) + new string(' ', axis + 1);
        text.Append('[');
        var before = -1;
        foreach (var i in Indices(axis))
        {
            if (i > 0) text.Append(separator);
            if (i > before + 1) text.Append("...").Append(separator);
            Write(text, axis + 1, first + i * stride);
            before = i;
        }
        text.Append(']');
    }

    private IEnumerable<int> Shown(int axis, int first) =>
        axis == dims.Length ? [first] : Indices(axis).SelectMany(i => Shown(axis + 1, first + i * Stride(axis)));

    private IEnumerable<int> Indices(int axis) =>
        Enumerable.Range(0, dims[axis]).Where(i => !abridged || dims[axis] <= 2 * Edge || i < Edge || i >= dims[axis] - Edge);

    private int Stride(int axis)
    {
        var stride = 1;
        for (var i = axis + 1; i < dims.Length; i++) stride *= dims[i];
        return stride;
    }

    /// <summary>Integers as they are; else four digits after the point, or powers of ten where that would hide or overflow the numbers.</summary>
    private static Func<double, string> Format(double[] printed, DType dtype)
    {
        if (dtype == DType.Int32) return v => v.ToString("F0", CultureInfo.InvariantCulture);
        var magnitudes = printed.Where(v => v != 0 && double.IsFinite(v)).Select(Math.Abs).ToArray();
        var plain = magnitudes.Length == 0 || (magnitudes.Max() < 1e5 && magnitudes.Min() >= 1e-4);
        return plain
            ? v => v.ToString("F4", CultureInfo.InvariantCulture)
            : v => v.ToString("0.0000e+00", CultureInfo.InvariantCulture);
    }
}
