using System.Text.Json;
using IlgpuSeg.Serialization;

namespace IlgpuSeg.Tests.Ops;

/// <summary>
/// What real PyTorch computed for every op in float64, forward and all gradients (the scripts in tests/fixtures). Runs an op on a
/// case in both precisions and compares.
/// </summary>
internal static class OpFixtures
{
    private static readonly Lazy<SafeTensorsFile[]> Files =
        new(() => [.. new[] { "ops", "fused_ops", "option_ops" }.Select(file => SafeTensorsFile.Open(Locate($"{file}.safetensors")))]);

    /// <summary>The cases of some ops, for a theory: "relu.0", "relu.1", ...</summary>
    public static TheoryData<string> Cases(params string[] ops) => Cases(FileOf(ops[0] + ".0"), ops);

    /// <summary>The cases of some ops in another file of fixtures.</summary>
    public static TheoryData<string> Cases(SafeTensorsFile file, params string[] ops)
    {
        var data = new TheoryData<string>();
        foreach (var op in ops)
        {
            var names = file.Metadata.Keys.Where(key => key.StartsWith(op + ".", StringComparison.Ordinal)).Order().ToArray();
            if (names.Length == 0) throw new InvalidOperationException($"The fixtures hold no case of '{op}'.");
            foreach (var name in names) data.Add(name);
        }
        return data;
    }

    /// <summary>Runs a case in Float64 and Float32 and compares the result and every input's gradient with PyTorch's.</summary>
    /// <param name="name">The case.</param>
    /// <param name="run">Applies the op to the case's inputs.</param>
    /// <param name="tolerance64">Allowed difference in Float64, relative to the largest expected magnitude (at least 1).</param>
    /// <param name="tolerance32">The same in Float32.</param>
    public static void Check(string name, Func<OpCase, Tensor> run, double tolerance64 = 1e-12, double tolerance32 = 1e-5)
    {
        foreach (var (dtype, tolerance) in new[] { (DType.Float64, tolerance64), (DType.Float32, tolerance32) })
        {
            using var scope = new TensorScope();
            var opCase = new OpCase(FileOf(name), name, dtype);
            var y = run(opCase);
            opCase.Compare("y", y, tolerance);
            if (!opCase.HasInputs) continue;
            y.Backward(opCase.Constant("gy"));
            opCase.CompareGradients(tolerance);
        }
    }

    /// <summary>Runs a case that compares results of its own in both precisions.</summary>
    /// <param name="name">The case.</param>
    /// <param name="run">Computes and compares, to the tolerance that it is given.</param>
    public static void CheckSteps(string name, Action<OpCase, double> run)
    {
        foreach (var (dtype, tolerance) in new[] { (DType.Float64, 1e-12), (DType.Float32, 1e-5) })
        {
            using var scope = new TensorScope();
            run(new OpCase(FileOf(name), name, dtype), tolerance);
        }
    }

    private static SafeTensorsFile FileOf(string name) =>
        Array.Find(Files.Value, file => file.Metadata.ContainsKey(name))
        ?? throw new InvalidOperationException($"The fixtures hold no case '{name}'.");

    /// <summary>The path of a file in tests/fixtures.</summary>
    public static string Locate(string file)
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            var path = Path.Combine(folder.FullName, "tests", "fixtures", file);
            if (System.IO.File.Exists(path)) return path;
        }
        throw new FileNotFoundException($"tests/fixtures/{file} is in none of the folders above the test's.");
    }
}

/// <summary>One case: its tensors in the engine's layout and a chosen precision.</summary>
internal sealed class OpCase(SafeTensorsFile file, string name, DType dtype)
{
    private readonly List<(string Key, Tensor Tensor, int[] Order)> inputs = [];
    private readonly JsonElement options = JsonDocument.Parse(file.Metadata[name]).RootElement;

    public bool HasInputs => inputs.Count > 0;

    public int Int(string option) => options.GetProperty(option).GetInt32();

    public int[] Ints(string option) => [.. options.GetProperty(option).EnumerateArray().Select(e => e.GetInt32())];

    public string Text(string option) => options.GetProperty(option).GetString()!;

