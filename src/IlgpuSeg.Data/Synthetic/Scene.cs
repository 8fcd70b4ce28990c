using System.Numerics;

namespace IlgpuSeg.Data.Synthetic;

/// <summary>Everything that is to be drawn, as it is put together.</summary>
internal sealed class Scene(StreetPlan plan, Daylight light, SceneCamera camera)
{
    private readonly List<Quad> _quads = [];
    private readonly Contact[][] _contacts = [.. Enumerable.Repeat<Contact[]>([], (int)(StreetPlan.Farthest - StreetPlan.Nearest))];

    /// <summary>A soft round shadow on the ground.</summary>
    private readonly record struct Contact(float X, float Z, float RadiusX, float RadiusZ, float Strength);

    public StreetPlan Plan => plan;

    public SceneCamera Camera => camera;

    /// <summary>The quads, nearest first, so that most of what is hidden is never coloured.</summary>
    public IEnumerable<Quad> Quads => _quads.OrderBy(q => Vector3.Distance(q.Corner + q.EdgeU * (q.LengthU / 2), camera.Position));

    public void Add(Quad quad) => _quads.Add(quad);

    /// <summary>A figure that stands on the ground and faces the camera, with a shadow at its feet.</summary>
    public void Stand(Figure figure, float height, float x, float z, float shadowRadius)
    {
        Add(Quad.Billboard(new Vector3(x, 0, z), camera.Right, figure.Width, height, figure) with { Shaded = IsShaded(x, z, 1) });
        AddContact(x, z, shadowRadius, shadowRadius * 0.7f, 0.6f);
    }

    /// <summary>A soft shadow below something, moved a little away from the sun.</summary>
    public void AddContact(float x, float z, float radiusX, float radiusZ, float strength)
    {
        float shift = 0.35f * Math.Min(radiusX, 2);
        var contact = new Contact(x - light.ToSun.X * shift, z - light.ToSun.Z * shift, radiusX, radiusZ, strength);
        int first = Math.Max(0, Metre(contact.Z - radiusZ)), last = Math.Min(_contacts.Length - 1, Metre(contact.Z + radiusZ));
        for (int metre = first; metre <= last; metre++)
            _contacts[metre] = [.. _contacts[metre], contact];
    }

    /// <summary>How dark the shadows make a place of the ground: 0 in full light, 1 out of the sun, above that where little of the sky
    /// is seen either.</summary>
    public float ShadowAt(float x, float z)
    {
        float shadow = IsShaded(x, z, 0) ? 1 : 0;
        int metre = Metre(z);
        if ((uint)metre >= (uint)_contacts.Length)
            return shadow;
        foreach (var c in _contacts[metre])
        {
            float dx = (x - c.X) / c.RadiusX, dz = (z - c.Z) / c.RadiusZ, squared = dx * dx + dz * dz;
            if (squared < 1)
                shadow = Math.Max(shadow, Math.Min(1, 1.6f * (1 - squared)) * (1 + c.Strength));
        }
        return shadow;
    }

    private static int Metre(float z) => (int)MathF.Floor(z - StreetPlan.Nearest);

    /// <summary>Whether a building or wall beside the street keeps the sun from a point.</summary>
    public bool IsShaded(float x, float z, float height)
    {
        var sun = light.ToSun;
        var side = plan.SideOf(sun.X);
        float distance = side.Sign * plan.FrontOf(side) - x;
        if (Math.Abs(sun.X) < 0.05f || distance * sun.X <= 0)
            return false;
        float t = distance / sun.X;
        return height + sun.Y * t < side.LotAt(z + sun.Z * t).Height;
    }
}
