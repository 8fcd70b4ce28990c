namespace IlgpuSeg.Serialization;

/// <summary>Simple sources of bytes.</summary>
public static class WeightBytes
{
    /// <summary>A source over memory.</summary>
    /// <param name="bytes">The bytes; not copied.</param>
    public static IWeightBytes Of(ReadOnlyMemory<byte> bytes) => new Memory(bytes);

    /// <summary>The part of another source that starts at an offset.</summary>
    /// <param name="whole">The other source.</param>
    /// <param name="start">Where the part starts in it.</param>
    public static IWeightBytes Part(IWeightBytes whole, long start) => new Slice(whole, start);

    private sealed class Memory(ReadOnlyMemory<byte> bytes) : IWeightBytes
    {
        public void Read(long offset, Span<byte> destination) => bytes.Span.Slice((int)offset, destination.Length).CopyTo(destination);
    }

    private sealed class Slice(IWeightBytes whole, long start) : IWeightBytes
    {
        public void Read(long offset, Span<byte> destination) => whole.Read(start + offset, destination);
    }
}
