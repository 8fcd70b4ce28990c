using System.Numerics;

namespace IlgpuSeg.Data.Synthetic;

/// <summary>What a stretch of a vehicle's outline is made of.</summary>
internal enum Panel
{
    Paint,
    Glass,
    Front,
    Rear,
}

/// <summary>A vehicle as its side view: the outline from the front bumper over the roof to the rear bumper, which is drawn out to its
/// width.</summary>
/// <param name="Id">The class.</param>
/// <param name="Width">Metres across.</param>
/// <param name="Outline">Corners (metres ahead of the middle, metres up), from the front's lower edge over the top to the rear's.</param>
/// <param name="Panels">What lies between corner i and corner i + 1.</param>
/// <param name="Windows">Convex windows of the side.</param>
/// <param name="Wheels">Where the wheels are, in metres ahead of the middle.</param>
/// <param name="WheelRadius">Metres.</param>
internal sealed record VehicleShape(
    SceneId Id, float Width, Vector2[] Outline, Panel[] Panels, Vector2[][] Windows, float[] Wheels, float WheelRadius)
{
    public float Length => Outline.Max(p => p.X) - Outline.Min(p => p.X);

    public float Height => Outline.Max(p => p.Y);

    /// <summary>A saloon, estate or small van.</summary>
    public static VehicleShape Car(SeededRandom random)
    {
        float l = (float)random.Between(3.7, 4.8) / 2, h = (float)random.Between(1.38, 1.72), belt = h * 0.64f,
            tail = (float)random.NextDouble();
        // From a saloon (0) to a steep rear (1): the roof reaches further back and the boot shrinks.
        float screen = l * 0.42f, roofFront = l * 0.12f, roofBack = -l * (0.42f + 0.36f * tail), rearBase = -l * (0.70f + 0.24f * tail);
        Vector2[] outline =
        [
            new(l, 0.21f), new(l, 0.62f), new(screen, belt), new(roofFront, h), new(roofBack, h * 0.99f), new(rearBase, belt + 0.02f),
            new(-l, belt * (0.86f + 0.1f * tail)), new(-l, 0.22f),
        ];
        Panel[] panels = [Panel.Front, Panel.Paint, Panel.Glass, Panel.Paint, Panel.Glass, Panel.Paint, Panel.Rear];
        float top = h - 0.09f, split = (roofFront + roofBack) * 0.5f, sill = belt + 0.03f;
        Vector2[][] windows =
        [
            [new(screen - 0.18f, sill), new(roofFront - 0.02f, top), new(split + 0.05f, top), new(split + 0.05f, sill)],
            [new(split - 0.05f, sill), new(split - 0.05f, top), new(roofBack + 0.04f, top), new(rearBase + 0.2f, sill)],
        ];
        return new VehicleShape(SceneId.Car, (float)random.Between(1.68, 1.88), outline, panels, windows, [l * 0.62f, -l * 0.60f], 0.32f);
    }

    public static VehicleShape Bus(SeededRandom random)
    {
        float l = (float)random.Between(9.5, 12) / 2, h = (float)random.Between(2.9, 3.3);
        Vector2[] outline =
        [
            new(l, 0.35f), new(l, 1.1f), new(l - 0.15f, h - 0.5f), new(l - 0.25f, h), new(-l, h), new(-l, h - 0.5f), new(-l, 1.6f),
            new(-l, 0.35f),
        ];
        Panel[] panels = [Panel.Front, Panel.Glass, Panel.Paint, Panel.Paint, Panel.Paint, Panel.Glass, Panel.Rear];
        int count = 6;
        float pitch = (2 * l - 0.8f) / count;
        var windows = Enumerable.Range(0, count).Select(i =>
        {
            float from = l - 0.5f - i * pitch;
            return (Vector2[])[new(from, 1.3f), new(from, h - 0.5f), new(from - pitch + 0.14f, h - 0.5f), new(from - pitch + 0.14f, 1.3f)];
        });
        return new VehicleShape(SceneId.Bus, 2.5f, outline, panels, [.. windows], [l * 0.55f, -l * 0.5f], 0.48f);
    }

    public static VehicleShape Truck(SeededRandom random)
    {
        float l = (float)random.Between(5.5, 8.5) / 2, h = (float)random.Between(2.8, 3.6), cab = Math.Min(h - 0.3f, 2.7f),
            cabBack = l - 1.7f;
        Vector2[] outline =
        [
            new(l, 0.4f), new(l, 1.35f), new(l - 0.2f, cab - 0.25f), new(l - 0.35f, cab), new(cabBack, cab), new(cabBack - 0.1f, h),
            new(-l, h), new(-l, 0.55f),
        ];
        Panel[] panels = [Panel.Front, Panel.Glass, Panel.Paint, Panel.Paint, Panel.Paint, Panel.Paint, Panel.Rear];
        Vector2[][] windows =
            [[new(l - 0.25f, 1.4f), new(l - 0.4f, cab - 0.25f), new(cabBack + 0.4f, cab - 0.25f), new(cabBack + 0.4f, 1.4f)]];
        return new VehicleShape(SceneId.Truck, 2.35f, outline, panels, windows, [l * 0.68f, -l * 0.55f, -l * 0.8f], 0.46f);
    }
}
