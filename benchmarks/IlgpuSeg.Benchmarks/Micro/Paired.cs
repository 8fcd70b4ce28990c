using System.Diagnostics;

namespace IlgpuSeg.Benchmarks.Micro;

/// <summary>
/// Times in turns, so that a machine that slows down slows down both: the least time of each, and the median of the ratios of neighbours.
/// </summary>
/// <param name="Ours">Nanoseconds of one run, the least.</param>
/// <param name="Peer">The same of the other.</param>
/// <param name="Speed">How fast ours is, in units of the other: the median over the rounds.</param>
internal sealed record Paired(double Ours, double Peer, double Speed)
{
    public static Paired Measure(Action ours, Action peer, int rounds = 21, double roundMilliseconds = 8)
    {
        return Turns(ours, peer, rounds, Repeats(ours, roundMilliseconds), Repeats(peer, roundMilliseconds));
    }

    /// <summary>The same of long runs whose code is compiled for good when it first runs: one run a turn, after one that does not count.</summary>
    public static Paired MeasureLong(Action ours, Action peer, int rounds)
    {
        ours();
        peer();
        return Turns(ours, peer, rounds, 1, 1);
    }

    private static Paired Turns(Action ours, Action peer, int rounds, int ourRepeats, int peerRepeats)
    {
        var samples = new List<(double Ours, double Peer)>();
        for (var round = 0; round < rounds; round++)
            samples.Add((Time(ours, ourRepeats), Time(peer, peerRepeats)));
        return new Paired(samples.Min(s => s.Ours), samples.Min(s => s.Peer), Median(samples.Select(s => s.Peer / s.Ours)));
    }

    /// <summary>Nanoseconds of one run: the least and the median of several rounds.</summary>
    public static (double Least, double Median) Alone(Action run, int rounds = 21, double roundMilliseconds = 8)
    {
        var repeats = Repeats(run, roundMilliseconds);
        var samples = Enumerable.Range(0, rounds).Select(_ => Time(run, repeats)).ToArray();
        return (samples.Min(), Median(samples));
    }

    public static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToArray();
        return sorted[sorted.Length / 2];
    }

    // Also compiles what is run: the better tiers come while nothing else is being compiled, so it rests in between.
    private static int Repeats(Action run, double milliseconds)
    {
        var count = 0;
        var total = TimeSpan.Zero;
        for (var warmup = 0; warmup < 4; warmup++)
        {
            count = 0;
            var watch = Stopwatch.StartNew();
            while (count < 10 || watch.Elapsed.TotalMilliseconds < 60)
            {
                run();
                count++;
            }
            total = watch.Elapsed;
            Thread.Sleep(150);
        }
        return Math.Max(1, (int)(milliseconds / (total.TotalMilliseconds / count)));
    }

    private static double Time(Action run, int repeats)
    {
        var start = Stopwatch.GetTimestamp();
        for (var i = 0; i < repeats; i++) run();
        return Stopwatch.GetElapsedTime(start).TotalNanoseconds / repeats;
    }
}
