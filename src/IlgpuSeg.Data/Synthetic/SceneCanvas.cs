using System.Numerics;

namespace IlgpuSeg.Data.Synthetic;

/// <summary>
/// Draws a scene with nine rays a pixel and a depth for each. A pixel's colour is the mean of its rays; its id is that of the ray through
/// its centre, so labels are exact where colours are anti-aliased.
/// </summary>
internal sealed class SceneCanvas
{
    private const int Rays = 3; // a side of a pixel; odd, so that one goes through the centre

    private readonly SceneCamera _camera;
    private readonly Daylight _light;
    private readonly int _width, _height;
    private readonly Vector3[] _colours;
    private readonly float[] _depths;
    private readonly SceneId[] _ids;

    public SceneCanvas(int width, int height, SceneCamera camera, Daylight light)
    {
        (_width, _height, _camera, _light) = (width * Rays, height * Rays, camera, light);
        _colours = new Vector3[_width * _height];
        _depths = new float[_width * _height];
        _ids = new SceneId[_width * _height];
        Array.Fill(_depths, float.MaxValue);
    }

    /// <summary>The ground and the sky, where nothing stands in front of them.</summary>
    /// <param name="ground">The ground's looks by x and z.</param>
    /// <param name="shaded">How dark the shadows make a place (x, z): up to 1 out of the sun, above that out of the sky's light
    /// too.</param>
    public void DrawSkyAndGround(Material ground, Func<float, float, float> shaded)
    {
        var sunlit = _light.On(Vector3.UnitY, shaded: false);
        var shade = _light.On(Vector3.UnitY, shaded: true);
        for (int y = 0; y < _height; y++)
        {
            for (int x = 0; x < _width; x++)
            {
                int at = y * _width + x;
                if (_depths[at] < float.MaxValue)
                    continue;
                var ray = RayAt(x, y);
                float distance = ray.Y < 0 ? -_camera.Position.Y / ray.Y : float.MaxValue;
                var hit = _camera.Position + ray * Math.Min(distance, 1e4f);
                if (distance < 1e3f && ground.At(new SurfacePoint(hit.X, hit.Z, distance / _camera.Focal)) is { } look)
                {
                    float shadow = shaded(hit.X, hit.Z);
                    var light = Vector3.Lerp(sunlit, shade, Math.Min(shadow, 1)) * (1 - 0.45f * Math.Max(0, shadow - 1));
                    Put(at, look, look.Colour * light, distance);
                }
                else
                {
                    _colours[at] = _light.Sky(ray);
                    _ids[at] = SceneId.Sky;
                }
            }
        }
    }

    /// <summary>Draws a quad where it is nearer than what is there.</summary>
    public void Draw(Quad quad)
    {
        var (left, top, right, bottom) = _camera.Bounds(quad);
        if (left > right)
            return;
        int x0 = Math.Max(0, (int)Math.Min(left * Rays, _width)), x1 = Math.Min(_width - 1, (int)Math.Max(right * Rays, -1));
        int y0 = Math.Max(0, (int)Math.Min(top * Rays, _height)), y1 = Math.Min(_height - 1, (int)Math.Max(bottom * Rays, -1));
        var toCorner = quad.Corner - _camera.Position;
        float planeDistance = Vector3.Dot(quad.Normal, toCorner);
        var facing = planeDistance > 0 ? -quad.Normal : quad.Normal;
        var light = _light.On(facing, quad.Shaded);
        for (int y = y0; y <= y1; y++)
        {
            for (int x = x0; x <= x1; x++)
            {
                var ray = RayAt(x, y);
                float distance = planeDistance / Vector3.Dot(quad.Normal, ray);
                int at = y * _width + x;
                if (!(distance > 0) || distance >= _depths[at])
                    continue;
                var local = ray * distance - toCorner;
                float u = Vector3.Dot(local, quad.EdgeU), v = Vector3.Dot(local, quad.EdgeV);
                if (u < 0 || v < 0 || u > quad.LengthU || v > quad.LengthV)
                    continue;
                if (quad.Material.At(new SurfacePoint(u, v, distance / _camera.Focal)) is { } look)
                    Put(at, look, look.Glows ? look.Colour : look.Colour * light, distance);
            }
        }
    }

    /// <summary>Covers the picture's lower edge with the car that carries the camera.</summary>
    /// <param name="paint">The bonnet's colour.</param>
    /// <param name="share">The share of the picture's height that it covers in the middle.</param>
    public void DrawEgoVehicle(Vector3 paint, float share)
    {
        for (int x = 0; x < _width; x++)
        {
            float across = 2f * x / _width - 1;
            float edge = _height * (1 - share * (1 - 0.45f * across * across));
            for (int y = Math.Max(0, (int)edge); y < _height; y++)
            {
                float depth = (y - edge) / (_height * share);
                float gloss = 0.75f + 0.35f * MathF.Exp(-9 * (depth - 0.25f) * (depth - 0.25f)) - 0.25f * depth;
                int at = y * _width + x;
                _colours[at] = paint * gloss * _light.On(Vector3.UnitY, shaded: false);
                _ids[at] = SceneId.EgoVehicle;
            }
        }
    }

    private Vector3 RayAt(int x, int y) => _camera.Ray((x + 0.5f) / Rays, (y + 0.5f) / Rays);

    private void Put(int at, in Shade look, Vector3 lit, float distance)
    {
        _colours[at] = _light.Through(lit, distance);
        _depths[at] = distance;
        _ids[at] = look.Id;
    }

    /// <summary>The finished picture, colours as the mean of each pixel's rays.</summary>
    public Vector3[] Colours()
    {
        int width = _width / Rays, height = _height / Rays;
        var result = new Vector3[width * height];
        for (int y = 0; y < height; y++)
        {
            for (int x = 0; x < width; x++)
            {
                var sum = Vector3.Zero;
                for (int i = 0; i < Rays * Rays; i++)
                    sum += Vector3.Min(_colours[(y * Rays + i / Rays) * _width + x * Rays + i % Rays], Vector3.One);
                result[y * width + x] = sum / (Rays * Rays);
            }
        }
        return result;
    }

    /// <summary>The id at each pixel's centre.</summary>
    public LabelMap Ids()
    {
        var result = new LabelMap(_width / Rays, _height / Rays);
        for (int y = 0; y < result.Height; y++)
        {
            for (int x = 0; x < result.Width; x++)
                result[x, y] = (byte)_ids[(y * Rays + Rays / 2) * _width + x * Rays + Rays / 2];
        }
        return result;
    }
}
