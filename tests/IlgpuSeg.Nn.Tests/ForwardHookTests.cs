using IlgpuSeg.Nn.Layers;
using IlgpuSeg.Ops;

namespace IlgpuSeg.Nn.Tests;

public sealed class ForwardHookTests : IDisposable
{
    private readonly TensorScope scope = new();

    public void Dispose() => scope.Dispose();

    [Fact]
    public void HooksSeeInputsAndOutputsInOrder()
    {
        var layer = Layer();
        var x = Tensor.From([1.0, 2], [1, 2]);
        var seen = new List<string>();
        using var before = layer.RegisterForwardPreHook((module, inputs) =>
        {
            Assert.Same(layer, module);
            seen.Add($"before {inputs.Single().ToDoubles()[1]}");
            return null;
        });
        using var first = layer.RegisterForwardHook((_, inputs, outputs) => { seen.Add($"first {inputs[0].ToDoubles()[0]} {outputs.Single().Item()}"); return null; });
        using var second = layer.RegisterForwardHook((_, _, _) => { seen.Add("second"); return null; });
        Assert.Equal(12, layer.Forward(x).Item());
        Assert.Equal(["before 2", "first 1 12", "second"], seen);
    }

    [Fact]
    public void HooksReplaceWhatAModuleTakesAndGives()
    {
        var layer = Layer();
        using var doubled = layer.RegisterForwardPreHook((_, inputs) => [Scale.Apply(inputs[0], 2)]);
        using var negated = layer.RegisterForwardHook((_, inputs, outputs) =>
        {
            Assert.Equal([2.0, 4], inputs[0].ToDoubles());
            return [Scale.Apply(outputs[0], -1)];
        });
        var x = Tensor.From([1.0, 2], [1, 2]);
        x.RequiresGrad = true;
        var y = layer.Forward(x);
        // -(3 * 2 + 4 * 4 + 1)
        Assert.Equal(-23, y.Item());
        y.Backward();
        Assert.Equal([-6.0, -8], x.Grad!.ToDoubles());
    }

    [Fact]
    public void ARemovedHookIsNotCalledEvenIfItRemovesItself()
    {
        var layer = Layer();
        var calls = 0;
        IDisposable? own = null;
        own = layer.RegisterForwardHook((_, _, _) => { calls++; own!.Dispose(); return null; });
        using var other = layer.RegisterForwardHook((_, _, _) => { calls += 10; return null; });
        var x = Tensor.From([1.0, 2], [1, 2]);
        layer.Forward(x);
        Assert.Equal(11, calls);
        layer.Forward(x);
        Assert.Equal(21, calls);
        other.Dispose();
        own.Dispose();
        Assert.False(layer.HasForwardHooks);
        layer.Forward(x);
        Assert.Equal(21, calls);
    }

    [Fact]
    public void AsManyTensorsMustComeBack()
    {
        var layer = Layer();
        using var hook = layer.RegisterForwardHook((_, _, outputs) => [outputs[0], outputs[0]]);
        var e = Assert.Throws<InvalidOperationException>(() => layer.Forward(Tensor.From([1.0, 2], [1, 2])));
        Assert.Equal("A forward hook returned 2 tensors; Linear gives 1.", e.Message);
    }

    // Inference fuses norms, activations and residual connections into the operations before them; a hooked layer still shows its own result.
    [Theory]
    [InlineData(ContextKind.Frm, false)]
    [InlineData(ContextKind.Ppm, false)]
    [InlineData(ContextKind.Dappm, false)]
    [InlineData(ContextKind.Frm, true)]
    [InlineData(ContextKind.Dappm, true)]
    public void EveryModuleOfANetworkIsSeenAndNothingChanges(ContextKind context, bool training)
    {
        var network = Network(context);
        network.Train(training);
        using var noGrad = Autograd.NoGrad();
        var images = Tensor.Randn([2, 40, 48, 3], seed: 3, DType.Float64);
        var expected = network.Forward(images);
        var calls = new Dictionary<string, int>();
        var handles = Modules(network, "").Select(m => m.Module.RegisterForwardHook((_, inputs, outputs) =>
        {
            Assert.All(inputs.Concat(outputs), t => Assert.True(t.Shape.Length > 0));
            calls[m.Path] = calls.GetValueOrDefault(m.Path) + 1;
            return null;
        })).ToList();
        var hooked = network.Forward(images);
        Assert.Equal(Parts(network), calls.Keys.Order());
        // A block drops both of its branches with one module.
        Assert.All(calls, call => Assert.True(call.Value == (call.Key.EndsWith("drop_path", StringComparison.Ordinal) ? 2 : 1), $"{call.Key}: {call.Value} calls"));
        AssertClose(expected.CoarseLogits, hooked.CoarseLogits);
        AssertClose(expected.Fused, hooked.Fused);
        handles.ForEach(h => h.Dispose());
        Assert.All(Modules(network, ""), m => Assert.False(m.Module.HasForwardHooks));
        if (!training) Assert.Equal(expected.Fused.ToDoubles(), network.Forward(images).Fused.ToDoubles());
    }

    [Fact]
    public void AHookedNormShowsItsResultBeforeTheActivation()
    {
        var network = Network(ContextKind.Frm);
        network.Train(false);
        using var noGrad = Autograd.NoGrad();
        double[]? norm = null, cut = null;
        using var onNorm = Find(network, "decoder.fusion.norm").RegisterForwardHook((_, _, outputs) => { norm = outputs[0].ToDoubles(); return null; });
        using var onBlock = Find(network, "decoder.fusion").RegisterForwardHook((_, _, outputs) => { cut = outputs[0].ToDoubles(); return null; });
        network.Forward(Tensor.Randn([2, 40, 48, 3], seed: 3, DType.Float64));
        Assert.Contains(norm!, v => v < 0);
        Assert.Equal(norm!.Select(v => Math.Max(v, 0)), cut!);
    }

    private static void AssertClose(Tensor expected, Tensor actual)
    {
        foreach (var (a, b) in expected.ToDoubles().Zip(actual.ToDoubles())) Assert.Equal(a, b, 1e-10);
    }

    /// <summary>The modules that take part in the forward pass: not lists of modules, nor the embedding head, which training calls itself.</summary>
    private static IEnumerable<string> Parts(Module network) =>
        Modules(network, "").Where(m => !m.Module.GetType().Name.EndsWith("List", StringComparison.Ordinal) && m.Path != "embedding").Select(m => m.Path).Order();

    private static Module Find(Module network, string path) => Modules(network, "").Single(m => m.Path == path).Module;

    private static IEnumerable<(string Path, Module Module)> Modules(Module module, string path) => module.Children
        .SelectMany(c => Modules(c.Module, path == "" ? c.Name : $"{path}.{c.Name}")).Prepend((path, module));

    private static SegmentationNetwork Network(ContextKind context) => new(
        new NetworkConfig
        {
            Dims = [8, 8, 16, 16], Depths = [1, 1, 2, 1], Ratios = [2, 2, 2, 2], Classes = 4, QueryKeyWidth = 8, FfnHidden = 8, Width = 8,
            FlowWidth = 8, Embedding = 8, Branch = 8, DropPath = 0, Dropout = 0, Context = context,
        },
        dtype: DType.Float64, seed: 7);

    private static Linear Layer()
    {
        var layer = new Linear(new Builder(Device.Cpu, DType.Float64, new Philox(1)), inputs: 2, outputs: 1);
        layer.NamedParameters().First().Value.CopyFrom<double>([3, 4]);
        layer.NamedParameters().Last().Value.CopyFrom<double>([1]);
        return layer;
    }
}
