using System.Text.RegularExpressions;
using IlgpuSeg.KernelRuntime.Backends.Ptx;
using IlgpuSeg.KernelRuntime.Devices;
using IlgpuSeg.KernelRuntime.Tests.PtxEmulator;

namespace IlgpuSeg.Kernels.Tests.Ptx;

/// <summary>Every kernel of the library becomes PTX that the emulator's parser, which follows the manual, takes.</summary>
public sealed partial class PtxCatalogTests
{
    // Kernels that exist for dozens of epilogues and loads are taken in some of them: ILGPUSEG_ALL_KERNELS=1 takes all.
    private const int VersionsPerKernel = 6;

    private static IEnumerable<CatalogKernel> Chosen =>
        KernelCatalog.All.GroupBy(kernel => (kernel.Method.Module, kernel.Method.MetadataToken)).SelectMany(versions =>
            Environment.GetEnvironmentVariable("ILGPUSEG_ALL_KERNELS") == "1" ? versions : Spread([.. versions]));

    [Fact]
    public void EveryKernelIsTaken()
    {
        foreach (var kernel in Chosen)
        {
            var module = Compile(kernel);
            try
            {
                var parsed = PtxProgram.Parse(module.Text)[module.EntryName];
                Assert.Equal(module.StaticSharedBytes, parsed.StaticShared);
                // Arrays of the library's kernels are indexed by constants once loops are unrolled: registers hold them.
                Assert.Equal(0, parsed.LocalBytes);
            }
            catch (PtxRefusedException e)
            {
                Assert.Fail($"{kernel}: {e.Message}\n{module.Text}");
            }
        }
    }

    [Theory]
    [InlineData("GemmTile.Wide<float", 12, 8)]
    [InlineData("GemmTile.Wide<double", 12, 8)]
    [InlineData("DepthwiseLines.Forward<float, Columns3", 12, 9)]
    [InlineData("DepthwiseLines.Forward<float, Columns7", 28, 17)]
    [InlineData("GemmBlock.Large<float", 512, 42)]
    [InlineData("Attention.Forward<float>", 8, 9)]
    [InlineData("BatchNorm.GradientSums<float, ReluActivation", 2, 2)]
    public void InnerLoopsMultiplyMoreThanTheyLoad(string name, int products, int loads)
    {
        var kernel = KernelCatalog.All.First(k => k.Name.StartsWith(name, StringComparison.Ordinal));
        var loops = InnerLoops(Compile(kernel).Text)
            .Select(loop => (Products: loop.Count(i => i.StartsWith("fma.rn.", StringComparison.Ordinal)), Loads: loop.Count(i => i.StartsWith("ld.", StringComparison.Ordinal))));
        Assert.Contains(loops, loop => loop.Products == products && loop.Loads <= loads);
    }

    private static IEnumerable<CatalogKernel> Spread(CatalogKernel[] versions) => versions.Length <= VersionsPerKernel
        ? versions
        : Enumerable.Range(0, VersionsPerKernel).Select(i => versions[i * (versions.Length - 1) / (VersionsPerKernel - 1)]);

    /// <summary>The instructions of every loop that holds no other, without labels and guards.</summary>
    private static IEnumerable<List<string>> InnerLoops(string text)
    {
        var lines = text.Split('\n').Select(line => line.Trim()).ToList();
        var labels = lines.Select((line, i) => (Name: line, Place: i)).Where(l => l.Name.EndsWith(':')).ToDictionary(l => l.Name[..^1], l => l.Place);
        var jumps = lines.Select((line, i) => (Target: Jump().Match(line).Groups[1].Value, Place: i)).Where(j => j.Target.Length > 0 && labels[j.Target] < j.Place).ToList();
        return
            from jump in jumps
            let start = labels[jump.Target]
            where !jumps.Exists(other => other != jump && other.Place < jump.Place && other.Place > start)
            select lines[start..jump.Place].ConvertAll(line => line.StartsWith('@') ? line[(line.IndexOf(' ', StringComparison.Ordinal) + 1)..] : line);
    }

    [GeneratedRegex(@"bra (\w+);")]
    private static partial Regex Jump();

    private static PtxModule Compile(CatalogKernel kernel) => CompiledPtx.Of(kernel);
}