    public double[]? Numbers(string option) =>
        options.TryGetProperty(option, out var list) ? [.. list.EnumerateArray().Select(e => e.GetDouble())] : null;

    public double Number(string option) => options.GetProperty(option).GetDouble();

    public bool Flag(string option) => options.GetProperty(option).GetBoolean();

    public bool HasOption(string option) => options.TryGetProperty(option, out _);

    public bool Has(string key) => file.Find($"{name}/{key}") is not null;

    /// <summary>A tensor whose gradient is compared. Tensors of rank 4 go from NCHW to NHWC.</summary>
    /// <param name="key">The tensor's key in the case.</param>
    /// <param name="order">Which of PyTorch's axes becomes which of ours, where it is not an image.</param>
    public Tensor Input(string key, params int[] order)
    {
        var tensor = Read(key, ref order);
        tensor.RequiresGrad = true;
        tensor.Name = key;
        inputs.Add((key, tensor, order));
        return tensor;
    }

    /// <summary>A tensor without gradient.</summary>
    /// <inheritdoc cref="Input"/>
    public Tensor Constant(string key, params int[] order) => Read(key, ref order);

    /// <summary>Integers, such as labels, in their own order.</summary>
    public Tensor Integers(string key)
    {
        var entry = file[$"{name}/{key}"];
        return Tensor.From<int>(Array.ConvertAll(entry.ToInt64s(), v => checked((int)v)), new Shape(Dims(entry)));
    }

    /// <summary>Compares a result with an expected tensor.</summary>
    public void Compare(string key, Tensor actual, double tolerance, params int[] order)
    {
        var (shape, expected) = Load(key, ref order);
        Assert.True(shape == actual.Shape, $"{name}/{key}: shape {actual.Shape}, expected {shape}.");
        var values = actual.ToDoubles();
        var allowed = tolerance * expected.Select(Math.Abs).Append(1).Max();
        for (var i = 0; i < values.Length; i++)
        {
            // Negated, so that a NaN fails.
            if (!(Math.Abs(values[i] - expected[i]) <= allowed))
                Assert.Fail($"{name}/{key} in {dtype}: element {i} of {shape} is {values[i]:R}, PyTorch has {expected[i]:R} (allowed {allowed:E1}).");
        }
    }

    /// <summary>Compares the gradients of all inputs.</summary>
    public void CompareGradients(double tolerance)
    {
        foreach (var (key, tensor, order) in inputs)
        {
            Assert.True(tensor.Grad is not null, $"{name}/{key}: no gradient arrived.");
            Compare("g" + key, tensor.Grad!, tolerance, order);
        }
    }

    private Tensor Read(string key, ref int[] order)
    {
        var (shape, values) = Load(key, ref order);
        return Tensor.FromDoubles(values, shape, dtype, Device.Cpu);
    }

    private (Shape Shape, double[] Values) Load(string key, ref int[] order)
    {
        var entry = file[$"{name}/{key}"];
        var dims = Dims(entry);
        if (order.Length == 0) order = dims.Length == 4 ? [0, 2, 3, 1] : [.. Enumerable.Range(0, dims.Length)];
        var axes = order;
        return (new Shape([.. axes.Select(a => dims[a])]), Permute(entry.ToDoubles(), dims, axes));
    }

    private static int[] Dims(WeightEntry entry)
    {
        var dims = new int[entry.Shape.Length];
        for (var i = 0; i < dims.Length; i++) dims[i] = (int)entry.Shape[i];
        return dims;
    }

    private static double[] Permute(double[] values, int[] dims, int[] order)
    {
        var strides = new int[dims.Length];
        for (int axis = dims.Length - 1, stride = 1; axis >= 0; stride *= dims[axis--]) strides[axis] = stride;
        var result = new double[values.Length];
        var index = new int[order.Length];
        for (var i = 0; i < result.Length; i++)
        {
            var from = 0;
            for (var axis = 0; axis < order.Length; axis++) from += index[axis] * strides[order[axis]];
            result[i] = values[from];
            for (var axis = order.Length - 1; axis >= 0 && ++index[axis] == dims[order[axis]]; axis--) index[axis] = 0;
        }
        return result;
    }
}
