using System.Numerics;

namespace IlgpuSeg.Data.Synthetic;

/// <summary>Sets a vehicle up as quads: two sides and one quad for each stretch of the outline.</summary>
internal static class Vehicle
{
    private static readonly Vector3[] Paints =
    [
        new(0.88f, 0.88f, 0.87f), new(0.09f, 0.09f, 0.10f), new(0.45f, 0.47f, 0.49f), new(0.66f, 0.67f, 0.68f), new(0.52f, 0.08f, 0.08f),
        new(0.10f, 0.18f, 0.42f), new(0.16f, 0.28f, 0.22f), new(0.24f, 0.26f, 0.30f), new(0.62f, 0.52f, 0.34f), new(0.70f, 0.36f, 0.10f),
    ];

    /// <summary>A vehicle on the ground.</summary>
    /// <param name="shape">What kind.</param>
    /// <param name="centre">The point below its middle.</param>
    /// <param name="heading">Radians: 0 drives along the road, away from the camera.</param>
    /// <param name="shaded">Whether it stands in a shadow.</param>
    /// <param name="random">For its paint.</param>
    public static IEnumerable<Quad> Quads(VehicleShape shape, Vector3 centre, float heading, bool shaded, SeededRandom random)
    {
        var paint = Paints[random.Next(Paints.Length)] * (float)random.Between(0.85, 1.1);
        Vector3 forward = new(MathF.Sin(heading), 0, MathF.Cos(heading)), right = new(forward.Z, 0, -forward.X);
        float half = shape.Width / 2, back = shape.Outline.Min(p => p.X);
        var side = new SideMaterial(shape, paint, back);
        foreach (int sign in new[] { -1, 1 })
        {
            yield return new Quad(centre + right * (half * sign) + forward * back, forward, Vector3.UnitY, shape.Length, shape.Height, side)
            {
                Shaded = shaded,
            };
        }
        for (int i = 0; i < shape.Panels.Length; i++)
        {
            Vector2 from = shape.Outline[i], to = shape.Outline[i + 1];
            if (shape.Panels[i] is Panel.Front)
                from.Y = 0;
            if (shape.Panels[i] is Panel.Rear)
                (from, to) = (to with { Y = 0 }, from); // upwards, as the material expects
            Vector3 corner = centre - right * half + forward * from.X + Vector3.UnitY * from.Y;
            var step = to - from;
            var edge = (forward * step.X + Vector3.UnitY * step.Y) / step.Length();
            yield return new Quad(corner, right, edge, shape.Width, step.Length(),
                new PanelMaterial(shape, paint, shape.Panels[i], step.Length()))
            {
                Shaded = shaded,
            };
        }
    }

    private static readonly Vector3 Tyre = new(0.07f), Glass = new(0.10f, 0.12f, 0.14f);

    /// <summary>The side view: U ahead from the rear, V up.</summary>
    private sealed class SideMaterial(VehicleShape shape, Vector3 paint, float back) : Material
    {
        // The outline's upper edge for a place along the vehicle.
        private float Top(float x)
        {
            float top = 0;
            for (int i = 0; i + 1 < shape.Outline.Length; i++)
            {
                Vector2 a = shape.Outline[i], b = shape.Outline[i + 1];
                if (x <= Math.Max(a.X, b.X) && x >= Math.Min(a.X, b.X) && a.X != b.X)
                    top = Math.Max(top, a.Y + (b.Y - a.Y) * (x - a.X) / (b.X - a.X));
            }
            return top;
        }

        public override Shade? At(in SurfacePoint p)
        {
            var at = new Vector2(p.U + back, p.V);
            foreach (float wheel in shape.Wheels)
            {
                float distance = Vector2.Distance(at, new Vector2(wheel, shape.WheelRadius));
                if (distance < shape.WheelRadius)
                    return new Shade(distance < shape.WheelRadius * 0.58f ? new Vector3(0.42f) : Tyre, shape.Id);
                if (distance < shape.WheelRadius * 1.16f && at.Y < shape.WheelRadius * 1.9f)
                    return new Shade(Tyre * 0.5f, shape.Id);
            }
            float low = shape.Outline[0].Y;
            if (at.Y < low || at.Y > Top(at.X))
                return null;
            foreach (var window in shape.Windows)
            {
                if (Figure.Inside(window, at))
                    return new Shade(Glass + new Vector3(0.25f, 0.28f, 0.32f) * MathF.Pow(at.Y / shape.Height, 4), shape.Id);
            }
            float curve = 0.72f + 0.38f * Math.Clamp((at.Y - low) / (shape.Height * 0.5f), 0, 1);
            return new Shade(at.Y < low + 0.12f ? paint * 0.3f : paint * curve, shape.Id);
        }
    }

    /// <summary>A stretch across the vehicle: U to its right, V up or back along the outline.</summary>
    private sealed class PanelMaterial(VehicleShape shape, Vector3 paint, Panel panel, float length) : Material
    {
        public override Shade? At(in SurfacePoint p)
        {
            float fromEdge = Math.Min(p.U, shape.Width - p.U);
            return panel switch
            {
                Panel.Glass when fromEdge > 0.08f + 0.12f * p.V / length && p.V > 0.04f && p.V < length - 0.04f =>
                    new Shade(Glass + new Vector3(0.22f, 0.26f, 0.30f) * (p.V / length) * (p.V / length), shape.Id),
                Panel.Front or Panel.Rear => End(p, fromEdge),
                _ => new Shade(paint * 1.05f, shape.Id),
            };
        }

        private Shade? End(in SurfacePoint p, float fromEdge)
        {
            float low = shape.Outline[0].Y;
            if (p.V < low)
                return fromEdge < 0.24f ? new Shade(Tyre, shape.Id) : null;
            float up = p.V - low, scale = shape.Width / 1.8f; // lorries have larger lights
            if (Math.Abs(p.U - shape.Width / 2) < 0.26f && up is > 0.16f and < 0.28f)
                return new Shade(new Vector3(0.85f, 0.85f, 0.8f), shape.Id);
            if (up < 0.14f)
                return new Shade(panel == Panel.Front ? new Vector3(0.12f) : paint * 0.45f, shape.Id);
            if (fromEdge < 0.24f * scale && up > 0.3f && up < 0.3f + 0.18f * scale)
                return new Shade(panel == Panel.Front ? new Vector3(0.9f, 0.92f, 0.9f) : new Vector3(0.62f, 0.05f, 0.05f), shape.Id);
            if (panel == Panel.Front && fromEdge > 0.4f && up is > 0.28f and < 0.4f)
                return new Shade(new Vector3(0.14f), shape.Id);
            return new Shade(paint * (0.8f + 0.2f * p.V / length), shape.Id);
        }
    }
}
