using System.Collections.Concurrent;
using System.Runtime.CompilerServices;

namespace IlgpuSeg.KernelRuntime.Devices.Cpu;

/// <summary>
/// Runs the threads of a group that wait for each other, each on a thread of its own, but one at a time: a thread that
/// has to wait hands over to the next one. So every run is the same run, whatever the machine does, a race in a kernel
/// can't show by chance only, and a barrier that can never be passed is recognised instead of waited for.
/// </summary>
internal sealed class GroupFibers
{
    [ThreadStatic]
    private static GroupFibers? t_current;

    private static readonly ConcurrentBag<GroupFibers> Idle = [];

    private readonly List<Fiber> _fibers = [];
    private readonly AutoResetEvent _finished = new(false);
    private Action<int> _body = static _ => { };
    private ThreadPosition _position;
    private GroupMemory? _memory;
    private Exception? _failure;
    private int _live;
    private int _trueCount;
    private int _voters;
    private (int Count, int Voters) _vote;

    private GroupFibers()
    {
    }

    /// <summary>The fibers that the calling thread is one of; null outside of groups with several threads.</summary>
    public static GroupFibers? Current => t_current;

    /// <summary>Fibers for the calling thread to conduct; to be given back, as threads are dear.</summary>
    public static GroupFibers Rent() => Idle.TryTake(out GroupFibers? fibers) ? fibers : new GroupFibers();

    /// <summary>The number of threads of the group.</summary>
    public int Size { get; private set; }

    /// <summary>Leaves the fibers to the next conductor.</summary>
    public void Return()
    {
        _body = static _ => { };
        _memory = null;
        Idle.Add(this);
    }

    /// <summary>Runs a group to its end.</summary>
    /// <param name="size">The number of threads.</param>
    /// <param name="memory">The group's shared memory.</param>
    /// <param name="body">Runs one thread of the group, by its number.</param>
    public void Run(int size, GroupMemory memory, Action<int> body)
    {
        while (_fibers.Count < size)
            _fibers.Add(new Fiber(this, _fibers.Count));
        Size = size;
        _body = body;
        _position = KernelThread.Position;
        _memory = memory;
        _failure = null;
        _live = size;
        (_trueCount, _voters) = (0, 0);
        for (int i = 0; i < size; i++)
            _fibers[i].State = FiberState.Ready;
        _fibers[0].Resume();
        _finished.WaitOne();
        if (_failure is not null)
            throw _failure;
    }

    /// <summary>Waits until all threads of the group that still run have come here.</summary>
    public void WaitForGroup() => Wait(FiberState.AtGroupBarrier);

    /// <summary>Waits until all threads of the warp that still run have come here.</summary>
    public void WaitForWarp() => Wait(FiberState.AtWarpBarrier);

    public int CountTrue(bool predicate, out int threads)
    {
        _trueCount += predicate ? 1 : 0;
        _voters++;
        Wait(FiberState.AtGroupBarrier);
        // The first thread past the barrier closes the vote; nobody can vote again before everyone has read it.
        if (_voters > 0)
        {
            _vote = (_trueCount, _voters);
            (_trueCount, _voters) = (0, 0);
        }
        (int count, threads) = _vote;
        Wait(FiberState.AtGroupBarrier);
        return count;
    }

    /// <summary>Lets the other threads see a value.</summary>
    public void Publish<T>(T value)
        where T : unmanaged
    {
        Fiber self = _fibers[KernelThread.Position.LinearInGroup];
        if (self.Slot.Length < Unsafe.SizeOf<T>())
            self.Slot = new byte[Math.Max(64, Unsafe.SizeOf<T>())];
        Unsafe.WriteUnaligned(ref self.Slot[0], value);
    }

    /// <summary>The value that a thread published last.</summary>
    public T Published<T>(int thread)
        where T : unmanaged =>
        _fibers[thread].Slot.Length < Unsafe.SizeOf<T>() ? default : Unsafe.ReadUnaligned<T>(ref _fibers[thread].Slot[0]);

    private void Wait(FiberState state)
    {
        int number = KernelThread.Position.LinearInGroup;
        Fiber self = _fibers[number];
        self.State = state;
        int next = FindNext(number);
        if (next < 0)
        {
            _failure ??= DivergedBarrier();
            next = FindWaiting(number);
        }
        if (next != number)
        {
            _fibers[next].Resume();
            self.Suspend();
        }
        if (_failure is not null)
            throw new FiberStopped();
        self.State = FiberState.Ready;
    }

