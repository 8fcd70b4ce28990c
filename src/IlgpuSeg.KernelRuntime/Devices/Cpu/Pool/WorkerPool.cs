using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;

namespace IlgpuSeg.KernelRuntime.Devices.Cpu;

/// <summary>
/// Spreads the groups of a launch over a fixed number of threads, the launching one among them. Each takes the next few
/// groups until none is left; which thread runs a group has no influence on what it computes.
/// </summary>
/// <remarks>
/// One launch runs at a time. It is open while groups are left; a worker joins an open launch by counting itself in, and a
/// launch that ends waits only for those who joined, never for a worker that is still waking up. Workers look for the next
/// launch for a short while before they sleep, as launches mostly come in rows.
/// </remarks>
internal sealed unsafe class WorkerPool
{
    /// <summary>The environment variable that sets the number of threads.</summary>
    public const string ThreadsVariable = "ILGPUSEG_THREADS";

    /// <summary>Launches expected to take less than this stay on the launching thread: waking others would take as long.</summary>
    private const double InlineNanoseconds = 10_000;

    /// <summary>How many pieces each thread gets on average: enough to even out groups of different cost.</summary>
    private const int ChunksPerThread = 8;

    private const int MaxThreads = 1024;

    private static readonly TimeSpan IdleSpin = TimeSpan.FromMicroseconds(50);
    private static readonly ConcurrentDictionary<int, WorkerPool> Pools = new();

    private readonly Lock _launchGate = new();
    private readonly SemaphoreSlim _wake = new(0);
    private readonly Join _join = new();
    private CompiledCpuKernel? _kernel;
    private byte* _arguments;
    private LaunchDimensions _dimensions;
    private long _groupCount;
    private long _chunk;
    private int _maxHelpers;
    private long _nextGroup;
    private Exception? _failure;
    private int _sleeping;
    private bool _started;

    private WorkerPool(int threads)
    {
        Threads = threads;
    }

    /// <summary>The number of threads, the launching one among them.</summary>
    public int Threads { get; }

    /// <summary>The number of threads that the environment asks for; all processors if it does not.</summary>
    /// <exception cref="InvalidOperationException">The variable is not a positive number.</exception>
    public static int DefaultThreads => ParseThreads(Environment.GetEnvironmentVariable(ThreadsVariable));

    internal static int ParseThreads(string? text)
    {
        if (string.IsNullOrWhiteSpace(text))
            return Environment.ProcessorCount;
        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int threads) && threads is > 0 and <= MaxThreads
            ? threads
            : throw new InvalidOperationException($"{ThreadsVariable} is '{text}'; it must be a number in 1 .. {MaxThreads}.");
    }

    /// <summary>The pool of a number of threads; one for the whole process.</summary>
    public static WorkerPool Of(int threads) => Pools.GetOrAdd(threads, static count => new WorkerPool(count));

    /// <summary>Runs all groups of a launch and returns when they are done.</summary>
    public void Run(CompiledCpuKernel kernel, byte* arguments, in LaunchDimensions dimensions)
    {
        long groups = dimensions.GroupCount;
        double estimate = kernel.NanosecondsPerGroup;
        int helpers = (int)Math.Min(groups, Math.Min(Threads, kernel.MaxWorkers(dimensions))) - 1;
        bool small = estimate >= 0 && estimate * groups < InlineNanoseconds;
        long start = Stopwatch.GetTimestamp();
        if (helpers <= 0 || small)
        {
            kernel.RunGroups(arguments, dimensions, 0, groups);
            helpers = 0;
        }
        else
        {
            lock (_launchGate)
                RunShared(kernel, arguments, dimensions, helpers);
        }
        double measured = Stopwatch.GetElapsedTime(start).TotalNanoseconds * (helpers + 1) / groups;
        // Half the old and half the new: a launch that was interrupted by the system does not count for long.
        kernel.NanosecondsPerGroup = estimate < 0 ? measured : (measured + estimate) / 2;
    }

    private void RunShared(CompiledCpuKernel kernel, byte* arguments, in LaunchDimensions dimensions, int helpers)
    {
        StartWorkers();
        _kernel = kernel;
        _arguments = arguments;
        _dimensions = dimensions;
        _groupCount = dimensions.GroupCount;
        _chunk = Math.Max(1, _groupCount / ((long)(helpers + 1) * ChunksPerThread));
        _maxHelpers = helpers;
        _nextGroup = 0;
        _failure = null;
        _join.Open();
        int asleep = Math.Min(helpers, Volatile.Read(ref _sleeping));
        if (asleep > 0)
            _wake.Release(asleep);
        Work();
        _join.CloseAndWait();
        _kernel = null;
        if (_failure is not null)
            throw _failure;
    }

    private void Work()
    {
        try
        {
            while (true)
            {
                long first = Interlocked.Add(ref _nextGroup, _chunk) - _chunk;
                if (first >= _groupCount)
                    return;
                _kernel!.RunGroups(_arguments, _dimensions, first, Math.Min(_chunk, _groupCount - first));
            }
        }
        catch (Exception exception)
        {
            Interlocked.CompareExchange(ref _failure, exception, null);
            Volatile.Write(ref _nextGroup, _groupCount);
        }
    }

    private void StartWorkers()
    {
        if (_started)
            return;
        _started = true;
        for (int i = 1; i < Threads; i++)
            new Thread(WorkerLoop) { IsBackground = true, Name = $"kernel worker {i}" }.Start();
    }

    private void WorkerLoop()
    {
        uint seen = 0;
        while (true)
        {
            if (!SpinForLaunch(seen))
                SleepForLaunch(seen);
            if (!_join.TryEnter(ref seen, _maxHelpers))
                continue;
            Work();
            _join.Leave();
        }
    }

    private bool SpinForLaunch(uint seen)
    {
        long start = Stopwatch.GetTimestamp();
        do
        {
            if (_join.IsNew(seen))
                return true;
            Thread.SpinWait(20);
        }
        while (Stopwatch.GetElapsedTime(start) < IdleSpin);
        return false;
    }

    private void SleepForLaunch(uint seen)
    {
        Interlocked.Increment(ref _sleeping);
        // A launch that opened before the increment did not count this worker as asleep and will not wake it.
        if (!_join.IsNew(seen))
            _wake.Wait();
        Interlocked.Decrement(ref _sleeping);
    }
}
