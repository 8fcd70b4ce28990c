using System.Buffers.Binary;

namespace IlgpuSeg.KernelRuntime.Tests.PtxEmulator;

internal enum AccessKind : byte { Read, Write, Atomic }

/// <summary>One allocation: its bytes, which of them hold a value, and who touched them last.</summary>
internal sealed class MemoryBlock
{
    private const byte Defined = 1, ReadAsConstant = 2, Written = 4, InFlight = 8;
    private readonly byte[] flags;
    private AccessHistory? history;
    private bool marked;

    public MemoryBlock(string name, ulong start, int size)
    {
        (Name, Start) = (name, start);
        Data = new byte[size];
        flags = new byte[size];
    }

    public string Name { get; }

    /// <summary>Address of the first byte in its window.</summary>
    public ulong Start { get; }

    public byte[] Data { get; }

    public ulong End => Start + (ulong)Data.Length;

    /// <summary>Forgets values and accesses: a new block of threads starts with undefined shared memory.</summary>
    public void Forget()
    {
        Array.Clear(flags);
        history = null;
    }

    /// <summary>A host write: defines the bytes.</summary>
    public void Fill(int offset, ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(Data.AsSpan(offset));
        flags.AsSpan(offset, bytes.Length).Fill(Defined);
    }

    /// <summary>A copy by the host: bytes without a value stay so.</summary>
    public void CopyTo(int offset, MemoryBlock target, int targetOffset, int count)
    {
        Data.AsSpan(offset, count).CopyTo(target.Data.AsSpan(targetOffset));
        for (var i = 0; i < count; i++)
            target.flags[targetOffset + i] = (byte)(flags[offset + i] & Defined);
    }

    /// <summary>Between launches all earlier accesses are ordered before all later ones.</summary>
    public void StartLaunch()
    {
        if (!marked)
            return;
        marked = false;
        for (var i = 0; i < flags.Length; i++)
            flags[i] &= Defined;
    }

    public ulong Read(int offset, int size) => size switch
    {
        1 => Data[offset],
        2 => BinaryPrimitives.ReadUInt16LittleEndian(Data.AsSpan(offset)),
        4 => BinaryPrimitives.ReadUInt32LittleEndian(Data.AsSpan(offset)),
        _ => BinaryPrimitives.ReadUInt64LittleEndian(Data.AsSpan(offset)),
    };

    public void Write(int offset, int size, ulong value)
    {
        marked = true;
        for (var i = 0; i < size; i++)
            (Data[offset + i], flags[offset + i]) = ((byte)(value >> 8 * i), (byte)(flags[offset + i] | Defined | Written));
    }

    /// <summary>Null, or what is wrong with reading these bytes.</summary>
    public string? CheckRead(int offset, int size, bool asConstant)
    {
        for (var i = offset; i < offset + size; i++)
        {
            var flag = flags[i];
            if ((flag & InFlight) != 0)
                return "reads the target of an asynchronous copy that has not been waited for";
            if ((flag & Defined) == 0)
                return "reads memory that nothing has been written to";
            if (!asConstant)
                continue;
            if ((flag & Written) != 0)
                return "reads through .nc what this launch has written";
            flags[i] |= ReadAsConstant;
            marked = true;
        }

        return null;
    }

    /// <summary>Null, or what is wrong with writing these bytes.</summary>
    public string? CheckWrite(int offset, int size)
    {
        for (var i = offset; i < offset + size; i++)
        {
            if ((flags[i] & InFlight) != 0)
                return "writes to the target of an asynchronous copy that has not been waited for";
            if ((flags[i] & ReadAsConstant) != 0)
                return "writes what this launch has read through .nc";
        }

        return null;
    }

    public void SetInFlight(int offset, int size, bool inFlight)
    {
        marked = true;
        for (var i = offset; i < offset + size; i++)
            flags[i] = (byte)(inFlight ? flags[i] | InFlight : flags[i] & ~InFlight);
    }

    public AccessHistory History => history ??= new AccessHistory(Data.Length);
}
