namespace IlgpuSeg.KernelRuntime.Tests.PtxEmulator;

/// <summary>Who accesses, and after which synchronisations; the epochs grow for as long as the emulator runs.</summary>
internal readonly record struct Accessor(int Thread, int Warp, int Block, long BlockEpoch, long WarpEpoch, long LaunchEpoch);

/// <summary>
/// Finds data races: two threads access a byte, one of them writes, and no barrier lies between. Ordered are accesses of one thread, those
/// before and after a bar.sync of the block, those of one warp before and after a bar.warp.sync, and those of different launches.
/// Atomic operations do not race with one another. A barrier for part of the block counts as one for all of it, so races between the warps
/// that it leaves out may be missed.
/// </summary>
internal sealed class AccessHistory
{
    private enum Readers : byte { One, OfWarp, OfBlock, OfGrid }

    private struct Entry
    {
        public Accessor Writer, Reader;
        public Readers Readers;
        public bool WriteWasAtomic, ReadsWereAtomic;
    }

    // Words of four bytes until somebody accesses less, then bytes.
    private Entry[] entries;
    private int shift = 2;

    public AccessHistory(int size) => entries = new Entry[(size + 3) / 4];

    /// <summary>Null, or the race that this access makes.</summary>
    public string? Record(int offset, int size, AccessKind kind, in Accessor me)
    {
        if (shift == 2 && (size < 4 || (offset & 3) != 0))
            SplitWords();
        for (var i = offset >> shift; i <= (offset + size - 1) >> shift; i++)
        {
            ref var entry = ref entries[i];
            var race = Check(entry, kind, me);
            if (race is not null)
                return race;
            if (kind != AccessKind.Read)
                (entry.Writer, entry.WriteWasAtomic) = (me, kind == AccessKind.Atomic);
            if (kind != AccessKind.Write)
                AddReader(ref entry, me, kind == AccessKind.Atomic);
        }

        return null;
    }

    private void SplitWords()
    {
        var bytes = new Entry[entries.Length * 4];
        for (var i = 0; i < bytes.Length; i++)
            bytes[i] = entries[i / 4];
        (entries, shift) = (bytes, 0);
    }

    private static string? Check(in Entry entry, AccessKind kind, in Accessor me)
    {
        if (!(kind == AccessKind.Atomic && entry.WriteWasAtomic) && Races(entry.Writer, Readers.One, me))
            return $"races with a write by thread {entry.Writer.Thread} of block {entry.Writer.Block}: no barrier between them";
        if (kind == AccessKind.Read || kind == AccessKind.Atomic && entry.ReadsWereAtomic)
            return null;
        return Races(entry.Reader, entry.Readers, me)
            ? $"races with a read by thread {entry.Reader.Thread} of block {entry.Reader.Block}: no barrier between them"
            : null;
    }

    private static bool Races(in Accessor other, Readers readers, in Accessor me)
    {
        if (other.LaunchEpoch != me.LaunchEpoch || readers == Readers.One && other.Block == me.Block && other.Thread == me.Thread)
            return false;
        if (other.Block != me.Block || readers == Readers.OfGrid)
            return true;
        if (other.BlockEpoch < me.BlockEpoch)
            return false;
        return readers == Readers.OfBlock || other.Warp != me.Warp || other.WarpEpoch == me.WarpEpoch;
    }

    private static void AddReader(ref Entry entry, in Accessor me, bool atomic)
    {
        var last = entry.Reader;
        if (last.LaunchEpoch != me.LaunchEpoch)
            (entry.Readers, entry.ReadsWereAtomic) = (Readers.One, atomic);
        else if (last.Block != me.Block || entry.Readers == Readers.OfGrid)
            entry.Readers = Readers.OfGrid;
        else if (last.BlockEpoch < me.BlockEpoch)
            (entry.Readers, entry.ReadsWereAtomic) = (Readers.One, atomic);
        else if (last.Warp != me.Warp || entry.Readers == Readers.OfBlock)
            entry.Readers = Readers.OfBlock;
        else if (last.Thread != me.Thread)
            entry.Readers = last.WarpEpoch < me.WarpEpoch ? Readers.One : Readers.OfWarp;
        else if (entry.Readers == Readers.OfWarp && last.WarpEpoch < me.WarpEpoch)
            entry.Readers = Readers.One;
        entry.ReadsWereAtomic &= atomic;
        entry.Reader = me;
    }
}
