namespace IlgpuSeg.Data.Synthetic;

/// <summary>Smooth random textures: values at the corners of a grid, blended in between.</summary>
internal static class Noise
{
    /// <summary>Value noise, 0 to 1, with features one unit across.</summary>
    public static float Value(float x, float y, uint seed)
    {
        int ix = (int)MathF.Floor(x), iy = (int)MathF.Floor(y);
        float fx = Smooth(x - ix), fy = Smooth(y - iy);
        float top = Lerp(Corner(ix, iy, seed), Corner(ix + 1, iy, seed), fx);
        float bottom = Lerp(Corner(ix, iy + 1, seed), Corner(ix + 1, iy + 1, seed), fx);
        return Lerp(top, bottom, fy);
    }

    /// <summary>Several sizes of noise on top of each other, each half as large and half as strong as the one before; about 0 to
    /// 1.</summary>
    public static float Fractal(float x, float y, uint seed, int octaves)
    {
        float sum = 0, weight = 0.5f;
        for (int i = 0; i < octaves; i++, x *= 2.03f, y *= 2.03f, weight *= 0.5f)
            sum += weight * Value(x, y, seed + (uint)i);
        return sum / (1 - 2 * weight);
    }

    /// <summary>Noise around 0 (-0.5 to 0.5) that fades where its features become smaller than a pixel.</summary>
    /// <param name="x">Place in metres.</param>
    /// <param name="y">Place in metres.</param>
    /// <param name="cell">Size of a feature in metres.</param>
    /// <param name="footprint">Size of a pixel in metres.</param>
    /// <param name="seed">Which texture.</param>
    public static float Detail(float x, float y, float cell, float footprint, uint seed)
    {
        float fade = Math.Clamp(1.5f - footprint / cell, 0, 1);
        return fade == 0 ? 0 : fade * (Value(x / cell, y / cell, seed) - 0.5f);
    }

    /// <summary>A number of 0 to 1 that belongs to a place of a grid.</summary>
    public static float Corner(int x, int y, uint seed)
    {
        uint h = seed * 0x9E3779B9u ^ (uint)x * 0x85EBCA6Bu ^ (uint)y * 0xC2B2AE35u;
        h = (h ^ (h >> 16)) * 0x7FEB352Du;
        h = (h ^ (h >> 15)) * 0x846CA68Bu;
        return ((h ^ (h >> 16)) >> 8) * (1f / (1 << 24));
    }

    private static float Smooth(float t) => t * t * (3 - 2 * t);

    private static float Lerp(float a, float b, float t) => a + (b - a) * t;
}
