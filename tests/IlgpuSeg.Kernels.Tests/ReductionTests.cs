using System.Numerics;
using ILGPU;
using static IlgpuSeg.Kernels.Tests.DeviceData;

namespace IlgpuSeg.Kernels.Tests;

public class ReductionTests
{
    public static TheoryData<int, int> Sizes => new()
    {
        { 1, 1 }, { 1, 9 }, { 31, 8 }, { 32, 3 }, { 33, 17 }, { 100, 2 }, { 257, 5 }, { 9000, 1 }, { 8193, 9 },
        // Four columns at once: fewer than a warp's, several blocks of them, more rows than a group's slots.
        { 3, 4 }, { 800, 20 }, { 45, 132 }, { 129, 260 },
    };

    [Theory]
    [MemberData(nameof(Sizes))]
    public void ColumnsInSingle(int rows, int columns) => Columns<float, Real32>(rows, columns, 1e-6);

    [Theory]
    [MemberData(nameof(Sizes))]
    public void ColumnsInDouble(int rows, int columns) => Columns<double, Real64>(rows, columns, 1e-15);

    private static void Columns<T, R>(int rows, int columns, double tolerance)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        var draw = new Draw(rows * 31 + columns);
        var (p, q) = (draw.Values(rows * columns), draw.Values(rows * columns));
        using var a = Upload<T>(p);
        using var b = Upload<T>(q);
        using var workspace = Unwritten<T>(ColumnReduction.WorkspaceLength(rows, columns));
        using var y = Unwritten<T>(columns);
        var (sums, dots) = (new double[columns], new double[columns]);
        for (var i = 0; i < p.Length; i++)
        {
            sums[i % columns] += p[i];
            dots[i % columns] += p[i] * q[i];
        }
        foreach (var host in HostsFor(rows))
        {
            ColumnReduction.Sum<T, R>(host, a.View, workspace.View, y.View, rows, columns);
            AssertClose(sums, Download(y), tolerance * Math.Sqrt(rows), "sum");
            ColumnReduction.Dot<T, R>(host, a.View, b.View, workspace.View, y.View, rows, columns);
            AssertClose(dots, Download(y), tolerance * Math.Sqrt(rows), "dot");
        }
    }

    // A few more chunks than the second stage has threads for a column, and rounds of four.
    [Theory]
    [InlineData(70, 5)]
    [InlineData(300, 9)]
    public void SecondStages(int chunks, int columns)
    {
        var p = new Draw(chunks).Values(chunks * columns);
        using var partials = Upload<float>(p);
        using var y = Unwritten<float>(columns);
        foreach (var host in Hosts)
        {
            ColumnReduction.Finish<float, Real32>(host, partials.View, y.View, chunks, columns);
            AssertClose([.. Enumerable.Range(0, columns).Select(c => Enumerable.Range(0, chunks).Sum(k => p[k * columns + c]))], Download(y), 1e-7, "sums");
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(63)]
    [InlineData(64)]
    [InlineData(65)]
    [InlineData(5000)]
    [InlineData(70001)]
    public void FlatSumAndDot(int n)
    {
        var draw = new Draw(n);
        var (p, q) = (draw.Values(n), draw.Values(n));
        using var a = Upload<double>(p);
        using var b = Upload<double>(q);
        using var workspace = Unwritten<double>(FlatReduction.WorkspaceLength(n));
        using var y = Unwritten<double>(1);
        foreach (var host in Hosts)
        {
            FlatReduction.Sum<double, Real64>(host, a.View, workspace.View, y.View);
            AssertClose([p.Sum()], Download(y), 1e-15 * Math.Sqrt(n), "sum");
            FlatReduction.Dot<double, Real64>(host, a.View, b.View, workspace.View, y.View);
            AssertClose([p.Zip(q, (s, t) => s * t).Sum()], Download(y), 1e-15 * Math.Sqrt(n), "dot");
        }
    }

    // An operand that begins in the middle of a quad is read one by one.
    [Fact]
    public void SumsOfAPart()
    {
        Part<float, Real32>(1e-6);
        Part<double, Real64>(1e-14);
    }

    private static void Part<T, R>(double tolerance)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        const int rows = 70, columns = 8, n = rows * columns;
        var values = new Draw(n).Values(n + 1);
        var p = values.Skip(1).ToArray();
        using var a = Upload<T>(values);
        using var workspace = Unwritten<T>(Math.Max(ColumnReduction.WorkspaceLength(rows, columns), FlatReduction.WorkspaceLength(n)));
        using var sums = Unwritten<T>(columns);
        using var total = Unwritten<T>(1);
        var part = a.View.BaseView.SubView(1, n);
        foreach (var host in Hosts)
        {
            ColumnReduction.Sum<T, R>(host, part, workspace.View, sums.View, rows, columns);
            AssertClose([.. Enumerable.Range(0, columns).Select(c => p.Where((_, i) => i % columns == c).Sum())], Download(sums), tolerance, "sums");
            FlatReduction.Sum<T, R>(host, part, workspace.View, total.View);
            AssertClose([p.Sum()], Download(total), tolerance, "total");
            FlatReduction.Dot<T, R>(host, part, part, workspace.View, total.View);
            AssertClose([p.Sum(v => v * v)], Download(total), tolerance, "square");
            var whole = a.View.BaseView.SubView(0, n);
            FlatReduction.Sum<T, R>(host, whole, workspace.View, total.View);
            AssertClose([values.SkipLast(1).Sum()], Download(total), tolerance, "total of the whole");
            FlatReduction.Dot<T, R>(host, whole, whole, workspace.View, total.View);
            AssertClose([values.SkipLast(1).Sum(v => v * v)], Download(total), tolerance, "square of the whole");
        }
    }

    // Sums of a million ones and of large alternating values: a single float accumulator would lose the small part.
    [Fact]
    public void SumsInSingleKeepSmallTerms()
    {
        const int n = 1 << 20;
        using var ones = Upload<float>(Enumerable.Repeat(1.0 + 1.0 / 1024, n).ToArray());
        using var workspace = Unwritten<float>(FlatReduction.WorkspaceLength(n));
        using var y = Unwritten<float>(1);
        FlatReduction.Sum<float, Real32>(Host, ones.View, workspace.View, y.View);
        AssertClose([n * (1.0 + 1.0 / 1024)], Download(y), 1e-7, "sum of n times 1 + 1/1024");
    }
}
