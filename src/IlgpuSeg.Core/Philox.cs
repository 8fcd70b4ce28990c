using IlgpuSeg.Kernels;

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

    /// <summary>The key.</summary>
    public ulong Seed { get; } = seed;

    /// <summary>What separates this generator from others of its seed.</summary>
    public ulong Stream { get; } = stream;

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

    /// <summary>
    /// Hands the next numbers to kernels, which compute them on the device: the same ones that <see cref="NextUInt32"/> would have returned.
    /// </summary>
    /// <param name="count">How many; the position moves on by as many.</param>
    public PhiloxPlace Take(int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        var place = new PhiloxPlace { Seed = Seed, Stream = Stream, Position = Position };
        Position += (ulong)count;
        return place;
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
        var counter = new PhiloxWords { X = (uint)block, Y = (uint)(block >> 32), Z = (uint)Stream, W = (uint)(Stream >> 32) };
        var words = PhiloxKernels.Block(counter, (uint)Seed, (uint)(Seed >> 32));
        (buffer[0], buffer[1], buffer[2], buffer[3]) = (words.X, words.Y, words.Z, words.W);
        filledBlock = block + 1;
    }
}
