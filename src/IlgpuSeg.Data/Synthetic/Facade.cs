using System.Numerics;

namespace IlgpuSeg.Data.Synthetic;

/// <summary>A house front with storeys of windows, or a blank side wall. U runs along the front, V up.</summary>
internal sealed class Facade : Material
{
    private const float Storey = 3.2f;

    private static readonly Vector3[] WallColours =
    [
        new(0.80f, 0.74f, 0.62f), new(0.70f, 0.68f, 0.66f), new(0.58f, 0.36f, 0.28f), new(0.86f, 0.82f, 0.76f), new(0.74f, 0.58f, 0.38f),
        new(0.62f, 0.66f, 0.70f), new(0.50f, 0.42f, 0.36f), new(0.78f, 0.66f, 0.58f), new(0.66f, 0.72f, 0.62f), new(0.45f, 0.46f, 0.48f),
    ];

    private readonly float _width, _height, _spacing, _windowWidth, _windowHeight, _sill, _brightness;
    private readonly Vector3 _wall, _frame, _shop;
    private readonly uint _seed;
    private readonly bool _bricks, _shopFront, _blank;

    public Facade(float width, float height, bool blank, SeededRandom random)
    {
        _width = width;
        _height = height;
        _blank = blank;
        _wall = WallColours[random.Next(WallColours.Length)] * (float)random.Between(0.75, 1.08);
        _bricks = random.Chance(0.35);
        int columns = Math.Max(1, (int)(width / random.Between(2.0, 3.4)));
        _spacing = width / columns;
        _windowWidth = _spacing * (float)random.Between(0.35, 0.65);
        _windowHeight = (float)random.Between(1.3, 2.0);
        _sill = (float)random.Between(0.7, 1.0);
        _frame = new Vector3((float)random.Between(0.3, 0.95));
        _brightness = (float)random.Between(0.6, 1.3);
        _shopFront = random.Chance(0.45);
        _shop = new Vector3((float)random.Between(0.15, 0.8), (float)random.Between(0.15, 0.7), (float)random.Between(0.15, 0.7));
        _seed = (uint)random.Next(1 << 30);
    }

    public Vector3 WallColour => _wall;

    public override Shade? At(in SurfacePoint p) => new Shade(Colour(p), SceneId.Building);

    private Vector3 Colour(in SurfacePoint p)
    {
        if (p.V > _height - 0.45f || p.V < 0.4f)
            return _wall * 0.72f; // cornice and plinth
        var wall = Wall(p);
        if (_blank)
            return wall;
        int storey = (int)(p.V / Storey), column = (int)(p.U / _spacing);
        float across = Math.Abs(p.U - (column + 0.5f) * _spacing), up = p.V - storey * Storey;
        if (storey == 0 && _shopFront)
            return ShopFront(p, across, up, wall);
        if (storey == 0 && Noise.Corner(column, 77, _seed) < 0.2f)
            return across < 0.55f && up < 2.3f ? _shop * 0.6f : wall; // a door
        if (storey * Storey + _sill + _windowHeight > _height - 0.5f)
            return wall;
        return Window(p, across, up - _sill, column, storey, wall);
    }

    private Vector3 Wall(in SurfacePoint p)
    {
        float dirt = 0.16f * (Noise.Fractal(p.U * 0.3f, p.V * 0.3f, _seed, 3) - 0.5f)
            + 0.12f * Noise.Detail(p.U, p.V, 0.12f, p.Footprint, _seed + 1);
        float brick = 0;
        if (_bricks)
        {
            int row = (int)MathF.Floor(p.V / 0.2f);
            float along = p.U / 0.5f + 0.5f * (row & 1);
            float fade = Math.Clamp(1.4f - p.Footprint / 0.15f, 0, 1);
            float joint = p.V / 0.2f - row < 0.12f ? 0.15f : 0;
            brick = fade * (0.25f * (Noise.Corner((int)MathF.Floor(along), row, _seed + 2) - 0.5f) - joint);
        }
        return _wall * (1 + dirt + brick);
    }

