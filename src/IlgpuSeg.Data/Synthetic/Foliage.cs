using System.Numerics;

namespace IlgpuSeg.Data.Synthetic;

/// <summary>A tree seen from the side: a trunk and a crown of overlapping clumps, ragged at the edge and brighter towards the
/// light.</summary>
internal sealed class TreeMaterial : Material
{
    private readonly float _width, _height, _trunk;
    private readonly Vector3 _leaf, _bark;
    private readonly (Vector2 Centre, float Radius)[] _clumps;
    private readonly uint _seed;

    public TreeMaterial(float width, float height, SeededRandom random)
    {
        _width = width;
        _height = height;
        _trunk = (float)random.Between(0.10, 0.22);
        _leaf = Leaf(random);
        _bark = new Vector3(0.30f, 0.24f, 0.18f) * (float)random.Between(0.7, 1.3);
        _seed = (uint)random.Next(1 << 30);
        float middle = height * (float)random.Between(0.58, 0.68);
        _clumps = new (Vector2, float)[11];
        for (int i = 0; i < _clumps.Length; i++)
        {
            float angle = (float)random.Between(0, 2 * Math.PI), reach = (float)Math.Sqrt(random.NextDouble());
            float radius = width * (float)random.Between(0.16, 0.27);
            var offset = new Vector2(
                MathF.Cos(angle) * reach * (width / 2 - radius) * 0.95f, MathF.Sin(angle) * reach * (height - middle - radius) * 0.95f);
            _clumps[i] = (new Vector2(width / 2, middle) + offset, radius);
        }
    }

    public static Vector3 Leaf(SeededRandom random) =>
        Vector3.Lerp(new Vector3(0.16f, 0.30f, 0.10f), new Vector3(0.44f, 0.46f, 0.15f), (float)random.NextDouble())
            * (float)random.Between(0.8, 1.25);

    public override Shade? At(in SurfacePoint p)
    {
        var at = new Vector2(p.U, p.V);
        float ragged = 0.5f * (Noise.Fractal(p.U * 2.2f, p.V * 2.2f, _seed, 3) - 0.5f);
        float depth = float.MinValue;
        foreach (var (centre, radius) in _clumps)
            depth = Math.Max(depth, 1 - Vector2.Distance(at, centre) / radius + ragged);
        if (depth > 0)
        {
            float top = p.V / _height - 0.6f, grain = 0.9f * Noise.Detail(p.U, p.V, 0.28f, p.Footprint, _seed + 5)
                + 0.6f * Noise.Detail(p.U, p.V, 0.09f, p.Footprint, _seed + 6);
            return new Shade(_leaf * Math.Max(0.25f, 0.9f + 0.8f * top + grain - 0.25f * Math.Min(depth, 0.8f)), SceneId.Vegetation);
        }
        bool trunk = p.V < _height * 0.65f && Math.Abs(p.U - _width / 2) < _trunk * (1.3f - p.V / _height);
        return trunk ? new Shade(_bark * (0.9f + 0.5f * Noise.Detail(p.U * 3, p.V, 0.2f, p.Footprint, _seed + 7)), SceneId.Vegetation)
            : null;
    }
}

/// <summary>A hedge, a row of bushes or distant trees: leaves under a ragged upper edge. U along, V up.</summary>
internal sealed class HedgeMaterial(float height, float raggedness, Vector3 leaf, uint seed) : Material
{
    public override Shade? At(in SurfacePoint p)
    {
        float top = height * (1 - raggedness * (1 - Noise.Fractal(p.U / height * 1.3f, 0.5f, seed, 4)));
        if (p.V > top)
            return null;
        float grain = 0.8f * Noise.Detail(p.U, p.V, 0.35f, p.Footprint, seed + 1)
            + 0.5f * Noise.Detail(p.U, p.V, 0.1f, p.Footprint, seed + 2)
            + 0.5f * Noise.Detail(p.U, p.V, 1.6f, p.Footprint, seed + 3);
        return new Shade(leaf * Math.Max(0.25f, 0.65f + 0.45f * p.V / top + grain), SceneId.Vegetation);
    }
}
