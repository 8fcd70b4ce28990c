using System.Numerics;
using IlgpuSeg.Data.Synthetic;

namespace IlgpuSeg.Data.Tests;

public sealed class SceneCanvasTests
{
    private const int Width = 64, Height = 32;

    private static readonly SceneCamera Camera = new(Width, Height, new Vector3(0, 1.5f, 0), 0.05f, 0.01f, 0.8f, 0.45f);

    private static Figure Box(float width, float height) =>
        new Figure(width).Box(SceneId.Person, Vector3.One, -width, -1, width, height + 1);

    private static Quad At(float x, float z, float width = 0.6f, float height = 1.8f) =>
        Quad.Billboard(new Vector3(x, 0, z), Camera.Right, width, height, Box(width, height));

    [Fact]
    public void ThingsTwiceAsFarAreHalfAsLarge()
    {
        var near = Camera.Bounds(At(0, 8));
        var far = Camera.Bounds(At(0, 16));
        Assert.Equal((near.Bottom - near.Top) / 2, far.Bottom - far.Top, 0.1);
        Assert.Equal(1.8f / 8 * Camera.Focal, near.Bottom - near.Top, 0.3);
        Assert.True(far.Bottom < near.Bottom, "what is further away stands higher in the picture");
        Assert.True(far.Bottom > 0.45f * Height, "but below the horizon");
    }

    [Fact]
    public void BoundsAndRaysAgree()
    {
        var quad = At(1.5f, 9);
        var (left, top, right, bottom) = Camera.Bounds(quad);
        for (float y = 0.5f; y < Height; y++)
        {
            for (float x = 0.5f; x < Width; x++)
            {
                var ray = Camera.Ray(x, y);
                float distance = Vector3.Dot(quad.Normal, quad.Corner - Camera.Position) / Vector3.Dot(quad.Normal, ray);
                var local = Camera.Position + ray * distance - quad.Corner;
                float u = Vector3.Dot(local, quad.EdgeU), v = Vector3.Dot(local, quad.EdgeV);
                bool hit = distance > 0 && u >= 0 && v >= 0 && u <= quad.LengthU && v <= quad.LengthV;
                bool inBounds = x >= left && x <= right && y >= top && y <= bottom;
                Assert.True(!hit || inBounds, $"the ray of ({x}, {y}) hits outside of the bounds");
            }
        }
    }

    [Fact]
    public void WhatIsBehindTheCameraIsNotDrawn()
    {
        var (left, _, right, _) = Camera.Bounds(At(0, -5));
        Assert.True(left > right);
    }

    [Fact]
    public void TheNearerThingWinsInAnyOrder()
    {
        foreach (bool nearFirst in new[] { true, false })
        {
            var canvas = new SceneCanvas(Width, Height, Camera, new Daylight(new SeededRandom(1)));
            Quad near = At(0, 6), far = At(0, 12, 8, 8) with { Material = new Roof(Vector3.One, 1) };
            foreach (var quad in nearFirst ? new[] { near, far } : [far, near])
                canvas.Draw(quad);
            var ids = canvas.Ids();
            Assert.Equal((byte)SceneId.Person, ids[Width / 2 - 2, 15]);
            Assert.Equal((byte)SceneId.Building, ids[Width / 2 + 10, 12]);
        }
    }

    [Fact]
    public void LabelsAreExactWhereColoursAreMixed()
    {
        var canvas = new SceneCanvas(Width, Height, Camera, new Daylight(new SeededRandom(1)));
        canvas.Draw(At(0, 6));
        var ids = canvas.Ids();
        var colours = canvas.Colours();
        int mixed = 0;
        for (int i = 0; i < ids.Labels.Length; i++)
        {
            // Nothing is black but what nothing was drawn on.
            if (ids.Labels[i] == 0)
                mixed += colours[i] != Vector3.Zero ? 1 : 0;
            else
                Assert.Equal((byte)SceneId.Person, ids.Labels[i]);
        }
        Assert.InRange(mixed, 3, 60);
    }
}
