namespace IlgpuSeg.Training;

/// <summary>Reports on the calling thread and in order, unlike <see cref="Progress{T}"/>.</summary>
/// <param name="report">Hears of the number done.</param>
public sealed class DirectProgress(Action<int> report) : IProgress<int>
{
    /// <inheritdoc/>
    public void Report(int value) => report(value);
}
