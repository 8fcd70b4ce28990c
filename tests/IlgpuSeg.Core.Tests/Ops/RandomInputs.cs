namespace IlgpuSeg.Tests.Ops;

/// <summary>Seeded Float64 inputs for gradient checks; the first seed is one pixel of one channel.</summary>
internal sealed class RandomInputs(int seed)
{
    private static readonly int[] ChannelCounts = [1, 2, 3, 5, 9];

    private readonly Random random = new(seed * 7919 + 17);

    public static TheoryData<int> Seeds => [.. Enumerable.Range(0, 6)];

    /// <summary>[N, H, W, C] with batches of 1 to 3 and odd and even sizes.</summary>
    public Shape Image(int smallest = 1) => seed == 0
        ? new Shape(1, smallest, smallest, 1)
        : new Shape(Pick(1, 2, 3), Below(smallest, smallest + 5), Below(smallest, smallest + 5), Pick(ChannelCounts));

    public int Pick(params int[] values) => values[random.Next(values.Length)];

    public int Below(int from, int end) => random.Next(from, end);

    /// <summary>Between -1 and 1, kept away from zero by a gap.</summary>
    public Tensor Tensor(Shape shape, double gap = 0, bool requiresGrad = true)
    {
        var values = new double[shape.Length];
        for (var i = 0; i < values.Length; i++)
        {
            var v = random.NextDouble() * 2 - 1;
            values[i] = v + (v < 0 ? -gap : gap);
        }
        return From(values, shape, requiresGrad);
    }

    /// <summary>All elements different, at least 0.01 apart.</summary>
    public Tensor Distinct(Shape shape)
    {
        var values = new double[shape.Length];
        for (var i = 0; i < values.Length; i++) values[i] = (i - values.Length / 2) * 0.01;
        random.Shuffle(values);
        return From(values, shape, true);
    }

    public static Tensor From(double[] values, Shape shape, bool requiresGrad = true)
    {
        var tensor = IlgpuSeg.Tensor.From(values, shape);
        tensor.RequiresGrad = requiresGrad;
        return tensor;
    }
}