    private KernelFault DivergedBarrier()
    {
        const string Message = "the threads of the group wait at different barriers; a barrier must be reached by all of them";
        return new KernelFault(
            $"in group ({_position.GridX}, {_position.GridY}, {_position.GridZ}): {Message}",
            new InvalidOperationException(Message));
    }

    /// <summary>Called by a fiber's thread when its kernel thread has ended.</summary>
    private void End(Fiber fiber, Exception? failure)
    {
        if (failure is not null and not FiberStopped)
            _failure ??= failure;
        fiber.State = FiberState.Ended;
        _live--;
        if (_live == 0)
        {
            _finished.Set();
            return;
        }
        int next = _failure is null ? FindNext(fiber.Number) : FindWaiting(fiber.Number);
        if (next < 0)
        {
            _failure = DivergedBarrier();
            next = FindWaiting(fiber.Number);
        }
        _fibers[next].Resume();
    }

    /// <summary>The next thread that can go on, after opening the barriers that everyone has reached; -1 if there is none.</summary>
    private int FindNext(int after)
    {
        int ready = FindReady(after);
        if (ready >= 0)
            return ready;
        if (AllAt(0, Size, FiberState.AtGroupBarrier))
        {
            Open(0, Size);
            return FindReady(Size - 1);
        }
        bool opened = false;
        for (int first = 0; first < Size; first += CpuLimits.WarpSize)
        {
            int end = Math.Min(first + CpuLimits.WarpSize, Size);
            if (!AllAt(first, end, FiberState.AtWarpBarrier))
                continue;
            Open(first, end);
            opened = true;
        }
        return opened ? FindReady(Size - 1) : -1;
    }

    private int FindReady(int after)
    {
        for (int i = after + 1; i < Size; i++)
        {
            if (_fibers[i].State == FiberState.Ready)
                return i;
        }
        for (int i = 0; i <= after; i++)
        {
            if (_fibers[i].State == FiberState.Ready)
                return i;
        }
        return -1;
    }

    private int FindWaiting(int after)
    {
        for (int i = 1; i <= Size; i++)
        {
            int number = (after + i) % Size;
            if (_fibers[number].State != FiberState.Ended)
                return number;
        }
        return after;
    }

    private bool AllAt(int first, int end, FiberState state)
    {
        bool any = false;
        for (int i = first; i < end; i++)
        {
            if (_fibers[i].State == state)
                any = true;
            else if (_fibers[i].State != FiberState.Ended)
                return false;
        }
        return any;
    }

    private void Open(int first, int end)
    {
        for (int i = first; i < end; i++)
        {
            if (_fibers[i].State != FiberState.Ended)
                _fibers[i].State = FiberState.Ready;
        }
    }

    private enum FiberState
    {
        Ended,
        Ready,
        AtGroupBarrier,
        AtWarpBarrier,
    }

    /// <summary>Thrown through a kernel to end its thread after another one has failed.</summary>
    private sealed class FiberStopped : Exception;

    private sealed class Fiber
    {
        private const int StackBytes = 512 * 1024;

        private readonly GroupFibers _owner;
        // Not a SemaphoreSlim: that one spins before it sleeps, which a thousand waiting threads must not do.
        private readonly AutoResetEvent _resumed = new(false);

        public Fiber(GroupFibers owner, int number)
        {
            _owner = owner;
            Number = number;
            new Thread(Loop, StackBytes) { IsBackground = true, Name = $"kernel thread {number}" }.Start();
        }

        public int Number { get; }

        public FiberState State { get; set; }

        public byte[] Slot { get; set; } = [];

        public void Resume() => _resumed.Set();

        public void Suspend() => _resumed.WaitOne();

        private void Loop()
        {
            t_current = _owner;
            while (true)
            {
                Suspend();
                Exception? failure = null;
                try
                {
                    if (_owner._failure is null)
                        RunThread();
                }
                catch (Exception exception)
                {
                    failure = exception;
                }
                _owner.End(this, failure);
            }
        }

        private void RunThread()
        {
            KernelThread.Position = _owner._position;
            GroupMemory.Current = _owner._memory!;
            try
            {
                _owner._body(Number);
            }
            catch (Exception exception) when (exception is not FiberStopped)
            {
                throw new KernelFault($"{KernelThread.Position}: {exception.Message}", exception);
            }
        }
    }
}