    private Vector3 Window(in SurfacePoint p, float across, float up, int column, int storey, Vector3 wall)
    {
        float half = _windowWidth / 2;
        if (across > half + 0.1f || up < -0.12f || up > _windowHeight + 0.1f)
            return wall;
        bool frame = across > half || up < 0 || up > _windowHeight || across < 0.04f || Math.Abs(up - _windowHeight * 0.65f) < 0.035f;
        return frame ? _frame : Glass(p, column, storey);
    }

    private Vector3 Glass(in SurfacePoint p, int column, int storey)
    {
        float curtain = Noise.Corner(column, storey, _seed + 3);
        if (curtain > 0.78f)
            return new Vector3(0.75f, 0.72f, 0.66f) * (0.6f + 0.3f * curtain);
        float reflection = Noise.Value(p.U * 0.35f + curtain * 9, p.V * 0.5f, _seed + 4);
        return Vector3.Lerp(new Vector3(0.07f, 0.09f, 0.11f), new Vector3(0.42f, 0.50f, 0.58f) * _brightness, reflection * reflection);
    }

    private Vector3 ShopFront(in SurfacePoint p, float across, float up, Vector3 wall)
    {
        if (up > 2.7f)
            return up > 3.1f ? wall : _shop; // the sign over the shop
        bool pillar = across > _spacing * 0.46f || p.U < 0.3f || p.U > _width - 0.3f;
        return pillar ? _frame * 0.7f : up < 0.6f ? _shop * 0.5f : Glass(p, (int)(p.U / _spacing), 0);
    }
}

/// <summary>A sloping roof: tiles in rows. U along the eaves, V up the slope.</summary>
internal sealed class Roof(Vector3 colour, uint seed) : Material
{
    public override Shade? At(in SurfacePoint p)
    {
        float fade = Math.Clamp(1.4f - p.Footprint / 0.2f, 0, 1);
        float row = p.V / 0.35f - MathF.Floor(p.V / 0.35f);
        float tile = 0.2f * (Noise.Corner((int)(p.U / 0.3f), (int)(p.V / 0.35f), seed) - 0.5f) - 0.18f * row;
        return new Shade(colour * (0.95f + fade * tile + 0.1f * (Noise.Fractal(p.U * 0.4f, p.V * 0.4f, seed, 2) - 0.5f)), SceneId.Building);
    }
}

/// <summary>A free-standing wall of concrete or stone, with a coping.</summary>
internal sealed class WallMaterial(Vector3 colour, float height, uint seed) : Material
{
    public override Shade? At(in SurfacePoint p)
    {
        float stain = 0.35f * (Noise.Fractal(p.U * 0.5f, p.V * 0.9f, seed, 3) - 0.5f) - 0.15f * Math.Max(0, 0.5f - p.V);
        float panel = p.U - 2.5f * MathF.Floor(p.U / 2.5f) < 0.06f ? -0.25f : 0;
        float coping = p.V > height - 0.15f ? 0.15f : 0;
        return new Shade(colour * (1 + stain + panel + coping + 0.2f * Noise.Detail(p.U, p.V, 0.1f, p.Footprint, seed + 1)), SceneId.Wall);
    }
}

/// <summary>A fence of planks or pickets with two rails. The narrow gaps show darkness, and belong to the fence as annotators have
/// it.</summary>
internal sealed class FenceMaterial(Vector3 colour, float plank, float gap, uint seed) : Material
{
    public override Shade? At(in SurfacePoint p)
    {
        float pitch = plank + gap, number = MathF.Floor(p.U / pitch), at = p.U - number * pitch;
        bool rail = Math.Abs(p.V - 0.3f) < 0.06f || Math.Abs(p.V - 0.85f) < 0.06f;
        float tone = 0.9f + 0.25f * (Noise.Corner((int)number, 3, seed) - 0.5f)
            + 0.15f * Noise.Detail(p.U * 4, p.V, 0.3f, p.Footprint, seed);
        if (at < plank || rail)
            return new Shade(colour * tone, SceneId.Fence);
        return new Shade(colour * 0.25f, SceneId.Fence);
    }
}
