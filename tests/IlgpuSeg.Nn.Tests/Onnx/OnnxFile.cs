using System.Runtime.InteropServices;
using System.Text;

namespace IlgpuSeg.Nn.Tests.Onnx;

/// <summary>Reads back what the tests look at: a protocol buffers reader of its own, by onnx.proto's field numbers.</summary>
internal sealed class OnnxFile
{
    public sealed record Node(string Op, string[] Inputs, string[] Outputs, string[] Attributes);

    public sealed record Tensor(string Name, long[] Dims, long Type, byte[] Raw)
    {
        public float[] Floats => MemoryMarshal.Cast<byte, float>(Raw).ToArray();
    }

    public sealed record Value(string Name, string[] Dims);

    private OnnxFile(byte[] bytes)
    {
        var model = Fields(bytes);
        IrVersion = Number(model, 1);
        var opset = Fields(Assert.Single(All(model, 8)));
        Opset = (Text(opset, 1), Number(opset, 2));
        var graph = Fields(Assert.Single(All(model, 7)));
        Nodes = [.. All(graph, 1).Select(Fields).Select(n => new Node(Text(n, 4), Texts(n, 1), Texts(n, 2), [.. All(n, 5).Select(a => Text(Fields(a), 1))]))];
        Initializers = All(graph, 5).Select(Fields).Select(t => new Tensor(Text(t, 8), Numbers(t, 1), Number(t, 2), Assert.Single(All(t, 9)))).ToDictionary(t => t.Name);
        Inputs = [.. All(graph, 11).Select(ReadValue)];
        Outputs = [.. All(graph, 12).Select(ReadValue)];
    }

    public long IrVersion { get; }

    public (string Domain, long Version) Opset { get; }

    public IReadOnlyList<Node> Nodes { get; }

    public IReadOnlyDictionary<string, Tensor> Initializers { get; }

    public IReadOnlyList<Value> Inputs { get; }

    public IReadOnlyList<Value> Outputs { get; }

    public static OnnxFile Read(string path) => new(File.ReadAllBytes(path));

    private static Value ReadValue(byte[] bytes)
    {
        var value = Fields(bytes);
        var tensor = Fields(Assert.Single(All(Fields(Assert.Single(All(value, 2))), 1)));
        Assert.Equal(1, Number(tensor, 1));
        var dims = All(Fields(Assert.Single(All(tensor, 2))), 1).Select(Fields);
        return new Value(Text(value, 1), [.. dims.Select(d => d.Any(f => f.Field == 2) ? Text(d, 2) : $"{Number(d, 1)}")]);
    }

    private static byte[][] All(List<(int Field, object Value)> fields, int field) => [.. fields.Where(f => f.Field == field).Select(f => (byte[])f.Value)];

    private static string[] Texts(List<(int Field, object Value)> fields, int field) => Array.ConvertAll(All(fields, field), Encoding.UTF8.GetString);

    private static string Text(List<(int Field, object Value)> fields, int field) => Assert.Single(Texts(fields, field));

    private static long[] Numbers(List<(int Field, object Value)> fields, int field) => [.. fields.Where(f => f.Field == field).Select(f => (long)f.Value)];

    private static long Number(List<(int Field, object Value)> fields, int field) => Assert.Single(Numbers(fields, field));

    private static List<(int Field, object Value)> Fields(byte[] bytes)
    {
        var fields = new List<(int, object)>();
        for (var at = 0; at < bytes.Length;)
        {
            var tag = Varint(bytes, ref at);
            var field = (int)(tag >> 3);
            switch (tag & 7)
            {
                case 0:
                    fields.Add((field, Varint(bytes, ref at)));
                    break;
                case 2:
                    var length = (int)Varint(bytes, ref at);
                    fields.Add((field, bytes[at..(at + length)]));
                    at += length;
                    break;
                case 5:
                    fields.Add((field, BitConverter.ToSingle(bytes, at)));
                    at += 4;
                    break;
                default:
                    throw new InvalidDataException($"wire type {tag & 7}");
            }
        }
        return fields;
    }

    private static long Varint(byte[] bytes, ref int at)
    {
        ulong value = 0;
        for (var shift = 0; ; shift += 7)
        {
            var b = bytes[at++];
            value |= (ulong)(b & 0x7f) << shift;
            if (b < 0x80) return (long)value;
        }
    }
}
