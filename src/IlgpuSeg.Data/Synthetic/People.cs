using System.Numerics;

namespace IlgpuSeg.Data.Synthetic;

/// <summary>People on foot and on bicycles, and parked bicycles and motorcycles.</summary>
internal static class People
{
    private static readonly Vector3[] Clothes =
    [
        new(0.12f, 0.13f, 0.18f), new(0.20f, 0.25f, 0.42f), new(0.55f, 0.14f, 0.14f), new(0.75f, 0.73f, 0.70f), new(0.22f, 0.35f, 0.24f),
        new(0.45f, 0.40f, 0.30f), new(0.80f, 0.62f, 0.20f), new(0.35f, 0.18f, 0.36f), new(0.30f, 0.52f, 0.66f), new(0.85f, 0.40f, 0.28f),
    ];

    private static readonly Vector3[] Skins =
        [new(0.90f, 0.72f, 0.60f), new(0.78f, 0.58f, 0.45f), new(0.55f, 0.38f, 0.28f), new(0.36f, 0.24f, 0.18f)];

    private static readonly Vector3 Dark = new(0.10f);

    private static Vector3 Cloth(SeededRandom random) => Clothes[random.Next(Clothes.Length)] * (float)random.Between(0.75, 1.2);

    private static Vector3 Skin(SeededRandom random) => Skins[random.Next(Skins.Length)];

    /// <summary>Somebody standing or walking, and the height.</summary>
    public static (Figure Figure, float Height) Pedestrian(SeededRandom random)
    {
        float h = (float)random.Between(1.45, 1.92), stride = h * (float)random.Between(0.01, 0.16),
            lean = h * (float)random.Between(-0.02, 0.02);
        Vector3 trousers = Cloth(random), top = Cloth(random), skin = Skin(random), hair = Skin(random) * 0.35f;
        const SceneId Id = SceneId.Person;
        var figure = new Figure(h * 0.6f);
        figure.Stroke(Id, trousers * 0.8f, -0.02f * h, 0.50f * h, -stride, 0.06f * h, 0.048f * h);
        figure.Stroke(Id, trousers, 0.02f * h, 0.50f * h, stride, 0.06f * h, 0.048f * h);
        figure.Stroke(Id, Dark, -stride - 0.02f * h, 0.025f * h, -stride + 0.03f * h, 0.025f * h, 0.024f * h);
        figure.Stroke(Id, Dark, stride - 0.02f * h, 0.025f * h, stride + 0.03f * h, 0.025f * h, 0.024f * h);
        float swing = stride * 0.9f;
        figure.Stroke(Id, top * 0.85f, -0.10f * h + lean, 0.78f * h, -0.11f * h - swing, 0.50f * h, 0.036f * h);
        figure.Disc(Id, skin, -0.11f * h - swing, 0.48f * h, 0.03f * h);
        if (random.Chance(0.25)) // a long coat or skirt
            figure.Polygon(Id, top, new(-0.10f * h, 0.55f * h), new(0.10f * h, 0.55f * h), new(0.13f * h, 0.32f * h),
                new(-0.13f * h, 0.32f * h));
        figure.Stroke(Id, top, -0.025f * h + lean, 0.56f * h, -0.035f * h + lean, 0.76f * h, 0.085f * h);
        figure.Stroke(Id, top, 0.025f * h + lean, 0.56f * h, 0.035f * h + lean, 0.76f * h, 0.085f * h);
        figure.Stroke(Id, top * 0.9f, 0.10f * h + lean, 0.78f * h, 0.11f * h + swing, 0.50f * h, 0.036f * h);
        figure.Disc(Id, skin, 0.11f * h + swing, 0.48f * h, 0.03f * h);
        figure.Stroke(Id, skin, lean, 0.83f * h, lean, 0.87f * h, 0.034f * h);
        figure.Disc(Id, hair, lean, 0.935f * h, 0.064f * h);
        figure.Disc(Id, skin, lean + 0.012f * h, 0.918f * h, 0.054f * h);
        if (random.Chance(0.2)) // a bag
            figure.Box(Id, Cloth(random), -0.2f * h, 0.36f * h, -0.09f * h, 0.50f * h);
        return (figure, h);
    }

    /// <summary>A bicycle from its side, about 1.8 m long, with or without a rider.</summary>
    public static (Figure Figure, float Height) BicycleSide(SeededRandom random, bool ridden)
    {
        var figure = new Figure(2.0f);
        AddWheelsAndFrame(figure, SceneId.Bicycle, Cloth(random), 0.33f, 0.045f, 0.032f);
        if (ridden)
            AddRiderSide(figure, random);
        return (figure, ridden ? 1.85f : 1.1f);
    }

