using System.Numerics;

namespace IlgpuSeg.Data.Synthetic;

/// <summary>The ground of a street: U is x (metres right of the road's middle), V is z (metres along it).</summary>
internal sealed class GroundMaterial : Material
{
    private const float Kerb = 0.18f;

    private readonly StreetPlan _plan;
    private readonly uint _seed;
    private readonly Vector3 _asphalt, _paving, _grass, _soil;
    private readonly float _slab, _patchiness, _wear;
    private readonly bool _edgeLines, _solidMiddle;

    public GroundMaterial(StreetPlan plan, SeededRandom random)
    {
        _plan = plan;
        _seed = plan.GrainSeed;
        _asphalt = new Vector3((float)random.Between(0.26, 0.46))
            * new Vector3(1, (float)random.Between(0.98, 1.02), (float)random.Between(0.95, 1.06));
        _paving = Vector3.Lerp(new Vector3(0.62f, 0.60f, 0.57f), new Vector3(0.55f, 0.45f, 0.40f), (float)random.NextDouble())
            * (float)random.Between(0.75, 1.1);
        _grass = Vector3.Lerp(new Vector3(0.30f, 0.44f, 0.16f), new Vector3(0.47f, 0.48f, 0.22f), (float)random.NextDouble());
        _soil = new Vector3(0.46f, 0.38f, 0.28f);
        _slab = (float)random.Between(0.4, 1.0);
        _patchiness = (float)random.Between(0.05, 0.35);
        _wear = (float)random.Between(0.1, 0.6);
        _edgeLines = random.Chance(0.5);
        _solidMiddle = random.Chance(0.3);
    }

    public override Shade? At(in SurfacePoint p)
    {
        float x = p.U, z = p.V, away = Math.Abs(x);
        if (away < _plan.RoadHalf)
            return new Shade(Road(p, markings: true), SceneId.Road);
        var side = _plan.SideOf(x);
        var lot = side.LotAt(z);
        if (lot.Kind == LotKind.SideStreet)
            return new Shade(Road(p, markings: false), SceneId.Road);
        if (away < _plan.RoadHalf + Math.Min(Kerb, side.SidewalkWidth))
            return new Shade(new Vector3(0.66f) + new Vector3(0.1f * Noise.Detail(x, z, 0.7f, p.Footprint, _seed)), SceneId.Sidewalk);
        if (away < _plan.FrontOf(side) || lot.Kind is LotKind.Building or LotKind.Wall)
            return new Shade(Paving(p), SceneId.Sidewalk);
        return new Shade(Terrain(p), SceneId.Terrain);
    }

    private Vector3 Road(in SurfacePoint p, bool markings)
    {
        float x = p.U, z = p.V;
        float patch = Noise.Value(x * 0.22f, z * 0.06f, _seed + 1) - 0.5f;
        float grain = Noise.Detail(x, z, 0.05f, p.Footprint, _seed + 2) + 0.7f * Noise.Detail(x, z, 0.4f, p.Footprint, _seed + 3);
        float tyres = 0.06f * MathF.Cos(x / _plan.RoadHalf * MathF.PI * _plan.Lanes);
        var colour = _asphalt * (1 + _patchiness * patch + 0.25f * grain + tyres);
        if (markings && IsMarked(x, z))
        {
            float worn = Math.Clamp(Noise.Value(x * 3, z * 1.5f, _seed + 4) - 0.5f + _wear, 0, 1);
            colour = Vector3.Lerp(new Vector3(0.85f), colour, worn);
        }
        return colour;
    }

    private bool IsMarked(float x, float z)
    {
        const float Half = 0.07f;
        if (_edgeLines && Math.Abs(Math.Abs(x) - _plan.RoadHalf + 0.35f) < Half)
            return true;
        bool dash = z - 9 * MathF.Floor(z / 9) < 4;
        if (Math.Abs(x) < Half)
            return dash || _solidMiddle;
        return _plan.Lanes == 4 && dash && Math.Abs(Math.Abs(x) - _plan.RoadHalf / 2) < Half;
    }

    private Vector3 Paving(in SurfacePoint p)
    {
        float x = p.U / _slab, z = p.V / _slab;
        float slab = 0.12f * (Noise.Corner((int)MathF.Floor(x), (int)MathF.Floor(z), _seed + 5) - 0.5f);
        float joint = Math.Min(x - MathF.Floor(x), z - MathF.Floor(z)) < 0.06f ? 0.22f : 0;
        float fade = Math.Clamp(1.5f - 4 * p.Footprint / _slab, 0, 1);
        float dirt = 0.2f * (Noise.Fractal(p.U * 0.5f, p.V * 0.5f, _seed + 6, 3) - 0.5f);
        return _paving * (1 + fade * (slab - joint) + dirt + 0.15f * Noise.Detail(p.U, p.V, 0.06f, p.Footprint, _seed + 7));
    }

    private Vector3 Terrain(in SurfacePoint p)
    {
        float bare = Math.Clamp((Noise.Fractal(p.U * 0.35f, p.V * 0.35f, _seed + 8, 3) - 0.55f) * 4, 0, 0.8f);
        float blades = 0.5f * Noise.Detail(p.U, p.V, 0.09f, p.Footprint, _seed + 9)
            + 0.35f * Noise.Detail(p.U, p.V, 0.5f, p.Footprint, _seed + 10);
        return Vector3.Lerp(_grass, _soil, bare) * (1 + blades);
    }
}
