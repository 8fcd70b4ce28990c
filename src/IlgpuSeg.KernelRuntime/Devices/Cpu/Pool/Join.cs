namespace IlgpuSeg.KernelRuntime.Devices.Cpu;

/// <summary>
/// Counts the workers that have joined the current launch. Launch number, "open" and the count share one word, so that a
/// worker can join only while the launch is open, and the launch can end only when all who joined have left.
/// </summary>
internal sealed class Join
{
    private const ulong CountMask = 0xFFFF;
    private const ulong OpenBit = 1UL << 16;
    private const int NumberShift = 32;

    private ulong _state;

    /// <summary>Opens the next launch.</summary>
    public void Open()
    {
        uint number = (uint)(Volatile.Read(ref _state) >> NumberShift) + 1;
        // A full fence: the launch must be visible before the number of sleeping workers is read.
        Interlocked.Exchange(ref _state, ((ulong)number << NumberShift) | OpenBit);
    }

    /// <summary>Lets nobody join any more and waits for those who did.</summary>
    public void CloseAndWait()
    {
        Interlocked.And(ref _state, ~OpenBit);
        var spinner = new SpinWait();
        while ((Volatile.Read(ref _state) & CountMask) != 0)
            spinner.SpinOnce(sleep1Threshold: -1);
    }

    /// <summary>True if a launch has been opened that the caller has not seen.</summary>
    public bool IsNew(uint seen) => (uint)(Volatile.Read(ref _state) >> NumberShift) != seen;

    /// <summary>Joins the current launch, once per launch, unless it is closed or has enough helpers.</summary>
    public bool TryEnter(ref uint seen, int limit)
    {
        while (true)
        {
            ulong state = Volatile.Read(ref _state);
            seen = (uint)(state >> NumberShift);
            if ((state & OpenBit) == 0 || (int)(state & CountMask) >= limit)
                return false;
            if (Interlocked.CompareExchange(ref _state, state + 1, state) == state)
                return true;
        }
    }

    /// <summary>Leaves the launch.</summary>
    public void Leave() => Interlocked.Decrement(ref _state);
}
