using System.Numerics;

namespace IlgpuSeg.Data.Synthetic;

/// <summary>Draws one scene: the picture as a camera would deliver it, and Cityscapes' ids.</summary>
internal static class SceneRenderer
{
    public static (RgbImage Image, LabelMap Ids) Render(int width, int height, SeededRandom random)
    {
        var light = new Daylight(random);
        var scene = SceneBuilder.Build(width, height, light, random);
        var canvas = new SceneCanvas(width, height, scene.Camera, light);
        var ground = new GroundMaterial(scene.Plan, random);
        foreach (var quad in scene.Quads)
            canvas.Draw(quad);
        canvas.DrawSkyAndGround(ground, scene.ShadowAt);
        canvas.DrawEgoVehicle(new Vector3((float)random.Between(0.08, 0.6)), (float)random.Between(0.04, 0.09));
        return (Develop(canvas.Colours(), width, height, random), canvas.Ids());
    }

    /// <summary>Exposure, white balance, contrast, darker corners and sensor noise.</summary>
    private static RgbImage Develop(Vector3[] colours, int width, int height, SeededRandom random)
    {
        float exposure = (float)random.Between(0.95, 1.35), gamma = (float)random.Between(0.7, 1.0);
        var balance = new Vector3((float)random.Between(0.95, 1.06), 1, (float)random.Between(0.94, 1.07));
        float vignette = (float)random.Between(0, 0.22), noise = (float)random.Between(0.004, 0.022);
        var image = new RgbImage(width, height);
        for (int y = 0, i = 0; y < height; y++)
        {
            for (int x = 0; x < width; x++, i++)
            {
                float dx = 2f * x / width - 1, dy = 2f * y / height - 1;
                var colour = colours[i] * balance * (exposure * (1 - vignette * (dx * dx + dy * dy) / 2));
                var grain = new Vector3((float)random.NextNormal(), (float)random.NextNormal(), (float)random.NextNormal()) * noise;
                for (int c = 0; c < 3; c++)
                {
                    float value = MathF.Pow(Math.Clamp(colour[c], 0, 1), gamma) + grain[c];
                    image.Pixels[3 * i + c] = (byte)Math.Clamp(value * 255 + 0.5f, 0, 255);
                }
            }
        }
        return image;
    }
}
