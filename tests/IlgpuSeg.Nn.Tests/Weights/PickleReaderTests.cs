using System.Text;
using IlgpuSeg.Nn.Weights;
using IlgpuSeg.Serialization;

namespace IlgpuSeg.Nn.Tests.Weights;

/// <summary>Pickles written by hand: bombs, calls, and what they may cost.</summary>
public sealed class PickleReaderTests
{
    private static object? Read(byte[] pickle)
    {
        var globals = new PyTorchGlobals((_, key, type, count) => new PickleStorage(key, type, count));
        long position = 0;
        return PickleReader.Read("file.pth", "data.pkl", WeightBytes.Of(pickle), ref position, pickle.Length, globals);
    }

    private static byte[] Bytes(params object[] parts) => [.. parts.SelectMany(part => part switch
    {
        string text => Encoding.Latin1.GetBytes(text),
        byte[] bytes => bytes,
        int value => [(byte)value],
        _ => throw new ArgumentException($"{part}"),
    })];

    private static string Refused(params object[] parts)
    {
        byte[] pickle = Bytes(parts);
        long before = GC.GetAllocatedBytesForCurrentThread();
        string message = Assert.Throws<WeightFileException>(() => Read(pickle)).Message;
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.True(allocated < 100_000 + 20L * pickle.Length, $"{allocated} bytes allocated for a pickle of {pickle.Length}");
        Assert.DoesNotContain(message, char.IsControl);
        return message;
    }

    [Theory]
    [InlineData("cos\nsystem\n(U\u0004exittR.", "global 'os.system'")]
    [InlineData("cbuiltins\neval\n.", "global 'builtins.eval'")]
    [InlineData("c__builtin__\ngetattr\n.", "global '__builtin__.getattr'")]
    [InlineData("ctorch\nload\n.", "global 'torch.load'")]
    [InlineData("ctorch.hub\nFloatStorage\n.", "global 'torch.hub.FloatStorage'")]
    [InlineData("c\u001b[2J\nx\n.", "\\u001b[2J.x'")]
    [InlineData("(U\u0002osU\u0006systemo.", "opcode 0x6f")]
    [InlineData("ios\nsystem\n(.", "opcode 0x69")]
    [InlineData("U\u0002osU\u0006system\u0093.", "global 'os.system'")]
    [InlineData("\u0082\u0001.", "opcode 0x82")]
    [InlineData("I42\n.", "opcode 0x49")]
    [InlineData("U\u0001a)R.", "something else than a known global is called")]
    [InlineData("ccollections\nOrderedDict\nK\u0001\u0085R.", "unexpected arguments")]
    [InlineData("ccollections\nOrderedDict\n)R}b", "ends in the middle")]
    [InlineData("K\u0001}b.", "attributes are set on something else")]
    [InlineData("K\u0001Q.", "persistent id is not that of a storage")]
    public void Calls_and_globals_are_refused(string pickle, string expected) => Assert.Contains(expected, Refused(0x80, 2, pickle));

    [Theory]
    [InlineData("X\u00ff\u00ff\u00ff\u00ff", "4294967295 bytes runs past")]
    [InlineData("\u008d\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff", "18446744073709551615 bytes runs past")]
    [InlineData("\u008b\u00ff\u00ff\u00ff\u007f", "integer of 2147483647 bytes")]
    [InlineData("j\u00ff\u00ff\u00ff\u00ff.", "memo 4294967295 is not set")]
    [InlineData(".", "not there")]
    [InlineData("t.", "a mark that is not there")]
    [InlineData("(.", "not there")]
    [InlineData("NN.", "left over")]
    [InlineData("]]s.", "not there")]
    [InlineData("}]Ns.", "container is a dict's key")]
    [InlineData("}(Nu.", "something else than a dict")]
    [InlineData("K\u0001Na.", "something else than a list")]
    [InlineData("X\u0002\0\0\0\u00c3\u0028.", "UTF-8")]
    [InlineData("", "ends in the middle")]
    public void Malformed_pickles_are_refused(string pickle, string expected) => Assert.Contains(expected, Refused(0x80, 2, pickle));

