using IlgpuSeg.Nn.Weights;
using IlgpuSeg.Serialization;

namespace IlgpuSeg.Nn.Tests.Weights;

/// <summary>Checkpoints written by real PyTorch (tests/fixtures/make_pth_fixtures.py).</summary>
public sealed class PyTorchFileTests
{
    internal static string Fixture(string name) => Path.Combine(AppContext.BaseDirectory, "fixtures", "pth", name);

    private static void AssertHolds(string name, string section)
    {
        using var expected = SafeTensorsFile.Open(Fixture("expected.safetensors"));
        using var file = WeightFile.Open(Fixture(name));
        var wanted = expected.Entries.Where(e => e.Name.StartsWith(section + "/", StringComparison.Ordinal)).ToList();
        Assert.Equal(wanted.Select(e => e.Name[(section.Length + 1)..]).Order(StringComparer.Ordinal), file.Entries.Select(e => e.Name).Order(StringComparer.Ordinal));
        foreach (var entry in file.Entries)
        {
            var same = expected[$"{section}/{entry.Name}"];
            Assert.Equal(same.Shape, entry.Shape);
            Assert.Equal(same.ToDoubles(), entry.ToDoubles());
            // bfloat16 is the one type that the expected file stores wider.
            Assert.Equal(entry.Name == "bf16" ? WeightType.BFloat16 : same.Type, entry.Type);
        }
    }

    [Theory]
    [InlineData("zip.pth")]
    [InlineData("rezipped.pth")]
    [InlineData("zip_protocol4.pth")]
    [InlineData("legacy.pth.tar")]
    public void Every_type_stride_and_shared_storage_reads_as_PyTorch_wrote_it(string name) => AssertHolds(name, "state");

    [Fact]
    public void A_bare_state_dict_of_a_module_reads() => AssertHolds("model.pth", "model");

    [Theory]
    [InlineData("module_half.pth.tar")]
    [InlineData("module_half_legacy.pth.tar")]
    public void Half_precision_with_module_prefix_reads(string name) => AssertHolds(name, "half");

    [Theory]
    [InlineData("zip.pth")]
    [InlineData("legacy.pth.tar")]
    public void Parts_of_a_strided_view_can_be_read_at_any_byte(string name)
    {
        using var file = WeightFile.Open(Fixture(name));
        var entry = file.Entries.Single(e => e.Name == "transposed");
        byte[] all = entry.ToBytes();
        for (int offset = 0; offset < all.Length; offset += 7)
        {
            var part = new byte[Math.Min(13, all.Length - offset)];
            entry.CopyBytes(offset, part);
            Assert.Equal(all[offset..(offset + part.Length)], part);
        }
    }

    [Theory]
    [InlineData("malicious.pth", "system' is not allowed")]
    [InlineData("malicious_legacy.pth", "system' is not allowed")]
    [InlineData("whole_module.pth", "global 'torch.nn.modules.linear.Linear' is not allowed")]
    [InlineData("compressed.pth", "is compressed")]
    [InlineData("no_checkpoint.pkl", "magic number is wrong")]
    public void Anything_but_tensors_and_containers_is_refused_by_name(string name, string expected)
    {
        var error = Assert.Throws<WeightFileException>(() => WeightFile.Open(Fixture(name)));
        Assert.Contains(expected, error.Message);
        Assert.StartsWith(Fixture(name), error.Message);
        Assert.DoesNotContain('\n', error.Message);
    }

    [Theory]
    [InlineData("zip.pth")]
    [InlineData("legacy.pth.tar")]
    public void A_file_cut_anywhere_is_refused(string name)
    {
        byte[] bytes = File.ReadAllBytes(Fixture(name));
        for (int length = 0; length < bytes.Length; length++)
        {
            byte[] cut = bytes[..length];
            Assert.Throws<WeightFileException>(() => PyTorchFile.FromBytes(cut, "cut"));
        }
    }

    [Fact]
    public void Other_files_are_refused()
    {
        string path = Path.GetTempFileName();
        Assert.Contains("neither", Assert.Throws<WeightFileException>(() => WeightFile.Open(path)).Message);
        File.WriteAllText(path, "P5 1 1 255 and so on, not a checkpoint");
        Assert.Contains("neither", Assert.Throws<WeightFileException>(() => WeightFile.Open(path)).Message);
        Assert.Contains("not a PyTorch checkpoint", Assert.Throws<WeightFileException>(() => PyTorchFile.Open(path)).Message);
        File.WriteAllBytes(path, [0x50, 0x4b, 3, 4, .. new byte[100]]);
        Assert.Contains("cut off", Assert.Throws<WeightFileException>(() => WeightFile.Open(path)).Message);
        File.Delete(path);
        Assert.Contains("no such file", Assert.Throws<WeightFileException>(() => WeightFile.Open(path)).Message);
    }
}
