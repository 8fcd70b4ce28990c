using System.Globalization;

namespace IlgpuSeg.Nn.Summary;

/// <summary>A published figure beside the one that this library computes.</summary>
/// <param name="Published">The paper's digits.</param>
/// <param name="Computed">Ours.</param>
public sealed record FigureComparison(string Published, double Computed)
{
    /// <summary>Ours minus the paper's.</summary>
    public double Difference => Computed - double.Parse(Published, CultureInfo.InvariantCulture);

    /// <summary>Whether ours, rounded to the paper's digits, is the paper's.</summary>
    public bool Rounds => Computed.ToString($"F{Published.Length - Published.IndexOf('.') - 1}", CultureInfo.InvariantCulture) == Published;
}

/// <summary>A row of the paper's tables, with our own figures where the method is one of this library's models.</summary>
/// <param name="Published">The row as published.</param>
/// <param name="Gflops">GFLOPs, published and computed; null for other methods.</param>
/// <param name="MegaParameters">Parameters / 1e6, published and computed; null for other methods.</param>
public sealed record PaperRow(PublishedResult Published, FigureComparison? Gflops, FigureComparison? MegaParameters);

/// <summary>The paper's Tables 1 to 3 beside what this library computes. Mean IoUs are the paper's: they take its data and a long training.</summary>
public static class PaperTables
{
    /// <summary>All rows, in the paper's order.</summary>
    public static IReadOnlyList<PaperRow> Build()
    {
        var summaries = new Dictionary<(string, string), ModelSummary>();
        return [.. PublishedResult.All.Select(row =>
        {
            if (row.Model is not { } model) return new PaperRow(row, null, null);
            if (!summaries.TryGetValue((model, row.Size), out var summary))
                summaries[(model, row.Size)] = summary = ModelSummary.Of(model, row.Pixels.Width, row.Pixels.Height);
            return new PaperRow(row, new FigureComparison(row.Gflops, summary.Gflops), new FigureComparison(row.MegaParameters, summary.Parameters / 1e6));
        })];
    }
}
