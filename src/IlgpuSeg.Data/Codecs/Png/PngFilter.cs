using System.Numerics;
using System.Runtime.InteropServices;

namespace IlgpuSeg.Data;

/// <summary>PNG's five row filters, both ways. All arithmetic is modulo 256.</summary>
internal static class PngFilter
{
    public const int None = 0, Sub = 1, Up = 2, Average = 3, PaethPredictor = 4, Count = 5;

    /// <summary>Turns a filtered row into samples, in place.</summary>
    /// <param name="filter">The filter that the row names.</param>
    /// <param name="row">The filtered row.</param>
    /// <param name="above">The unfiltered row above (zeros above the first).</param>
    /// <param name="distance">Bytes to the left neighbour.</param>
    /// <returns>False for an unknown filter.</returns>
    public static bool Undo(int filter, Span<byte> row, ReadOnlySpan<byte> above, int distance)
    {
        switch (filter)
        {
            case None:
                return true;
            case Sub:
                for (int i = distance; i < row.Length; i++)
                    row[i] += row[i - distance];
                return true;
            case Up:
                UndoUp(row, above);
                return true;
            case Average:
                UndoAverage(row, above, distance);
                return true;
            case PaethPredictor:
                UndoPaeth(row, above, distance);
                return true;
            default:
                return false;
        }
    }

    private static void UndoUp(Span<byte> row, ReadOnlySpan<byte> above)
    {
        var rows = MemoryMarshal.Cast<byte, Vector<byte>>(row);
        var aboves = MemoryMarshal.Cast<byte, Vector<byte>>(above);
        for (int i = 0; i < rows.Length; i++)
            rows[i] += aboves[i];
        for (int i = rows.Length * Vector<byte>.Count; i < row.Length; i++)
            row[i] += above[i];
    }

    private static void UndoAverage(Span<byte> row, ReadOnlySpan<byte> above, int distance)
    {
        above = above[..row.Length];
        for (int i = 0; i < Math.Min(distance, row.Length); i++)
            row[i] += (byte)(above[i] >> 1);
        for (int i = distance; i < row.Length; i++)
            row[i] += (byte)((row[i - distance] + above[i]) >> 1);
    }

    /// <summary>Channel by channel, so that the left and upper-left neighbours stay in registers.</summary>
    private static void UndoPaeth(Span<byte> row, ReadOnlySpan<byte> above, int distance)
    {
        above = above[..row.Length];
        for (int channel = 0; channel < Math.Min(distance, row.Length); channel++)
        {
            int left = 0, upperLeft = 0;
            for (int i = channel; i < row.Length; i += distance)
            {
                int upper = above[i];
                left = (byte)(row[i] + Paeth(left, upper, upperLeft));
                row[i] = (byte)left;
                upperLeft = upper;
            }
        }
    }

    /// <summary>The neighbour nearest to left + upper - upperLeft; ties go to left, then upper.</summary>
    private static int Paeth(int left, int upper, int upperLeft)
    {
        int toLeft = Math.Abs(upper - upperLeft);
        int toUpper = Math.Abs(left - upperLeft);
        int toUpperLeft = Math.Abs(left + upper - 2 * upperLeft);
        int nearer = toUpper <= toUpperLeft ? upper : upperLeft;
        return toLeft <= toUpper && toLeft <= toUpperLeft ? left : nearer;
    }

    /// <summary>Filters a row for writing.</summary>
    /// <returns>The sum of the filtered bytes' distances from zero, the usual guess at how well they compress.</returns>
    public static long Apply(int filter, ReadOnlySpan<byte> row, ReadOnlySpan<byte> above, int distance, Span<byte> filtered)
    {
        long cost = 0;
        for (int i = 0; i < row.Length; i++)
        {
            int left = i >= distance ? row[i - distance] : 0;
            int upperLeft = i >= distance ? above[i - distance] : 0;
            int predicted = filter switch
            {
                None => 0,
                Sub => left,
                Up => above[i],
                Average => (left + above[i]) >> 1,
                _ => Paeth(left, above[i], upperLeft),
            };
            byte value = (byte)(row[i] - predicted);
            filtered[i] = value;
            cost += value < 128 ? value : 256 - value;
        }
        return cost;
    }
}
