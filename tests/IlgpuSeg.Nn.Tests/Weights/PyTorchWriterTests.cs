using System.IO.Compression;
using System.Text;
using IlgpuSeg.Nn.Weights;
using IlgpuSeg.Serialization;

namespace IlgpuSeg.Nn.Tests.Weights;

/// <summary>benchmarks/peers/check_pth.py holds the same files against real PyTorch.</summary>
public sealed class PyTorchWriterTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("pth").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private string At(string name) => Path.Combine(_folder, name);

    [Fact]
    public void The_archive_is_PyTorchs()
    {
        PyTorchWriter.Write(At("a.pth"), [WeightEntry.From<float>("w", [2, 3], [1, 2, 3, 4, 5, 6]), WeightEntry.From<long>("n", [], [7])]);
        using var archive = ZipFile.OpenRead(At("a.pth"));
        Assert.Equal(["archive/data.pkl", "archive/byteorder", "archive/data/0", "archive/data/1", "archive/version"], archive.Entries.Select(e => e.FullName));
        Assert.All(archive.Entries, e => Assert.Equal(e.Length, e.CompressedLength));
        using var stream = archive.Entries[0].Open();
        using var reader = new StreamReader(stream, Encoding.Latin1);
        // torch.save's own bytes for such a state dict, but for its memo opcodes (q and the number), which refer to nothing.
        Assert.Equal(
            "\u0080\u0002ccollections\nOrderedDict\n)R("
            + "X\u0001\0\0\0wctorch._utils\n_rebuild_tensor_v2\n((X\a\0\0\0storagectorch\nFloatStorage\nX\u0001\0\0\00X\u0003\0\0\0cpuJ\u0006\0\0\0tQ"
            + "J\0\0\0\0(J\u0002\0\0\0J\u0003\0\0\0t(J\u0003\0\0\0J\u0001\0\0\0t\u0089ccollections\nOrderedDict\n)RtR"
            + "X\u0001\0\0\0nctorch._utils\n_rebuild_tensor_v2\n((X\a\0\0\0storagectorch\nLongStorage\nX\u0001\0\0\01X\u0003\0\0\0cpuJ\u0001\0\0\0tQ"
            + "J\0\0\0\0(t(t\u0089ccollections\nOrderedDict\n)RtR"
            + "u.",
            reader.ReadToEnd());
    }

    [Theory]
    [InlineData("a.pth", false)]
    [InlineData("a.pth.tar", true)]
    public void Every_type_comes_back_bit_by_bit(string name, bool wrapped)
    {
        WeightEntry[] entries =
        [
            WeightEntry.From<double>("f64", [2], [Math.PI, double.NaN]), WeightEntry.From<float>("f32", [1, 2], [1e-40f, -0f]),
            WeightEntry.From<Half>("f16", [1], [(Half)0.1]), WeightEntry.From<long>("i64", [], [long.MinValue]), WeightEntry.From<int>("i32", [1], [-5]),
            WeightEntry.From<short>("i16", [1], [-6]), WeightEntry.From<sbyte>("i8", [1], [-7]), WeightEntry.From<byte>("u8", [1], [255]),
            WeightEntry.From<bool>("bool", [2], [true, false]), WeightEntry.From<float>("empty", [0, 3], []), WeightEntry.From<float>("名", [1], [1]),
        ];
        PyTorchWriter.Write(At(name), entries);
        using var file = PyTorchFile.Open(At(name));
        Assert.Equal(entries.Select(e => e.ToString()), file.Entries.Select(e => e.ToString()));
        Assert.All(entries.Zip(file.Entries), pair => Assert.Equal(pair.First.ToBytes(), pair.Second.ToBytes()));
        Assert.Equal(wrapped, Encoding.Latin1.GetString(File.ReadAllBytes(At(name))).Contains("state_dict"));
    }

    [Fact]
    public void Equal_contents_give_equal_files_and_a_repeated_name_gives_none()
    {
        var entry = WeightEntry.From<float>("w", [1], [1]);
        PyTorchWriter.Write(At("a.pth"), [entry]);
        PyTorchWriter.Write(At("b.pth"), [entry]);
        Assert.Equal(File.ReadAllBytes(At("a.pth")), File.ReadAllBytes(At("b.pth")));
        Assert.Contains("'w': is written twice", Assert.Throws<WeightFileException>(() => PyTorchWriter.Write(At("c.pth"), [entry, entry])).Message);
        Assert.Equal(2, Directory.GetFiles(_folder).Length);
    }
}
