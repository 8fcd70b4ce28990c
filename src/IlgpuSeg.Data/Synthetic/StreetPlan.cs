namespace IlgpuSeg.Data.Synthetic;

/// <summary>What stands beside a stretch of the street.</summary>
internal enum LotKind
{
    Building,
    Green,
    Wall,
    Fence,
    SideStreet,
}

/// <summary>A stretch of one side of the street.</summary>
/// <param name="Kind">What stands there.</param>
/// <param name="Start">Metres along the road.</param>
/// <param name="End">Metres along the road.</param>
/// <param name="Height">Height of the building, wall or fence.</param>
internal sealed record Lot(LotKind Kind, float Start, float End, float Height);

/// <summary>One side of the street: its sidewalk and its lots. Distances from the middle of the road are positive on both sides.</summary>
internal sealed class StreetSide
{
    private readonly Lot[] _byMetre;

    public StreetSide(int sign, float sidewalkWidth, IReadOnlyList<Lot> lots)
    {
        Sign = sign;
        SidewalkWidth = sidewalkWidth;
        Lots = lots;
        int from = (int)StreetPlan.Nearest, to = (int)lots[^1].End;
        _byMetre = [.. Enumerable.Range(from, to - from).Select(z => lots.First(l => z + 0.5f < l.End))];
    }

    /// <summary>-1 for the left side, 1 for the right.</summary>
    public int Sign { get; }

    public float SidewalkWidth { get; }

    public IReadOnlyList<Lot> Lots { get; }

    public Lot LotAt(float z) => _byMetre[Math.Clamp((int)MathF.Floor(z) - (int)StreetPlan.Nearest, 0, _byMetre.Length - 1)];
}

/// <summary>The layout of a straight street, drawn from a random stream.</summary>
internal sealed class StreetPlan
{
    public const float Nearest = -12, Farthest = 170;

    public StreetPlan(SeededRandom random)
    {
        RoadHalf = (float)random.Between(3.2, 6.5);
        Lanes = RoadHalf > 5.2f && random.Chance(0.6) ? 4 : 2;
        // Towns differ in how green and how tall they are.
        float green = (float)random.Between(0.1, 0.6), storeys = (float)random.Between(1.6, 5.5);
        Left = MakeSide(-1, random, green, storeys);
        Right = MakeSide(1, random, green, storeys);
        GrainSeed = (uint)random.Next(1 << 30);
    }

    /// <summary>Half the road's width.</summary>
    public float RoadHalf { get; }

    /// <summary>Lanes in both directions together.</summary>
    public int Lanes { get; }

    public StreetSide Left { get; }

    public StreetSide Right { get; }

    public uint GrainSeed { get; }

    public StreetSide SideOf(float x) => x < 0 ? Left : Right;

    /// <summary>Distance of a side's fronts from the middle of the road.</summary>
    public float FrontOf(StreetSide side) => RoadHalf + side.SidewalkWidth;

    private static StreetSide MakeSide(int sign, SeededRandom random, float green, float storeys)
    {
        var lots = new List<Lot>();
        for (float z = Nearest; z < Farthest;)
        {
            float length = (float)random.Between(9, 24);
            var kind = random.NextDouble() switch
            {
                < 0.08 => LotKind.Wall,
                < 0.18 => LotKind.Fence,
                < 0.25 => LotKind.SideStreet,
                var p when p < 0.25 + green => LotKind.Green,
                _ => LotKind.Building,
            };
            if (kind == LotKind.SideStreet)
                length = lots.Count > 0 && lots[^1].Kind == LotKind.SideStreet ? 0 : (float)random.Between(6, 9);
            float height = kind switch
            {
                LotKind.Building => 3.2f * Math.Max(1, MathF.Round(storeys + (float)random.Between(-1.6, 1.6))) + 1,
                LotKind.Wall => (float)random.Between(1.6, 3.2),
                LotKind.Fence => (float)random.Between(1.0, 1.9),
                _ => 0,
            };
            if (length == 0)
                continue;
            lots.Add(new Lot(kind, z, z + length, height));
            z += length;
        }
        return new StreetSide(sign, random.Chance(0.85) ? (float)random.Between(1.6, 4.2) : 0.4f, lots);
    }
}
