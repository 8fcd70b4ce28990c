using System.Globalization;
using IlgpuSeg.Nn.Summary;

namespace IlgpuSeg.Console;

/// <summary>The paper's tables, our own rows beside the paper's, as text or JSON.</summary>
internal static class PaperTablesReport
{
    public static void Print(IReadOnlyList<PaperRow> rows, bool json)
    {
        if (json)
        {
            JsonOutput.Print(rows);
            return;
        }
        foreach (var table in rows.GroupBy(r => r.Published.Table))
            PrintTable(table.Key, [.. table]);
        System.Console.WriteLine("Rows are the paper's figures as published, its mean IoUs included (trained by its authors); `computed` is what this program");
        System.Console.WriteLine("counts for its own network of that name, `difference` computed minus published.");
        foreach (var row in rows)
        {
            if (row.Gflops is { Rounds: false } g) PrintNote(row, "GFLOPs", g);
            if (row.MegaParameters is { Rounds: false } p) PrintNote(row, "M parameters", p);
        }
    }

    private static void PrintTable(int number, IReadOnlyList<PaperRow> rows)
    {
        System.Console.WriteLine($"Table {number}: {rows[0].Published.DataSet}");
        System.Console.WriteLine($"  {"method",-18} {"venue",-14} {"backbone",-14} {"val",6} {"test",6} {"size",10} {"GFLOPs",10} {"M params",10}");
        foreach (var row in rows)
        {
            var p = row.Published;
            System.Console.WriteLine(
                $"  {p.Method,-18} {Cell(p.Venue),-14} {p.Backbone,-14} {Cell(p.MeanIoUVal),6} {Cell(p.MeanIoUTest),6} {Cell(p.Size),10} "
                + $"{Cell(p.Gflops),10} {Cell(p.MegaParameters),10}");
            if (row is not { Gflops: { } gflops, MegaParameters: { } parameters }) continue;
            System.Console.WriteLine($"    computed: {p.Model,-60} {Number(gflops.Computed),12} {Number(parameters.Computed),10}");
            System.Console.WriteLine($"    difference{"",-62} {Signed(gflops.Difference),11} {Signed(parameters.Difference),10}");
        }
        System.Console.WriteLine();
    }

    private static void PrintNote(PaperRow row, string unit, FigureComparison figure) => System.Console.WriteLine(
        $"Table {row.Published.Table}, {row.Published.Method} at {row.Published.Size}: the computed {Number(figure.Computed)} {unit} do not round to the published "
        + $"{figure.Published}; the network is not bent to it.");

    private static string Cell(string text) => text == "" ? "-" : text;

    private static string Number(double value) => value.ToString("F4", CultureInfo.InvariantCulture);

    private static string Signed(double value) => Math.Round(value, 4).ToString("+0.0000;-0.0000;0.0000", CultureInfo.InvariantCulture);
}