    /// <summary>A parked motorcycle from its side.</summary>
    public static (Figure Figure, float Height) Motorcycle(SeededRandom random)
    {
        const SceneId Id = SceneId.Motorcycle;
        var paint = Cloth(random) * 1.2f;
        var figure = new Figure(2.3f);
        foreach (int end in (ReadOnlySpan<int>)[-1, 1])
        {
            figure.Disc(Id, Dark, 0.72f * end, 0.32f, 0.32f);
            figure.Disc(Id, new Vector3(0.45f), 0.72f * end, 0.32f, 0.14f);
        }
        figure.Stroke(Id, new Vector3(0.3f), -0.45f, 0.36f, 0.35f, 0.36f, 0.17f);
        figure.Stroke(Id, new Vector3(0.35f), 0.72f, 0.32f, 0.45f, 1.0f, 0.05f);
        figure.Stroke(Id, paint, -0.1f, 0.72f, 0.3f, 0.78f, 0.17f);
        figure.Stroke(Id, Dark, -0.85f, 0.80f, -0.15f, 0.74f, 0.09f);
        figure.Stroke(Id, paint, -0.75f, 0.62f, -0.4f, 0.62f, 0.11f);
        figure.Stroke(Id, Dark, 0.36f, 1.06f, 0.5f, 1.02f, 0.05f);
        figure.Disc(Id, new Vector3(0.85f), 0.56f, 0.88f, 0.1f);
        return (figure, 1.15f);
    }

    /// <summary>Somebody riding towards or away from the camera.</summary>
    public static (Figure Figure, float Height) RiderAlong(SeededRandom random)
    {
        const SceneId Id = SceneId.Rider;
        Vector3 top = Cloth(random), trousers = Cloth(random), skin = Skin(random);
        var figure = new Figure(0.9f);
        figure.Stroke(SceneId.Bicycle, Dark, 0, 0.06f, 0, 0.66f, 0.045f);
        figure.Box(SceneId.Bicycle, new Vector3(0.5f, 0.1f, 0.1f), -0.07f, 0.62f, 0.07f, 0.72f);
        figure.Stroke(SceneId.Bicycle, Dark, -0.28f, 1.02f, 0.28f, 1.02f, 0.025f);
        figure.Stroke(Id, trousers, -0.10f, 0.92f, -0.13f, 0.30f, 0.075f);
        figure.Stroke(Id, trousers * 0.85f, 0.10f, 0.92f, 0.13f, 0.48f, 0.075f);
        figure.Stroke(Id, top * 0.85f, -0.2f, 1.36f, -0.27f, 1.06f, 0.055f);
        figure.Stroke(Id, top * 0.85f, 0.2f, 1.36f, 0.27f, 1.06f, 0.055f);
        figure.Stroke(Id, top, -0.06f, 0.98f, -0.08f, 1.34f, 0.14f);
        figure.Stroke(Id, top, 0.06f, 0.98f, 0.08f, 1.34f, 0.14f);
        AddHead(figure, Id, 0, 1.62f, skin, random);
        return (figure, 1.8f);
    }

    private static void AddWheelsAndFrame(Figure figure, SceneId id, Vector3 paint, float radius, float tyre, float tube)
    {
        foreach (int end in (ReadOnlySpan<int>)[-1, 1])
        {
            figure.Ring(id, Dark, 0.52f * end, radius, radius - tyre / 2, tyre);
            figure.Disc(id, new Vector3(0.35f), 0.52f * end, radius, 0.05f);
        }
        figure.Stroke(id, paint, -0.52f, radius, 0, radius, tube);
        figure.Stroke(id, paint, 0, radius, -0.15f, 0.85f, tube);
        figure.Stroke(id, paint, -0.52f, radius, -0.13f, 0.78f, tube);
        figure.Stroke(id, paint, -0.13f, 0.78f, 0.38f, 0.82f, tube);
        figure.Stroke(id, paint, 0, radius, 0.38f, 0.76f, tube);
        figure.Stroke(id, paint, 0.52f, radius, 0.36f, 0.98f, tube);
        figure.Stroke(id, Dark, 0.30f, 1.02f, 0.44f, 1.0f, tube);
        figure.Stroke(id, Dark, -0.25f, 0.90f, -0.06f, 0.90f, 0.04f);
        figure.Disc(id, new Vector3(0.3f), 0, radius, 0.1f);
    }

    private static void AddRiderSide(Figure figure, SeededRandom random)
    {
        const SceneId Id = SceneId.Rider;
        Vector3 top = Cloth(random), trousers = Cloth(random), skin = Skin(random);
        figure.Stroke(Id, trousers * 0.8f, -0.14f, 0.96f, 0.22f, 0.72f, 0.075f);
        figure.Stroke(Id, trousers * 0.8f, 0.22f, 0.72f, 0.02f, 0.34f, 0.06f);
        figure.Stroke(Id, trousers, -0.14f, 0.96f, 0.16f, 0.62f, 0.075f);
        figure.Stroke(Id, trousers, 0.16f, 0.62f, 0.05f, 0.20f, 0.06f);
        figure.Stroke(Id, top, -0.14f, 1.0f, 0.10f, 1.42f, 0.13f);
        figure.Stroke(Id, top * 0.85f, 0.12f, 1.40f, 0.24f, 1.14f, 0.05f);
        figure.Stroke(Id, skin, 0.24f, 1.14f, 0.38f, 1.05f, 0.04f);
        AddHead(figure, Id, 0.18f, 1.64f, skin, random);
    }

    private static void AddHead(Figure figure, SceneId id, float x, float y, Vector3 skin, SeededRandom random)
    {
        var helmet = random.Chance(0.5) ? Cloth(random) * 1.3f : skin * 0.35f;
        figure.Disc(id, helmet, x, y + 0.025f, 0.125f);
        figure.Disc(id, skin, x + 0.03f, y - 0.02f, 0.095f);
    }
}
