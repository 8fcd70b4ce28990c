namespace IlgpuSeg.Tests.Ops;

/// <summary>Inputs for tests of operations.</summary>
internal static class TestTensors
{
    /// <summary>Doubles between -1 and 1, from a seed.</summary>
    public static Tensor Random(int seed, params int[] shape)
    {
        var random = new Random(seed);
        var data = new double[new Shape(shape).Length];
        for (var i = 0; i < data.Length; i++) data[i] = random.NextDouble() * 2 - 1;
        return Tensor.From(data, shape);
    }

    /// <summary>The same, requiring a gradient.</summary>
    public static Tensor Parameter(int seed, params int[] shape)
    {
        var tensor = Random(seed, shape);
        tensor.RequiresGrad = true;
        return tensor;
    }
}
