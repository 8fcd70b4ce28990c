using System.Buffers.Binary;
using System.Text;
using IlgpuSeg.Serialization;

namespace IlgpuSeg.Core.Tests.Serialization;

public sealed class SafeTensorsTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("safetensors").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    internal static byte[] File(string header, int dataBytes)
    {
        byte[] json = Encoding.UTF8.GetBytes(header);
        var bytes = new byte[8 + json.Length + dataBytes];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, json.Length);
        json.CopyTo(bytes, 8);
        return bytes;
    }

    internal static WeightEntry[] Sample() =>
    [
        WeightEntry.From("backbone.norm.weight", [3], new[] { 1.5f, -2f, 0.25f }),
        WeightEntry.From("scalar", [], new long[] { 1234567890123 }),
        WeightEntry.From("conv", [2, 1, 2, 1], new[] { 1.0, 2.0, 3.0, double.MaxValue }),
        WeightEntry.From("half", [2], new[] { (Half)0.5f, (Half)65504f }),
        WeightEntry.From("bytes", [5], new byte[] { 0, 1, 2, 254, 255 }),
        WeightEntry.From("flags", [2], new[] { true, false }),
        WeightEntry.From("empty", [0, 7], Array.Empty<int>()),
        WeightEntry.From("names \"quoted\" ünï\u0001", [1], new short[] { -3 }),
    ];

    [Fact]
    public void Written_file_reads_back_with_names_types_shapes_values_and_metadata()
    {
        string path = Path.Combine(_folder, "a.safetensors");
        var metadata = new Dictionary<string, string> { ["format"] = "pt", ["config"] = "{\"dims\": [8, 16]}", [""] = "ü" };
        SafeTensorsWriter.Write(path, Sample(), metadata);
        using var file = SafeTensorsFile.Open(path);
        Assert.Equal(metadata.OrderBy(p => p.Key), file.Metadata.OrderBy(p => p.Key));
        Assert.Equal(Sample().Select(e => e.Name).Order(StringComparer.Ordinal), file.Entries.Select(e => e.Name).Order(StringComparer.Ordinal));
        foreach (var expected in Sample())
        {
            var entry = file[expected.Name];
            Assert.Equal(expected.Type, entry.Type);
            Assert.Equal(expected.Shape, entry.Shape);
            Assert.Equal(expected.ToBytes(), entry.ToBytes());
        }
        Assert.Equal([1.5f, -2f, 0.25f], file["backbone.norm.weight"].ToFloats());
        Assert.Equal([1.5, -2, 0.25], file["backbone.norm.weight"].ToDoubles());
        Assert.Equal([1234567890123], file["scalar"].ToInt64s());
        Assert.Equal([0.5f, 65504f], file["half"].ToFloats());
        Assert.Equal([0f, 1, 2, 254, 255], file["bytes"].ToFloats());
        Assert.Equal([1L, 0], file["flags"].ToInt64s());
        Assert.Equal([-3.0], file["names \"quoted\" ünï\u0001"].ToDoubles());
    }

    [Fact]
    public void Tensors_lie_aligned_and_equal_contents_give_equal_files()
    {
        byte[] bytes = SafeTensorsWriter.ToBytes(Sample());
        Assert.Equal(bytes, SafeTensorsWriter.ToBytes(Sample().Reverse()));
        Assert.Equal(0, BinaryPrimitives.ReadInt64LittleEndian(bytes) % 8);
    }

    [Theory]
    [InlineData("BF16", new byte[] { 0x80, 0x3f, 0x20, 0xc0 }, new[] { 1.0, -2.5 })]
    [InlineData("F16", new byte[] { 0x00, 0x3c, 0x01, 0x00 }, new[] { 1.0, 5.960464477539063e-8 })]
    [InlineData("I8", new byte[] { 0xff, 0x7f }, new[] { -1.0, 127 })]
    [InlineData("U8", new byte[] { 0xff, 0x7f }, new[] { 255.0, 127 })]
    [InlineData("I16", new byte[] { 0xff, 0xff, 0x00, 0x80 }, new[] { -1.0, -32768 })]
    [InlineData("I32", new byte[] { 0xfe, 0xff, 0xff, 0xff, 1, 0, 0, 0 }, new[] { -2.0, 1 })]
    [InlineData("BOOL", new byte[] { 0, 1 }, new[] { 0.0, 1 })]
    public void Every_type_converts(string dtype, byte[] data, double[] expected)
    {
        byte[] bytes = File($$"""{"x":{"dtype":"{{dtype}}","shape":[2],"data_offsets":[0,{{data.Length}}]} }""", data.Length);
        data.CopyTo(bytes, bytes.Length - data.Length);
        var entry = SafeTensorsFile.FromBytes(bytes, "t").Entries.Single();
        Assert.Equal(expected, entry.ToDoubles());
        Assert.Equal(expected.Select(x => (float)x), entry.ToFloats());
        if (!entry.Type.IsFloat())
            Assert.Equal(expected.Select(x => (long)x), entry.ToInt64s());
        else
            Assert.Contains("'x': holds " + dtype, Assert.Throws<WeightFileException>(entry.ToInt64s).Message);
    }

    [Fact]
    public void Conversion_in_chunks_keeps_the_order()
    {
        var values = Enumerable.Range(0, 100_003).Select(i => (short)(i * 7)).ToArray();
        byte[] bytes = SafeTensorsWriter.ToBytes([WeightEntry.From("x", [100_003], values)]);
        Assert.Equal(values.Select(v => (float)v), SafeTensorsFile.FromBytes(bytes, "t")["x"].ToFloats());
    }

    public static TheoryData<string, int, string> Malformed => new()
    {
        { """{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", 7, "ends at byte 8" },
        { """{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", 9, "belong to none" },
        { """{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}""", 4, "needs 8 bytes" },
        { """{"a":{"dtype":"F8_E4M3","shape":[2],"data_offsets":[0,2]}}""", 2, "dtype 'F8_E4M3'" },
        { """{"a":{"dtype":3,"shape":[2],"data_offsets":[0,2]}}""", 2, "not a string" },
        { """{"a":{"dtype":"U8","shape":[-2],"data_offsets":[0,2]}}""", 2, "'shape'" },
        { """{"a":{"dtype":"U8","shape":[2.0],"data_offsets":[0,2]}}""", 2, "'shape'" },
        { """{"a":{"dtype":"U8","shape":[[2]],"data_offsets":[0,2]}}""", 2, "'shape'" },
        { """{"a":{"dtype":"U8","shape":2,"data_offsets":[0,2]}}""", 2, "not an array" },
        { """{"a":{"dtype":"U8","shape":[99999999999999999999],"data_offsets":[0,2]}}""", 2, "'shape'" },
        { """{"a":{"dtype":"F64","shape":[4294967296,4294967296],"data_offsets":[0,0]}}""", 0, "too large" },
        { """{"a":{"dtype":"U8","shape":[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1],"data_offsets":[0,1]}}""", 1, "more than 16" },
        { """{"a":{"dtype":"U8","shape":[2],"data_offsets":[2,0]}}""", 2, "begin and an end" },
        { """{"a":{"dtype":"U8","shape":[2],"data_offsets":[0]}}""", 2, "begin and an end" },
        { """{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2,4]}}""", 2, "more than 2" },
        { """{"a":{"dtype":"U8","shape":[2],"data_offsets":[9223372036854775806,9223372036854775808]}}""", 2, "'data_offsets'" },
        { """{"a":{"dtype":"U8","shape":[2],"data_offsets":[9223372036854775805,9223372036854775807]}}""", 2, "ends at byte" },
        { """{"a":{"dtype":"U8","shape":[2]}}""", 0, "'data_offsets' is missing" },
        { """{"a":{"dtype":"U8","data_offsets":[0,2]}}""", 2, "'shape' is missing" },
        { """{"a":{"shape":[2],"data_offsets":[0,2]}}""", 2, "'dtype' is missing" },
        { """{"a":{"dtype":"U8","dtype":"U8","shape":[2],"data_offsets":[0,2]}}""", 2, "'dtype' appears twice" },
        { """{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2],"x":1}}""", 2, "unknown field 'x'" },
        { """{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"a":{"dtype":"U8","shape":[0],"data_offsets":[2,2]}}""", 2, "'a': appears twice" },
        { """{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"U8","shape":[2],"data_offsets":[1,3]}}""", 3, "'b': overlaps" },
        { """{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"U8","shape":[2],"data_offsets":[3,5]}}""", 5, "hole of 1 bytes" },
        { """{"a":3}""", 0, "'a': is not a JSON object" },
        { """{"__metadata__":{"a":1}}""", 0, "'a' is not a string" },
        { """{"__metadata__":{"a":"1","a":"2"}}""", 0, "'a' appears twice" },
        { """{"__metadata__":"a"}""", 0, "is not a JSON object" },
        { """{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}""", 2, "not valid JSON" },
        { """{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}}}""", 2, "JSON" },
        { """{"\ud800":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}}""", 2, "JSON" },
        { """[1]""", 0, "not a JSON object" },
        { """ {}""", 0, "not a JSON object" },
        { "", 0, "not a JSON object" },
    };

    [Theory]
    [MemberData(nameof(Malformed))]
    public void Malformed_header_is_one_clear_line(string header, int dataBytes, string expected)
    {
        string path = Path.Combine(_folder, "bad.safetensors");
        System.IO.File.WriteAllBytes(path, File(header, dataBytes));
        var error = Assert.Throws<WeightFileException>(() => SafeTensorsFile.Open(path));
        Assert.StartsWith(path + ": ", error.Message);
        Assert.Contains(expected, error.Message);
        Assert.DoesNotContain('\n', error.Message);
        System.IO.File.Delete(path); // the file is not held open
    }

    [Theory]
    [InlineData(new byte[0], "0 bytes")]
    [InlineData(new byte[] { 1, 2, 3, 4, 5, 6, 7 }, "7 bytes")]
    [InlineData(new byte[] { 255, 255, 255, 255, 255, 255, 255, 255, 0 }, "18446744073709551615 bytes long")]
    [InlineData(new byte[] { 0x50, 0x4b, 3, 4, 0, 0, 0, 1, 0, 0 }, "not a safetensors file")]
    [InlineData(new byte[] { 3, 0, 0, 0, 0, 0, 0, 0, 123, 125 }, "runs past the end of the file (10 bytes)")]
    public void Malformed_length_is_refused(byte[] bytes, string expected)
    {
        string path = Path.Combine(_folder, "length.safetensors");
        System.IO.File.WriteAllBytes(path, bytes);
        Assert.Contains(expected, Assert.Throws<WeightFileException>(() => SafeTensorsFile.Open(path)).Message);
    }

    [Fact]
    public void Control_characters_of_a_name_do_not_reach_the_message()
    {
        byte[] bytes = File("""{"a\n\u001b[2J":3}""", 0);
        string message = Assert.Throws<WeightFileException>(() => SafeTensorsFile.FromBytes(bytes, "t")).Message;
        Assert.DoesNotContain(message, char.IsControl);
    }

    [Fact]
    public void Missing_files_folders_and_tensors_are_named()
    {
        string path = Path.Combine(_folder, "none.safetensors");
        Assert.Contains("no such file", Assert.Throws<WeightFileException>(() => SafeTensorsFile.Open(path)).Message);
        Assert.Throws<WeightFileException>(() => SafeTensorsFile.Open(_folder));
        Assert.Contains("no such folder", Assert.Throws<WeightFileException>(
            () => SafeTensorsWriter.Write(Path.Combine(_folder, "no", "a.safetensors"), Sample())).Message);
        var file = SafeTensorsFile.FromBytes(SafeTensorsWriter.ToBytes(Sample()), "t");
        Assert.Equal("t: 'nothing': is not in the file", Assert.Throws<WeightFileException>(() => file["nothing"]).Message);
    }

    [Fact]
    public void Failed_write_leaves_the_old_file_and_nothing_else()
    {
        string path = Path.Combine(_folder, "kept.safetensors");
        System.IO.File.WriteAllText(path, "old");
        var failing = new WeightEntry("t", "x", WeightType.Float32, [4], new Failing());
        Assert.Throws<WeightFileException>(() => SafeTensorsWriter.Write(path, [.. Sample(), failing]));
        Assert.Throws<WeightFileException>(() => SafeTensorsWriter.Write(path, [Sample()[0], Sample()[0]]));
        Assert.Equal("old", System.IO.File.ReadAllText(path));
        Assert.Equal([path], Directory.GetFiles(_folder));
    }

    private sealed class Failing : IWeightBytes
    {
        public void Read(long offset, Span<byte> destination) => throw new IOException("disk on fire");
    }
}
