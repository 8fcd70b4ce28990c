using System.Numerics;

namespace IlgpuSeg.Data.Synthetic;

/// <summary>The light of a scene: sun, sky and haze.</summary>
internal sealed class Daylight
{
    private readonly Vector3 _sunColour, _skyColour, _haze;
    private readonly float _hazeDistance, _cloudiness;
    private readonly uint _cloudSeed;

    public Daylight(SeededRandom random)
    {
        float elevation = (float)random.Between(0.35, 1.1), azimuth = (float)random.Between(0, 2 * Math.PI);
        ToSun = new Vector3(
            MathF.Cos(elevation) * MathF.Sin(azimuth), MathF.Sin(elevation), MathF.Cos(elevation) * MathF.Cos(azimuth));
        bool overcast = random.Chance(0.35);
        float sun = overcast ? (float)random.Between(0.02, 0.15) : (float)random.Between(0.45, 0.75);
        _sunColour = sun * Vector3.Lerp(new Vector3(1, 0.85f, 0.65f), new Vector3(1, 0.98f, 0.94f), (elevation - 0.35f) / 0.75f);
        float sky = overcast ? (float)random.Between(0.6, 0.85) : (float)random.Between(0.38, 0.55);
        _skyColour = sky * (overcast ? new Vector3(0.97f, 0.99f, 1.02f) : new Vector3(0.9f, 0.98f, 1.12f));
        Zenith = overcast
            ? new Vector3(0.62f, 0.66f, 0.70f) * (float)random.Between(0.85, 1.15)
            : Vector3.Lerp(new Vector3(0.25f, 0.45f, 0.78f), new Vector3(0.42f, 0.62f, 0.86f), (float)random.NextDouble());
        _haze = overcast ? new Vector3(0.78f, 0.80f, 0.82f) : new Vector3(0.80f, 0.86f, 0.92f);
        _hazeDistance = (float)random.Between(180, 700);
        _cloudiness = overcast ? 0.8f : (float)random.Between(0, 0.55);
        _cloudSeed = (uint)random.Next(1 << 30);
    }

    /// <summary>Unit vector towards the sun.</summary>
    public Vector3 ToSun { get; }

    private Vector3 Zenith { get; }

    /// <summary>The light on a surface.</summary>
    public Vector3 On(Vector3 normal, bool shaded)
    {
        var light = _skyColour * (0.8f + 0.2f * normal.Y);
        // Flat stand-ins for round things are lit a little even from behind.
        float sun = Math.Max(0.15f, Vector3.Dot(normal, ToSun));
        return shaded ? light : light + _sunColour * sun;
    }

    /// <summary>A colour as seen through the air.</summary>
    public Vector3 Through(Vector3 colour, float distance) =>
        Vector3.Lerp(_haze, colour, MathF.Exp(-distance / _hazeDistance));

    /// <summary>The sky in a direction.</summary>
    public Vector3 Sky(Vector3 ray)
    {
        var direction = Vector3.Normalize(ray);
        float height = Math.Max(0, direction.Y);
        var colour = Vector3.Lerp(_haze, Zenith, 1 - MathF.Exp(-4 * height));
        float reach = 1 / (height + 0.12f);
        float cloud = Noise.Fractal(direction.X * reach * 1.6f, direction.Z * reach * 1.6f + 7, _cloudSeed, 4);
        float cover = Math.Clamp((cloud - 0.75f + 0.4f * _cloudiness) * 4, 0, 1) * Math.Min(1, height * 8);
        float glare = MathF.Pow(Math.Max(0, Vector3.Dot(direction, ToSun)), 24) * 0.35f * _sunColour.X;
        return Vector3.Lerp(colour, new Vector3(0.93f, 0.94f, 0.96f) * (0.8f + 0.25f * cloud), 0.85f * cover) + new Vector3(glare);
    }
}
