using IlgpuSeg.Ops;

namespace IlgpuSeg.Tests.Ops;

public class MatMulTests
{
    [Theory]
    [InlineData(0, 5, 7, 3)]
    [InlineData(3, 4, 9, 5)]
    [InlineData(1, 1, 1, 1)]
    [InlineData(2, 8, 17, 6)]
    public void GradientsAgreeWithDifferences(int batch, int m, int n, int k)
    {
        foreach (var (transposeA, transposeB) in new[] { (false, false), (true, false), (false, true), (true, true) })
        {
            using var scope = new TensorScope();
            int[] a = transposeA ? [k, m] : [m, k];
            int[] b = transposeB ? [n, k] : [k, n];
            Tensor[] inputs =
            [
                TestTensors.Random(m, batch > 0 ? [batch, .. a] : a), TestTensors.Random(n, batch > 0 ? [batch, .. b] : b),
            ];
            foreach (var input in inputs) input.RequiresGrad = true;
            GradCheck.Run(t => MatMul.Apply(t[0], t[1], transposeA, transposeB), inputs);
        }
    }

    [Fact]
    public void AProductByHand()
    {
        using var scope = new TensorScope();
        var a = Tensor.From<float>([1f, 2, 3, 4, 5, 6], new Shape(2, 3));
        var b = Tensor.From<float>([1f, 0, 0, 1, 1, 1], new Shape(3, 2));
        Assert.Equal([4, 5, 10, 11], MatMul.Apply(a, b).ToDoubles());
        Assert.Equal([1, 4, 2, 5, 3, 6], MatMul.Apply(a, Tensor.From<float>([1f, 0, 0, 1], new Shape(2, 2)), transposeA: true).ToDoubles());
    }

    [Fact]
    public void ShapesThatDoNotFitAreRefusedWithTheRule()
    {
        using var scope = new TensorScope();
        var error = Assert.Throws<ShapeException>(() => MatMul.Apply(TestTensors.Random(1, 2, 3), TestTensors.Random(1, 4, 5)));
        Assert.Equal("MatMul: the columns of a must be as many as the rows of b; got a [2, 3], b [4, 5].", error.Message);
        Assert.Throws<ShapeException>(() => MatMul.Apply(TestTensors.Random(1, 2, 3), TestTensors.Random(1, 1, 3, 5)));
        Assert.Throws<ShapeException>(() => MatMul.Apply(TestTensors.Random(1, 2, 4, 3), TestTensors.Random(1, 1, 3, 5)));
        Assert.Throws<ArgumentException>(
            () => MatMul.Apply(TestTensors.Random(1, 2, 3), Tensor.From<float>(new float[6], new Shape(3, 2))));
    }
}
