namespace IlgpuSeg.Nn.Summary;

/// <summary>
/// A row of the tables of "A feature refinement module for light-weight semantic segmentation network", as published: numbers are
/// the paper's own digits, an empty text is a cell that the paper leaves empty.
/// </summary>
/// <param name="Table">The paper's table: 1, 2 or 3.</param>
/// <param name="DataSet">The data set.</param>
/// <param name="Method">The method.</param>
/// <param name="Venue">Where it was published.</param>
/// <param name="Backbone">Its backbone.</param>
/// <param name="MeanIoUVal">Mean IoU on the validation set in percent.</param>
/// <param name="MeanIoUTest">Mean IoU on the test set in percent.</param>
/// <param name="Size">The input's size as WIDTHxHEIGHT.</param>
/// <param name="Gflops">GFLOPs at this size.</param>
/// <param name="MegaParameters">Parameters / 1e6.</param>
public sealed record PublishedResult(
    int Table, string DataSet, string Method, string Venue, string Backbone, string MeanIoUVal, string MeanIoUTest, string Size, string Gflops,
    string MegaParameters)
{
    private const string Header = "table,data_set,method,venue,backbone,miou_val,miou_test,size,gflops,params_m";

    /// <summary>All rows, in the paper's order.</summary>
    public static IReadOnlyList<PublishedResult> All { get; } = Read();

    /// <summary>The model of this library that is the row's method; null for other methods.</summary>
    public string? Model => Backbone != "VAN-S" ? null : Method.Split(' ')[0] switch
    {
        "FRM" => "van-s-frm",
        "PPM" => "van-s-ppm",
        "DAPPM" => "van-s-dappm",
        _ => null,
    };

    /// <summary>The size in pixels.</summary>
    public (int Width, int Height) Pixels
    {
        get
        {
            var sides = Size.Split('x');
            return (int.Parse(sides[0]), int.Parse(sides[1]));
        }
    }

    private static IReadOnlyList<PublishedResult> Read()
    {
        using var stream = typeof(PublishedResult).Assembly.GetManifestResourceStream("published.csv")!;
        using var reader = new StreamReader(stream);
        if (reader.ReadLine() != Header)
            throw new InvalidDataException("The published results' columns are not those that the program knows.");
        var rows = new List<PublishedResult>();
        while (reader.ReadLine() is { Length: > 0 } line)
        {
            var c = line.Split(',');
            rows.Add(new PublishedResult(int.Parse(c[0]), c[1], c[2], c[3], c[4], c[5], c[6], c[7], c[8], c[9]));
        }
        return rows;
    }
}
