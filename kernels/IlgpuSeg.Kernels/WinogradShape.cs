using System.Runtime.InteropServices;

namespace IlgpuSeg.Kernels;

/// <summary>The sizes that the transforms of a chunk of tiles read.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct WinogradShape
{
    public int Height;
    public int Width;
    public int Channels;

    /// <summary>What lies above and left of the image: zeros.</summary>
    public int Top;
    public int Left;

    /// <summary>Tiles of an image.</summary>
    public int TilesY;
    public int TilesX;

    public int FirstTile;

    /// <summary>From one of the 16 places to the next.</summary>
    public int PlaceStride;

    public int HasBias;
}

/// <summary>A convolution as it is computed: 3 x 3, stride 1, of an image [batch, height, width, inputs] with zeros around it.</summary>
internal readonly record struct WinogradConvolution(
    int Batch, int Height, int Width, int Inputs, int OutHeight, int OutWidth, int Outputs, int Top, int Left)
{
    /// <summary>Places of a transformed tile.</summary>
    public const int Places = 16;

    /// <summary>What a transformed number costs, in multiplications: it is written and read.</summary>
    private const int CostOfNumber = 4;

    /// <summary>Keeps the places of a tile out of each other's way in the caches.</summary>
    private const int Spacing = 48;

    public int TilesY => (OutHeight + 1) / 2;

    public int TilesX => (OutWidth + 1) / 2;

    public int Tiles => Batch * TilesY * TilesX;

    public int WeightLength => Places * Inputs * Outputs;

    /// <summary>Elements of a chunk's transformed tiles: they should stay in the second-level caches.</summary>
    public int ChunkSize { get; init; } = 1 << 20;

    /// <summary>Tiles of a chunk: whole tiles of the products, more than so many of which gain nothing.</summary>
    public int ChunkTiles => Math.Min(Tiles, Math.Clamp(ChunkSize / Places / (Inputs + Outputs) / GemmTile.Rows, 8, 40) * GemmTile.Rows);

    public int InputStride => ChunkTiles * Inputs + Spacing;

    public int OutputStride => ChunkTiles * Outputs + Spacing;

    /// <summary>Elements of the transformed weight and of a chunk.</summary>
    public long Length => WeightLength + (long)Places * (InputStride + OutputStride);

    /// <summary>Whether this way is shorter than the sums of nine products.</summary>
    public bool Pays
    {
        get
        {
            long places = (long)Tiles * Places;
            var cost = places * Inputs * Outputs + places * CostOfNumber * (Inputs + Outputs) + (long)WeightLength * CostOfNumber;
            return cost < 9L * Batch * OutHeight * OutWidth * Inputs * Outputs;
        }
    }

    public WinogradShape Input(int firstTile) => new()
    {
        Height = Height, Width = Width, Channels = Inputs, Top = Top, Left = Left, TilesY = TilesY, TilesX = TilesX, FirstTile = firstTile,
        PlaceStride = InputStride,
    };

    public WinogradShape Output(int firstTile, bool hasBias) => new()
    {
        Height = OutHeight, Width = OutWidth, Channels = Outputs, TilesY = TilesY, TilesX = TilesX, FirstTile = firstTile, PlaceStride = OutputStride,
        HasBias = hasBias ? 1 : 0,
    };

    /// <summary>The products of a chunk, one a place.</summary>
    public GemmShape Product(int tiles) => GemmShape.Matrix(tiles, Outputs, Inputs) with { ABatch = InputStride, CBatch = OutputStride };

    /// <summary>What a chunk adds to the sums of the weight gradient, one a place.</summary>
    public GemmShape GradientProduct(int tiles, bool first) => GemmShape.Matrix(Inputs, Outputs, tiles, transposedA: true) with
    {
        ABatch = InputStride, CBatch = Inputs * Outputs, Accumulate = first ? 0 : 1,
    };
}
