using System.Globalization;
using System.Text;
using IlgpuSeg.SelfTest;

namespace IlgpuSeg.Tests.SelfTest;

/// <summary>docs/op-checks.md: the largest errors that a run of the operations' cases saw, beside those that are allowed.</summary>
internal static class OpChecksTable
{
    private const string Absent = "–";

    /// <summary>Small and large cases of each operation behind the table, besides the smallest one.</summary>
    private static readonly SelfTestOptions Options = new() { SmallCases = 200, LargeCases = 30 };

    private static readonly string[] Passes = ["forward", "backward", "gradcheck"];

    public static string Path
    {
        get
        {
            for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            {
                if (File.Exists(System.IO.Path.Combine(folder.FullName, "IlgpuSeg.sln")))
                    return System.IO.Path.Combine(folder.FullName, "docs", "op-checks.md");
            }
            throw new FileNotFoundException("IlgpuSeg.sln is in none of the folders above the test's.");
        }
    }

    /// <summary>Writes the page: runs the cases of all operations, or keeps the lines that are there and still say what is allowed.</summary>
    public static void Write(bool all)
    {
        var kept = all || !File.Exists(Path) ? [] : Read();
        var page = new StringBuilder($"""
            # Checks of the operations

            Written by `ILGPUSEG_WRITE_OP_CHECKS=all dotnet test -c Release tests/IlgpuSeg.Core.Tests --filter OpChecksTableTests` on the CPU device (`new` in
            place of `all` runs only what is missing or has changed). A test fails for an operation that is missing and for other allowed errors.

            Each line stands for {Options.SmallCases} small and {Options.LargeCases} large random cases (`src/IlgpuSeg.Core/SelfTest`: extents, strides, dilations, paddings, groups and
            options are drawn from a seed) and one with batch 1, one channel, one pixel. The figures are the largest errors seen and, behind the slash,
            those allowed, relative to the largest element of the exact tensor or to 1 where all are smaller:

            - **forward**, **backward**: result and gradients of all inputs in Float32 against the same in Float64;
            - **gradient**: gradients in Float64 against central differences, {Options.GradientElements} elements of each input of the small cases.

            Every operation is compared with PyTorch as well, in both directions and both precisions (`tests/fixtures`), and `ilgpuseg selftest` runs the
            same cases on a GPU against the CPU.

            | operation | forward | backward | gradient |
            |---|---|---|---|

            """);
        foreach (var opCase in OpCases.All)
        {
            var worst = kept.TryGetValue(opCase.Name, out var line) && line.All(cell => cell.Value.Allowed == Allowed(opCase, cell.Key))
                ? line.ToDictionary(cell => cell.Key, cell => cell.Value.Seen)
                : Measure(opCase);
            var cells = Passes.Select(pass => worst.TryGetValue(pass, out var error) ? $"{Number(error)} / {Number(Allowed(opCase, pass))}" : Absent);
            page.AppendLine(CultureInfo.InvariantCulture, $"| {opCase.Name} | {string.Join(" | ", cells)} |");
        }
        File.WriteAllText(Path, page.ToString());
    }

    /// <summary>The page's lines by operation: errors seen and allowed by pass.</summary>
    public static Dictionary<string, Dictionary<string, (double Seen, double Allowed)>> Read()
    {
        var lines = File.ReadLines(Path).Where(line => line.StartsWith("| ", StringComparison.Ordinal)).Skip(1);
        return lines.Select(line => line.Trim('|', ' ').Split(" | ")).ToDictionary(
            cells => cells[0],
            cells => Passes.Zip(cells.Skip(1)).Where(pair => pair.Second != Absent).ToDictionary(pair => pair.First, pair => Parse(pair.Second)));
    }

    public static double Allowed(OpCase opCase, string pass) => pass switch
    {
        "forward" => opCase.FloatTolerance,
        "backward" => opCase.FloatGradientTolerance,
        _ => opCase.GradCheckTolerance,
    };

    private static Dictionary<string, double> Measure(OpCase opCase) => SelfTestRunner.Samples(opCase, Options)
        .SelectMany(sample => SelfTestRunner.Check(sample, Device.Cpu, Options))
        .GroupBy(row => row.Pass)
        .ToDictionary(rows => rows.Key, rows => rows.Max(row => double.IsNaN(row.Error) ? double.PositiveInfinity : row.Error));

    private static (double Seen, double Allowed) Parse(string cell)
    {
        var parts = cell.Split(" / ");
        return (double.Parse(parts[0], CultureInfo.InvariantCulture), double.Parse(parts[1], CultureInfo.InvariantCulture));
    }

    private static string Number(double value) => value == 0 ? "0" : value.ToString("0.#e-0", CultureInfo.InvariantCulture);
}
