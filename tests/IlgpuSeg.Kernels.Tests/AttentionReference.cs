namespace IlgpuSeg.Kernels.Tests;

/// <summary>Attention and its gradients by the formulas, with the whole matrix, in double.</summary>
internal sealed class AttentionReference
{
    private readonly AttentionShape shape;
    private readonly double[] q, k, g, weights, dy;
    private readonly double gamma, scale;

    public AttentionReference(AttentionShape shape, int seed, double scale)
    {
        var draw = new Draw(seed);
        (this.shape, this.scale) = (shape, scale);
        q = draw.Values(shape.Samples * shape.Positions * shape.KeyChannels);
        k = draw.Values(shape.Samples * shape.Keys * shape.KeyChannels);
        g = draw.Values(shape.Samples * shape.Keys * shape.Channels);
        weights = draw.Values(shape.Samples * shape.Keys);
        dy = draw.Values(shape.Samples * shape.Positions * shape.Channels);
        gamma = draw.Values(1)[0];
        (Y, Unary, DyO) = (new double[dy.Length], new double[shape.Samples * shape.Channels], new double[shape.Samples * shape.Positions]);
        (Dq, Dk, Dg, Dweights) = (new double[q.Length], new double[k.Length], new double[g.Length], new double[weights.Length]);
        DySum = new double[Unary.Length];
        for (var n = 0; n < shape.Samples; n++) Sample(n);
    }

    public double[] Q => q;

    public double[] K => k;

    public double[] G => g;

    public double[] Weights => weights;

    public double[] Dy => dy;

    public double Gamma => gamma;

    public double[] Unary { get; }

    public double[] Y { get; }

    public double[] DyO { get; }

    public double[] DySum { get; }

    public double[] Dq { get; }

    public double[] Dk { get; }

    public double[] Dg { get; }

    public double[] Dweights { get; }

    private void Sample(int n)
    {
        for (var j = 0; j < shape.Keys; j++)
        for (var c = 0; c < shape.Channels; c++)
            Unary[n * shape.Channels + c] += weights[n * shape.Keys + j] * g[Value(n, j) + c];
        for (var i = 0; i < shape.Positions; i++) Query(n, i, Attend(n, i));
        for (var j = 0; j < shape.Keys; j++)
        for (var c = 0; c < shape.Channels; c++)
        {
            var sum = DySum[n * shape.Channels + c];
            Dweights[n * shape.Keys + j] += g[Value(n, j) + c] * sum;
            Dg[Value(n, j) + c] += weights[n * shape.Keys + j] * sum;
        }
    }

    private double[] Attend(int n, int i)
    {
        var scores = Enumerable.Range(0, shape.Keys).Select(j => scale * Dot(q, Query(n, i), k, Key(n, j), shape.KeyChannels)).ToArray();
        var exponentials = Array.ConvertAll(scores, s => Math.Exp(s - scores.Max()));
        return Array.ConvertAll(exponentials, e => e / exponentials.Sum());
    }

    private void Query(int n, int i, double[] a)
    {
        var row = (n * shape.Positions + i) * shape.Channels;
        var t = Enumerable.Range(0, shape.Keys).Select(j => Dot(dy, row, g, Value(n, j), shape.Channels)).ToArray();
        var dot = a.Zip(t, (x, y) => x * y).Sum();
        DyO[n * shape.Positions + i] = dot;
        for (var c = 0; c < shape.Channels; c++)
        {
            Y[row + c] = Unary[n * shape.Channels + c] + gamma * Enumerable.Range(0, shape.Keys).Sum(j => a[j] * g[Value(n, j) + c]);
            DySum[n * shape.Channels + c] += dy[row + c];
        }
        for (var j = 0; j < shape.Keys; j++)
        {
            var e = gamma * scale * a[j] * (t[j] - dot);
            for (var c = 0; c < shape.KeyChannels; c++)
            {
                Dq[Query(n, i) + c] += e * k[Key(n, j) + c];
                Dk[Key(n, j) + c] += e * q[Query(n, i) + c];
            }
            for (var c = 0; c < shape.Channels; c++)
                Dg[Value(n, j) + c] += gamma * a[j] * dy[row + c];
        }
    }

    private int Query(int n, int i) => (n * shape.Positions + i) * shape.KeyChannels;

    private int Key(int n, int j) => (n * shape.Keys + j) * shape.KeyChannels;

    private int Value(int n, int j) => (n * shape.Keys + j) * shape.Channels;

    private static double Dot(double[] a, int atA, double[] b, int atB, int length)
    {
        var sum = 0.0;
        for (var i = 0; i < length; i++) sum += a[atA + i] * b[atB + i];
        return sum;
    }
}
