using System.Numerics;

namespace IlgpuSeg.Data.Synthetic;

/// <summary>A point of a surface to be coloured.</summary>
/// <param name="U">Metres along the first edge.</param>
/// <param name="V">Metres along the second edge.</param>
/// <param name="Footprint">Size of a pixel at this distance, in metres.</param>
internal readonly record struct SurfacePoint(float U, float V, float Footprint);

/// <summary>What a surface shows at a point.</summary>
/// <param name="Colour">Reflected colour in full light, 0 to 1 a channel.</param>
/// <param name="Id">What the point belongs to.</param>
/// <param name="Glows">True for lamps, which light and shade do not change.</param>
internal readonly record struct Shade(Vector3 Colour, SceneId Id, bool Glows = false);

/// <summary>The looks of a flat surface.</summary>
internal abstract class Material
{
    /// <summary>What the surface shows at a point; null where it has a hole.</summary>
    public abstract Shade? At(in SurfacePoint p);
}

/// <summary>
/// A flat rectangle in the world: corner, two unit edges at right angles, and their lengths in metres. World axes: x to the right of the
/// road, y up, z along the road.
/// </summary>
internal sealed record Quad(Vector3 Corner, Vector3 EdgeU, Vector3 EdgeV, float LengthU, float LengthV, Material Material)
{
    public Vector3 Normal { get; } = Vector3.Normalize(Vector3.Cross(EdgeU, EdgeV));

    /// <summary>True if the quad stands in something's shadow.</summary>
    public bool Shaded { get; init; }

    public Vector3 CornerAt(int i) =>
        Corner + EdgeU * (i is 1 or 2 ? LengthU : 0) + EdgeV * (i is 2 or 3 ? LengthV : 0);

    /// <summary>An upright rectangle that faces the camera, standing on a point.</summary>
    public static Quad Billboard(Vector3 foot, Vector3 cameraRight, float width, float height, Material material) =>
        new(foot - cameraRight * (width / 2), cameraRight, Vector3.UnitY, width, height, material);
}
