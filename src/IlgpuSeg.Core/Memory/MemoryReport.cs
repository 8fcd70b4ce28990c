using System.Globalization;
using System.Text;

namespace IlgpuSeg.Memory;

/// <summary>Tensors that were made at one place.</summary>
/// <param name="Where">The operation and the calling line, or "not tracked".</param>
/// <param name="What">The type and shape of the largest, with its name if it has one.</param>
/// <param name="Count">How many are alive.</param>
/// <param name="Bytes">Bytes in use by all of them.</param>
public sealed record MemoryUse(string Where, string What, int Count, long Bytes)
{
    private const string NotTracked = "not tracked";

    /// <summary>Grouped by place, those of unknown places by type, shape and name; the largest group first.</summary>
    internal static IReadOnlyList<MemoryUse> Group(IEnumerable<Storage> live) =>
    [
        .. live.GroupBy(s => s.Site ?? Describe(s)).Select(Sum).OrderByDescending(use => use.Bytes).ThenBy(use => use.What, StringComparer.Ordinal),
    ];

    /// <summary>The largest tensors, one each.</summary>
    internal static IReadOnlyList<MemoryUse> Largest(IEnumerable<Storage> live, int count) =>
        [.. live.OrderByDescending(s => s.Size).Take(count).Select(s => new MemoryUse(s.Site ?? NotTracked, Describe(s), 1, s.Size))];

    private static MemoryUse Sum(IEnumerable<Storage> group)
    {
        var largest = group.MaxBy(s => s.Size)!;
        return new MemoryUse(largest.Site ?? NotTracked, Describe(largest), group.Count(), group.Sum(s => s.Size));
    }

    private static string Describe(Storage s) => $"{s.DType} {s.Shape}{(s.Name is null ? "" : $" '{s.Name}'")}";
}

/// <summary>The memory of a device at one moment; <see cref="ToString"/> makes a table of it.</summary>
/// <param name="Device">The device's name.</param>
/// <param name="LiveBytes">Bytes in use by tensors.</param>
/// <param name="PeakBytes">The most that were in use at once.</param>
/// <param name="CachedBytes">Bytes that wait for reuse.</param>
/// <param name="PeakReservedBytes">The most that were taken from the device at once.</param>
/// <param name="Limit">The most that may be taken from the device; null for no limit.</param>
/// <param name="LiveBlocks">Blocks in use.</param>
/// <param name="Uses">What is alive by where it was allocated, the largest first.</param>
public sealed record MemoryReport(
    string Device, long LiveBytes, long PeakBytes, long CachedBytes, long PeakReservedBytes, long? Limit, int LiveBlocks,
    IReadOnlyList<MemoryUse> Uses)
{
    private const int Rows = 20;

    /// <summary>Bytes taken from the device: live and cached.</summary>
    public long ReservedBytes => LiveBytes + CachedBytes;

    /// <summary>A line of totals and a row for each of the largest groups.</summary>
    public override string ToString()
    {
        var text = new StringBuilder(Totals);
        if (Uses.Count > 0) text.Append(CultureInfo.InvariantCulture, $"\n{"size",12} {"count",6}  largest, where");
        foreach (var use in Uses.Take(Rows))
            text.Append(CultureInfo.InvariantCulture, $"\n{Size(use.Bytes),12} {use.Count,6}  {use.What}, {use.Where}");
        if (Uses.Count > Rows)
        {
            var rest = Uses.Skip(Rows).ToArray();
            text.Append(CultureInfo.InvariantCulture, $"\n{Size(rest.Sum(u => u.Bytes)),12} {rest.Sum(u => u.Count),6}  at {rest.Length} more places");
        }
        return text.ToString();
    }

    internal string Totals =>
        $"{Device}: {Size(LiveBytes)} in use by {LiveBlocks} tensors (at most {Size(PeakBytes)}), {Size(CachedBytes)} cached, "
        + $"{Size(ReservedBytes)} taken from the device (at most {Size(PeakReservedBytes)}), {(Limit is { } limit ? $"limit {Size(limit)}" : "no limit")}";

    /// <summary>Bytes in the largest unit that keeps the number above 1.</summary>
    internal static string Size(long bytes) => bytes switch
    {
        >= 1L << 30 => $"{bytes / (double)(1L << 30):F2} GiB",
        >= 1L << 20 => $"{bytes / (double)(1L << 20):F1} MiB",
        >= 1L << 10 => $"{bytes / (double)(1L << 10):F1} KiB",
        _ => $"{bytes} bytes",
    };
}
