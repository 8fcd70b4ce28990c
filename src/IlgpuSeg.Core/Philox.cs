namespace IlgpuSeg;

/// <summary>
/// The counter-based random generator Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", 2011): the n-th
/// number is a function of (seed, stream, n) alone, so draws do not depend on threads and a run resumes from its counter.
/// </summary>
/// <param name="seed">The key.</param>
/// <param name="stream">Separates generators of one seed: epochs, samples, modules.</param>
public sealed class Philox(ulong seed, ulong stream = 0)
{
    private readonly uint[] buffer = new uint[4];
    private ulong filledBlock;

    /// <summary>How many 32-bit numbers have been drawn; set it to go on where another run stopped.</summary>
    public ulong Position { get; set; }

    /// <summary>32 random bits.</summary>
    public uint NextUInt32()
    {
        var lane = (int)(Position % 4);
        // The buffer is filled when a block is entered, and when Position was set into the middle of one.
        if (lane == 0 || filledBlock != Position / 4 + 1) Fill(Position / 4);
        Position++;
        return buffer[lane];
    }

    /// <summary>A number in [0, 1) with 53 random bits.</summary>
    public double NextDouble()
    {
        ulong high = NextUInt32(), low = NextUInt32();
        return ((high << 21) ^ (low >> 11)) * (1.0 / (1UL << 53));
    }

    /// <summary>An integer in [0, bound).</summary>
    public int Next(int bound)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(bound);
        return (int)(((ulong)NextUInt32() * (ulong)bound) >> 32);
    }

    /// <summary>A sample of the standard normal distribution (Box-Muller).</summary>
    public double NextNormal()
    {
        var radius = Math.Sqrt(-2 * Math.Log(1 - NextDouble()));
        return radius * Math.Cos(2 * Math.PI * NextDouble());
    }

    /// <summary>Puts a list into random order (Fisher-Yates).</summary>
    public void Shuffle<T>(Span<T> items)
    {
        for (var i = items.Length - 1; i > 0; i--)
        {
            var j = Next(i + 1);
            (items[i], items[j]) = (items[j], items[i]);
        }
    }

    private void Fill(ulong block)
    {
        Block([(uint)block, (uint)(block >> 32), (uint)stream, (uint)(stream >> 32)], (uint)seed, (uint)(seed >> 32), buffer);
        filledBlock = block + 1;
    }

    /// <summary>The ten rounds on one counter of four words.</summary>
    internal static void Block(ReadOnlySpan<uint> counter, uint k0, uint k1, Span<uint> result)
    {
        var (c0, c1, c2, c3) = (counter[0], counter[1], counter[2], counter[3]);
        for (var round = 0; round < 10; round++)
        {
            var p0 = 0xD2511F53UL * c0;
            var p1 = 0xCD9E8D57UL * c2;
            (c0, c1, c2, c3) = ((uint)(p1 >> 32) ^ c1 ^ k0, (uint)p1, (uint)(p0 >> 32) ^ c3 ^ k1, (uint)p0);
            k0 += 0x9E3779B9;
            k1 += 0xBB67AE85;
        }
        (result[0], result[1], result[2], result[3]) = (c0, c1, c2, c3);
    }
}
