using System.Numerics;

namespace IlgpuSeg.Data.Synthetic;

/// <summary>
/// A pinhole camera above the road. It looks level, with the horizon moved up or down in the picture, so that upright things stay upright;
/// a little roll tilts the picture. All lengths in metres, places in the picture in pixels.
/// </summary>
internal sealed class SceneCamera
{
    private const float Near = 0.5f;

    private readonly float _centreX, _horizon, _cos, _sin;

    public SceneCamera(int width, int height, Vector3 position, float yaw, float roll, float focal, float horizon)
    {
        Position = position;
        Right = new Vector3(MathF.Cos(yaw), 0, -MathF.Sin(yaw));
        Forward = new Vector3(MathF.Sin(yaw), 0, MathF.Cos(yaw));
        Focal = focal * width;
        _centreX = width / 2f;
        _horizon = horizon * height;
        (_sin, _cos) = MathF.SinCos(roll);
    }

    public Vector3 Position { get; }

    public Vector3 Right { get; }

    public Vector3 Forward { get; }

    /// <summary>Focal length in pixels.</summary>
    public float Focal { get; }

    /// <summary>The direction seen at a place of the picture; its length along <see cref="Forward"/> is 1.</summary>
    public Vector3 Ray(float x, float y)
    {
        float dx = (x - _centreX) / Focal, dy = (_horizon - y) / Focal;
        return Forward + Right * (dx * _cos - dy * _sin) + Vector3.UnitY * (dx * _sin + dy * _cos);
    }

    /// <summary>The smallest rectangle of the picture that holds the quad's visible part; empty if it is behind the camera.</summary>
    public (float Left, float Top, float Right, float Bottom) Bounds(Quad quad)
    {
        var bounds = (Left: float.MaxValue, Top: float.MaxValue, Right: float.MinValue, Bottom: float.MinValue);
        void Include(Vector3 p)
        {
            var (x, y) = Project(p);
            bounds = (Math.Min(bounds.Left, x), Math.Min(bounds.Top, y), Math.Max(bounds.Right, x), Math.Max(bounds.Bottom, y));
        }

        for (int i = 0; i < 4; i++)
        {
            Vector3 a = ToCamera(quad.CornerAt(i)), b = ToCamera(quad.CornerAt((i + 1) % 4));
            if (a.Z >= Near)
                Include(a);
            if (a.Z >= Near != b.Z >= Near)
                Include(Vector3.Lerp(a, b, (Near - a.Z) / (b.Z - a.Z)));
        }
        return bounds;
    }

    private Vector3 ToCamera(Vector3 world)
    {
        var d = world - Position;
        return new Vector3(Vector3.Dot(d, Right), d.Y, Vector3.Dot(d, Forward));
    }

    private (float X, float Y) Project(Vector3 p)
    {
        float dx = p.X / p.Z, dy = p.Y / p.Z;
        return (_centreX + Focal * (dx * _cos + dy * _sin), _horizon - Focal * (dy * _cos - dx * _sin));
    }
}
