using System.Numerics;

namespace IlgpuSeg.Data.Synthetic;

/// <summary>Lamp posts, traffic signs and traffic lights, each on its pole.</summary>
internal static class StreetFurniture
{
    private static readonly Vector3 Red = new(0.78f, 0.08f, 0.09f), White = new(0.93f), Blue = new(0.10f, 0.25f, 0.65f),
        Yellow = new(0.95f, 0.78f, 0.10f), Black = new(0.06f), Green = new(0.05f, 0.38f, 0.20f);

    private static Vector3 Metal(SeededRandom random) =>
        random.Chance(0.3) ? new Vector3(0.16f, 0.20f, 0.18f) : new Vector3((float)random.Between(0.30, 0.62));

    /// <summary>A lamp post; its arm reaches to the given side (-1 or 1) of the picture.</summary>
    public static (Figure Figure, float Height) LampPost(SeededRandom random, int armSide)
    {
        float height = (float)random.Between(5, 8.5), reach = (float)random.Between(0.6, 1.9) * armSide;
        var metal = Metal(random);
        var figure = new Figure(4.4f);
        figure.Stroke(SceneId.Pole, metal, 0, 0, 0, height - 0.3f, 0.075f);
        figure.Stroke(SceneId.Pole, metal * 0.9f, 0, 0, 0, 1.0f, 0.11f);
        figure.Stroke(SceneId.Pole, metal, 0, height - 0.35f, reach, height - 0.12f, 0.05f);
        figure.Stroke(SceneId.Pole, metal * 0.8f, reach * 0.8f, height - 0.14f, reach * 1.15f, height - 0.1f, 0.1f);
        return (figure, height);
    }

    /// <summary>One or two signs on a thin pole.</summary>
    public static (Figure Figure, float Height) Sign(SeededRandom random)
    {
        float height = (float)random.Between(2.3, 3.1), size = (float)random.Between(0.32, 0.46);
        var figure = new Figure(1.4f);
        figure.Stroke(SceneId.Pole, Metal(random), 0, 0, 0, height - 0.1f, 0.04f);
        AddSign(figure, random, height - size, size);
        if (random.Chance(0.3))
            AddSign(figure, random, height - 2.9f * size, size * 0.8f);
        return (figure, height + 0.05f);
    }

    private static void AddSign(Figure figure, SeededRandom random, float y, float r)
    {
        const SceneId Id = SceneId.TrafficSign;
        switch (random.Next(8))
        {
            case 0: // a limit
                figure.Disc(Id, Red, 0, y, r).Disc(Id, White, 0, y, r * 0.74f);
                figure.Box(Id, Black, -r * 0.42f, y - r * 0.3f, -r * 0.08f, y + r * 0.3f)
                    .Box(Id, Black, r * 0.08f, y - r * 0.3f, r * 0.42f, y + r * 0.3f);
                break;
            case 1: // no entry
                figure.Disc(Id, White, 0, y, r).Disc(Id, Red, 0, y, r * 0.94f)
                    .Box(Id, White, -r * 0.65f, y - r * 0.16f, r * 0.65f, y + r * 0.16f);
                break;
            case 2: // a warning
                figure.Polygon(Id, Red, new(-r, y - r * 0.8f), new(r, y - r * 0.8f), new(0, y + r));
                figure.Polygon(Id, White, new(-r * 0.66f, y - r * 0.6f), new(r * 0.66f, y - r * 0.6f), new(0, y + r * 0.62f));
                figure.Stroke(Id, Black, 0, y - r * 0.35f, 0, y + r * 0.2f, r * 0.09f);
                break;
            case 3: // give way
                figure.Polygon(Id, Red, new(-r, y + r * 0.8f), new(r, y + r * 0.8f), new(0, y - r));
                figure.Polygon(Id, White, new(-r * 0.64f, y + r * 0.58f), new(r * 0.64f, y + r * 0.58f), new(0, y - r * 0.58f));
                break;
            case 4: // a direction
                figure.Disc(Id, White, 0, y, r).Disc(Id, Blue, 0, y, r * 0.92f)
                    .Stroke(Id, White, 0, y - r * 0.5f, 0, y + r * 0.3f, r * 0.12f);
                figure.Polygon(Id, White, new(-r * 0.4f, y + r * 0.15f), new(r * 0.4f, y + r * 0.15f), new(0, y + r * 0.65f));
                break;
            case 5: // right of way
                figure.Polygon(Id, White, new(-r, y), new(0, y - r), new(r, y), new(0, y + r));
                figure.Polygon(Id, Yellow, new(-r * 0.68f, y), new(0, y - r * 0.68f), new(r * 0.68f, y), new(0, y + r * 0.68f));
                break;
            case 6: // parking, crossing
                figure.Box(Id, White, -r * 0.9f, y - r * 0.9f, r * 0.9f, y + r * 0.9f)
                    .Box(Id, Blue, -r * 0.82f, y - r * 0.82f, r * 0.82f, y + r * 0.82f);
                figure.Stroke(Id, White, -r * 0.2f, y - r * 0.5f, -r * 0.2f, y + r * 0.5f, r * 0.1f)
                    .Ring(Id, White, 0, y + r * 0.22f, r * 0.26f, r * 0.18f);
                break;
            default: // names of places
                figure.Box(Id, White, -r * 1.4f, y - r * 0.55f, r * 1.4f, y + r * 0.55f);
                figure.Box(Id, random.Chance(0.5) ? Green : Yellow, -r * 1.32f, y - r * 0.48f, r * 1.32f, y + r * 0.48f);
                figure.Box(Id, White, -r, y + r * 0.08f, r * 0.8f, y + r * 0.24f).Box(Id, White, -r, y - r * 0.26f, r * 0.4f, y - r * 0.1f);
                break;
        }
    }

    /// <summary>A traffic light on a pole, sometimes with a second one on an arm over the road.</summary>
    public static (Figure Figure, float Height) TrafficLight(SeededRandom random, int roadSide)
    {
        var metal = Metal(random);
        bool arm = random.Chance(0.45);
        int lit = random.Next(3);
        float height = arm ? 5.6f : 3.4f;
        var figure = new Figure(8);
        figure.Stroke(SceneId.Pole, metal, 0, 0, 0, height - 0.25f, 0.075f);
        AddLights(figure, 0, 2.7f, lit);
        if (arm)
        {
            figure.Stroke(SceneId.Pole, metal, 0, height - 0.25f, 3.4f * roadSide, height - 0.15f, 0.06f);
            AddLights(figure, 3.2f * roadSide, height - 0.75f, lit);
        }
        return (figure, height);
    }

    private static void AddLights(Figure figure, float x, float y, int lit)
    {
        const SceneId Id = SceneId.TrafficLight;
        figure.Box(Id, new Vector3(0.08f), x - 0.19f, y - 0.5f, x + 0.19f, y + 0.5f);
        Vector3[] lamps = [new(1, 0.18f, 0.12f), new(1, 0.75f, 0.15f), new(0.2f, 1, 0.5f)];
        for (int i = 0; i < 3; i++)
            figure.Disc(Id, i == lit ? lamps[i] : lamps[i] * 0.2f, x, y + 0.31f - 0.31f * i, 0.125f, glows: i == lit);
    }
}
