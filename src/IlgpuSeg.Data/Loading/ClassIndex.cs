using System.Runtime.ExceptionServices;

namespace IlgpuSeg.Data;

/// <summary>Which samples of a source hold which class.</summary>
public sealed class ClassIndex
{
    private readonly int[] _classes;
    private readonly int[][] _samples;

    /// <summary>Reads all labels, on all cores.</summary>
    /// <param name="source">Samples with labels.</param>
    /// <exception cref="DataException">A sample cannot be read.</exception>
    public ClassIndex(ISampleSource source)
    {
        var present = new bool[source.Count][];
        try
        {
            Parallel.For(0, source.Count, i => present[i] = Present(source.Load(i).Labels, source.Classes.Count));
        }
        catch (AggregateException e) when (e.InnerException is DataException)
        {
            ExceptionDispatchInfo.Throw(e.InnerException);
        }
        _classes = [.. Enumerable.Range(0, source.Classes.Count).Where(c => present.Any(p => p[c]))];
        _samples = [.. _classes.Select(c => Enumerable.Range(0, source.Count).Where(i => present[i][c]).ToArray())];
    }

    /// <summary>The classes of which there is a pixel, in ascending order.</summary>
    public IReadOnlyList<int> Classes => _classes;

    /// <summary>The samples that hold a pixel of a class, in ascending order.</summary>
    /// <param name="index">The class's place in <see cref="Classes"/>.</param>
    public IReadOnlyList<int> Samples(int index) => _samples[index];

    private static bool[] Present(LabelMap? labels, int classes)
    {
        var present = new bool[LabelMap.Ignore + 1];
        if (labels is not null)
        {
            foreach (byte label in labels.Labels) present[label] = true;
        }
        return present[..classes];
    }
}
