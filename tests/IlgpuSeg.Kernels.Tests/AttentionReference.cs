namespace IlgpuSeg.Kernels.Tests;

/// <summary>Attention and its gradients by the formulas, with the whole matrix, in double.</summary>
internal sealed class AttentionReference
{
    private readonly AttentionShape shape;
    private readonly double[] centeredQ, centeredK, weights;
    private readonly double scale;

    public AttentionReference(AttentionShape shape, int seed, double scale)
    {
        var draw = new Draw(seed);
        (this.shape, this.scale) = (shape, scale);
        Q = draw.Values(shape.Samples * shape.Positions * shape.KeyChannels);
        K = draw.Values(shape.Samples * shape.Keys * shape.KeyChannels);
        G = draw.Values(shape.Samples * shape.Keys * shape.Channels);
        M = draw.Values(shape.Samples * shape.Keys);
        Dy = draw.Values(shape.Samples * shape.Positions * shape.Channels);
        Gamma = draw.Values(1)[0];
        (centeredQ, centeredK) = (Centered(Q, shape.Positions), Centered(K, shape.Keys));
        (Y, weights) = (new double[Dy.Length], new double[M.Length]);
        var (dq, dk) = (new double[Q.Length], new double[K.Length]);
        (Dg, Dm) = (new double[G.Length], new double[M.Length]);
        for (var n = 0; n < shape.Samples; n++) Sample(n, dq, dk);
        (Dq, Dk) = (Centered(dq, shape.Positions), Centered(dk, shape.Keys));
    }

    public double[] Q { get; }

    public double[] K { get; }

    public double[] G { get; }

    public double[] M { get; }

    public double[] Dy { get; }

    public double Gamma { get; }

    public double[] Y { get; }

    public double[] Dq { get; }

    public double[] Dk { get; }

    public double[] Dg { get; }

    public double[] Dm { get; }

    public double Dgamma { get; private set; }

    private double[] Centered(double[] x, int rows)
    {
        var y = (double[])x.Clone();
        for (var n = 0; n < shape.Samples; n++)
        for (var c = 0; c < shape.KeyChannels; c++)
        {
            var at = Enumerable.Range(0, rows).Select(r => (n * rows + r) * shape.KeyChannels + c).ToArray();
            var mean = at.Average(i => x[i]);
            foreach (var i in at) y[i] -= mean;
        }
        return y;
    }

    private void Sample(int n, double[] dq, double[] dk)
    {
        var exponentials = Enumerable.Range(n * shape.Keys, shape.Keys).Select(j => Math.Exp(M[j])).ToArray();
        var (unary, total) = (new double[shape.Channels], new double[shape.Channels]);
        for (var j = 0; j < shape.Keys; j++)
        {
            weights[n * shape.Keys + j] = exponentials[j] / exponentials.Sum();
            for (var c = 0; c < shape.Channels; c++) unary[c] += weights[n * shape.Keys + j] * G[Value(n, j) + c];
        }
        for (var i = 0; i < shape.Positions; i++) Query(n, i, Attend(n, i), unary, total, dq, dk);
        var slopes = Enumerable.Range(0, shape.Keys).Select(j => Dot(G, Value(n, j), total, 0, shape.Channels)).ToArray();
        var mean = slopes.Select((slope, j) => slope * weights[n * shape.Keys + j]).Sum();
        for (var j = 0; j < shape.Keys; j++)
        {
            Dm[n * shape.Keys + j] = weights[n * shape.Keys + j] * (slopes[j] - mean);
            for (var c = 0; c < shape.Channels; c++) Dg[Value(n, j) + c] += weights[n * shape.Keys + j] * total[c];
        }
    }

    private double[] Attend(int n, int i)
    {
        var scores = Enumerable.Range(0, shape.Keys)
            .Select(j => scale * Dot(centeredQ, Query(n, i), centeredK, Key(n, j), shape.KeyChannels)).ToArray();
        var exponentials = Array.ConvertAll(scores, s => Math.Exp(s - scores.Max()));
        return Array.ConvertAll(exponentials, e => e / exponentials.Sum());
    }

    private void Query(int n, int i, double[] a, double[] unary, double[] total, double[] dq, double[] dk)
    {
        var row = (n * shape.Positions + i) * shape.Channels;
        var t = Enumerable.Range(0, shape.Keys).Select(j => Dot(Dy, row, G, Value(n, j), shape.Channels)).ToArray();
        var dot = a.Zip(t, (x, y) => x * y).Sum();
        Dgamma += dot;
        for (var c = 0; c < shape.Channels; c++)
        {
            Y[row + c] = unary[c] + Gamma * Enumerable.Range(0, shape.Keys).Sum(j => a[j] * G[Value(n, j) + c]);
            total[c] += Dy[row + c];
        }
        for (var j = 0; j < shape.Keys; j++)
        {
            var e = Gamma * scale * a[j] * (t[j] - dot);
            for (var c = 0; c < shape.KeyChannels; c++)
            {
                dq[Query(n, i) + c] += e * centeredK[Key(n, j) + c];
                dk[Key(n, j) + c] += e * centeredQ[Query(n, i) + c];
            }
            for (var c = 0; c < shape.Channels; c++)
                Dg[Value(n, j) + c] += Gamma * a[j] * Dy[row + c];
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