    [Fact]
    public void Unknown_protocols_are_refused() => Assert.Contains("protocol 9", Refused(0x80, 9, "N."));

    [Fact]
    public void Endless_lines_are_refused() => Assert.Contains("longer than", Refused(0x80, 2, "c", new string('a', 100_000)));

    [Fact]
    public void More_values_than_any_checkpoint_has_are_refused() =>
        Assert.Contains("more than 2000000 values", Refused(0x80, 2, new string('N', 2_000_001), "."));

    [Fact]
    public void Containers_that_double_a_hundred_times_are_read_but_never_unfolded()
    {
        // x0 = [], x(i+1) = [xi, xi]: 2^100 paths in about 1000 bytes.
        var parts = new List<object> { 0x80, 2, "]q", 0, "0" };
        for (int i = 0; i < 100; i++)
            parts.AddRange(["](h", i, "h", i, "eq", i + 1, "0"]);
        parts.AddRange(["h", 100, "."]);
        object? root = Read(Bytes([.. parts]));
        Assert.Contains("nested too deeply", Assert.Throws<WeightFileException>(() => new StateDict("f").Collect(root)).Message);
    }

    [Fact]
    public void Containers_within_themselves_and_very_wide_ones_are_refused()
    {
        var root = new PickleList();
        root.Items.Add(root);
        Assert.Contains("nested too deeply", Assert.Throws<WeightFileException>(() => new StateDict("f").Collect(root)).Message);
        var wide = new PickleList();
        for (int level = 0; level < 8; level++)
        {
            var outer = new PickleList();
            outer.Items.AddRange(Enumerable.Repeat<object?>(wide, 30));
            wide = outer;
        }
        Assert.Contains("too often", Assert.Throws<WeightFileException>(() => new StateDict("f").Collect(wide)).Message);
    }

    private static object[] Tensor(string storageLength, string offset, string sizes, string strides) =>
    [
        0x80, 2, "ctorch._utils\n_rebuild_tensor_v2\n((U", 7, "storagectorch\nFloatStorage\nU", 1, "0U", 3, "cpu", storageLength, "tQ",
        offset, "(", sizes, "t(", strides, "t", 0x89, "NtR.",
    ];

    private static string Number(long value) => "\u008a\u0008" + Encoding.Latin1.GetString(BitConverter.GetBytes(value));

    [Fact]
    public void A_tensor_within_its_storage_is_built()
    {
        var tensor = Assert.IsType<PickleTensor>(Read(Bytes(Tensor("K\u0006", "K\u0001", "K\u0002K\u0002", "K\u0003K\u0001"))));
        Assert.Equal(1, tensor.Offset);
        Assert.Equal([2, 2], tensor.Sizes);
        Assert.Equal([3, 1], tensor.Strides);
    }

    public static TheoryData<long, long, long[], long[], string> BadTensors => new()
    {
        { 6, 2, [2, 2], [3, 1], "reaches element 6" },
        { 6, 6, [1], [1], "reaches element 6" },
        { 6, -1, [2], [1], "offset" },
        { 6, 0, [-1], [1], "not whole numbers" },
        { 6, 0, [2], [-1], "not whole numbers" },
        { 6, 0, [2, 2], [1], "strides" },
        { 6, 0, [long.MaxValue], [0], "too large" },
        { 6, 0, [1L << 40], [0], "blows 6 stored elements up to 1099511627776" },
        { 6, 0, [1L << 31, 1L << 31], [0, 0], "too large" },
        { 6, 0, [2, 2], [long.MaxValue, long.MaxValue], "reaches element 12" },
        { long.MaxValue, 0, [2], [1], "impossible length" },
        { -1, 0, [2], [1], "impossible length" },
    };

    [Theory]
    [MemberData(nameof(BadTensors))]
    public void Tensors_outside_their_storage_or_larger_than_it_are_refused(long length, long offset, long[] sizes, long[] strides, string expected)
    {
        string All(long[] numbers) => string.Concat(numbers.Select(Number));
        Assert.Contains(expected, Refused(Tensor(Number(length), Number(offset), All(sizes), All(strides))));
    }
}
