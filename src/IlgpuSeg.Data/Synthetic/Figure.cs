using System.Numerics;

namespace IlgpuSeg.Data.Synthetic;

/// <summary>A flat figure put together from simple shapes, later ones on top. Coordinates in metres: x from the middle, y up.</summary>
internal sealed class Figure(float width) : Material
{
    private readonly List<Part> _parts = [];

    /// <summary>Width of the quad that carries the figure; the figure's x = 0 is its middle.</summary>
    public float Width => width;

    private sealed record Part(Shape Shape, Vector3 Colour, SceneId Id, bool Glows);

    /// <summary>A shape: the test whether a point lies in it.</summary>
    private delegate bool Shape(Vector2 p);

    /// <summary>A rounded stroke from one point to another.</summary>
    public Figure Stroke(SceneId id, Vector3 colour, float x0, float y0, float x1, float y1, float radius)
    {
        var (from, to) = (new Vector2(x0, y0), new Vector2(x1, y1));
        var along = to - from;
        float squared = Math.Max(along.LengthSquared(), 1e-6f);
        bool Inside(Vector2 p)
        {
            float t = Math.Clamp(Vector2.Dot(p - from, along) / squared, 0, 1);
            return Vector2.DistanceSquared(p, from + along * t) < radius * radius;
        }

        return Add(Inside, colour, id);
    }

    public Figure Disc(SceneId id, Vector3 colour, float x, float y, float radius, bool glows = false) =>
        Add(p => Vector2.DistanceSquared(p, new Vector2(x, y)) < radius * radius, colour, id, glows);

    public Figure Ring(SceneId id, Vector3 colour, float x, float y, float radius, float thickness) =>
        Add(p => Math.Abs(Vector2.Distance(p, new Vector2(x, y)) - radius) < thickness / 2, colour, id);

    public Figure Box(SceneId id, Vector3 colour, float x0, float y0, float x1, float y1) =>
        Add(p => p.X > x0 && p.X < x1 && p.Y > y0 && p.Y < y1, colour, id);

    /// <summary>A convex polygon, corners in either direction of turning.</summary>
    public Figure Polygon(SceneId id, Vector3 colour, params Vector2[] corners) => Add(p => Inside(corners, p), colour, id);

    private Figure Add(Shape shape, Vector3 colour, SceneId id, bool glows = false)
    {
        _parts.Add(new Part(shape, colour, id, glows));
        return this;
    }

    public static bool Inside(ReadOnlySpan<Vector2> convex, Vector2 p)
    {
        bool left = true, right = true;
        for (int i = 0; i < convex.Length; i++)
        {
            var edge = convex[(i + 1) % convex.Length] - convex[i];
            var to = p - convex[i];
            float turn = edge.X * to.Y - edge.Y * to.X;
            left &= turn >= 0;
            right &= turn <= 0;
        }
        return left || right;
    }

    public override Shade? At(in SurfacePoint p)
    {
        var at = new Vector2(p.U - width / 2, p.V);
        for (int i = _parts.Count - 1; i >= 0; i--)
        {
            if (_parts[i].Shape(at))
                return new Shade(_parts[i].Colour, _parts[i].Id, _parts[i].Glows);
        }
        return null;
    }
}
