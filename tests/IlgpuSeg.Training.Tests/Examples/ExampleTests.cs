using System.Text.RegularExpressions;

namespace IlgpuSeg.Tests.Examples;

/// <summary>docs/examples.md shows exactly the code of the files in this folder, and that code does what the page says.</summary>
public partial class ExampleTests
{
    private static readonly string Root = Locate();

    [Fact]
    public void ThePageHoldsTheCodeThatIsTested()
    {
        var page = File.ReadAllText(Path.Combine(Root, "docs", "examples.md")).ReplaceLineEndings("\n");
        var shown = Blocks().Matches(page).ToDictionary(m => m.Groups["file"].Value, m => m.Groups["code"].Value);
        var files = Directory.GetFiles(Path.Combine(Root, "tests", "IlgpuSeg.Training.Tests", "Examples"), "*.cs")
            .Where(path => !path.EndsWith("Tests.cs", StringComparison.Ordinal)).ToDictionary(path => Path.GetFileName(path)!, Region);
        Assert.Equal(files.Keys.Order(), shown.Keys.Order());
        Assert.Equal(shown.Count, page.Split("```csharp").Length - 1);
        foreach (var (file, code) in files) Assert.Equal(code, shown[file]);
    }

    [Fact]
    public void TheTwoLayerNetLearns() => Assert.InRange(TwoLayerNetExample.Run(), 0.95, 1);

    [Fact]
    public void TheNewOperationsGradientIsRight()
    {
        Assert.Equal(15, SoftplusExample.Run().Checked);
        using var scope = new TensorScope();
        var y = Softplus.Apply(Tensor.From([-200f, -1, 0, 200], [4])).ToArray<float>();
        Assert.Equal([0f, 0.31326169f, 0.69314718f, 200f], y, (a, b) => Math.Abs(a - b) < 1e-6f);
    }

    [Fact]
    public void TheProfileIsThatOfAKernelThatRan() => Assert.InRange(KernelProfileExample.Run(size: 64, repeats: 3), 1e-3, 1e5);

    [Fact]
    public void TheReportNamesTheExamplesLines()
    {
        var report = MemoryUseExample.Run();
        Assert.StartsWith("cpu: ", report.ToString());
        // Of all places: those of tests that train meanwhile may hold more than the ones that are printed.
        Assert.Contains(report.Uses, use => use.Where.Contains("MemoryUseExample.Run (MemoryUse.cs:", StringComparison.Ordinal));
    }

    private static string Region(string path)
    {
        var text = File.ReadAllText(path).ReplaceLineEndings("\n");
        return text.Split("#region example\n")[1].Split("#endregion")[0].TrimEnd('\n');
    }

    private static string Locate()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "docs", "examples.md"))) return folder.FullName;
        }
        throw new FileNotFoundException("docs/examples.md is in none of the folders above the test's.");
    }

    [GeneratedRegex("<!-- (?<file>\\S+) -->\n```csharp\n(?<code>.*?)\n```\n", RegexOptions.Singleline)]
    private static partial Regex Blocks();
}
