namespace IlgpuSeg.Memory;

/// <summary>
/// A device's memory, or the limit set for it, does not suffice, though everything cached was given back. What was alive before is
/// unharmed: after freeing something, for example by leaving a scope, the program can go on.
/// </summary>
public sealed class OutOfDeviceMemoryException : OutOfMemoryException
{
    internal OutOfDeviceMemoryException(
        MemoryReport report, long requestedBytes, string what, IReadOnlyList<MemoryUse> largest, Exception? cause)
        : base(Describe(report, requestedBytes, what, largest, cause), cause)
    {
        Report = report;
        RequestedBytes = requestedBytes;
        Largest = largest;
    }

    /// <summary>Bytes that were asked for.</summary>
    public long RequestedBytes { get; }

    /// <summary>The device's memory when it ran out.</summary>
    public MemoryReport Report { get; }

    /// <summary>The largest tensors that were alive, one each.</summary>
    public IReadOnlyList<MemoryUse> Largest { get; }

    private static string Describe(
        MemoryReport report, long requestedBytes, string what, IReadOnlyList<MemoryUse> largest, Exception? cause)
    {
        var reason = cause is null ? "" : $" The device says: {cause.Message.TrimEnd('.')}.";
        var tensors = string.Join("; ", largest.Select(use => $"{MemoryReport.Size(use.Bytes)} {use.What}, {use.Where}"));
        return $"{report.Device} is out of memory: {MemoryReport.Size(requestedBytes)} asked for ({what}). {report.Totals}.{reason}"
            + (largest.Count > 0 ? $" The largest tensors: {tensors}." : "");
    }
}
