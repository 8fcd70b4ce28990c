using IlgpuSeg.Nn.Losses;
using IlgpuSeg.SelfTest;

namespace IlgpuSeg.Nn.SelfTest;

/// <summary>
/// The whole network in training, with the hybrid loss, at a tiny size: its outputs and all gradients on a device against the CPU's in
/// Float64, and its gradients in Float64 against numerical ones. The rows follow those of <see cref="SelfTestRunner"/>.
/// </summary>
public static class NetworkSelfTest
{
    /// <summary>The sizes of the tested networks.</summary>
    /// <param name="context">The context module.</param>
    public static NetworkConfig Tiny(ContextKind context) => new()
    {
        Dims = [4, 4, 6, 6], Depths = [1, 1, 2, 1], Ratios = [2, 2, 2, 2], Classes = 3, Context = context, QueryKeyWidth = 5, FfnHidden = 3,
        Branch = 4, Width = 4, FlowWidth = 2, Embedding = 4, DropPath = 0, Dropout = 0, PpmBins = [1, 2],
    };

    // Single precision through 60 layers, and flow fields whose sampling positions move by the error of all of them.
    private const double FloatTolerance = 5e-5;

    // Backward adds the errors of the forward pass, which decide on which side of its kinks an activation lies.
    private const double FloatGradientTolerance = 5e-4;

    private const double DoubleTolerance = 1e-9;

    // The loss has kinks (ReLU, bilinear cells) near which the difference quotient is less exact.
    private const double GradCheckTolerance = 1e-5;

    /// <summary>Tests the network with each context module.</summary>
    /// <param name="device">The device to test.</param>
    /// <param name="gradientElements">At most so many elements of each parameter are compared with a numerical gradient; 0 for none.</param>
    public static IEnumerable<SelfTestRow> Run(Device device, int gradientElements = 1) =>
        Enum.GetValues<ContextKind>().SelectMany(context => Run(device, context, gradientElements));

    /// <summary>Tests the network with one context module.</summary>
    /// <param name="device">The device to test.</param>
    /// <param name="context">The context module.</param>
    /// <param name="gradientElements">At most so many elements of each parameter are compared with a numerical gradient; 0 for none.</param>
    public static IEnumerable<SelfTestRow> Run(Device device, ContextKind context, int gradientElements)
    {
        var exact = Outcome(context, DType.Float64, Device.Cpu);
        foreach (var row in Compare(context, exact, DType.Float32, device, FloatTolerance, FloatGradientTolerance)) yield return row;
        if (device != Device.Cpu)
        {
            foreach (var row in Compare(context, exact, DType.Float64, device, DoubleTolerance, DoubleTolerance)) yield return row;
        }
        if (gradientElements > 0) yield return CheckGradients(context, device, gradientElements);
    }

    private static SelfTestRow[] Compare(
        ContextKind context, NetworkOutcome exact, DType dtype, Device device, double allowed, double allowedGradient)
    {
        try
        {
            var actual = Outcome(context, dtype, device);
            return
            [
                Row("forward", SelfTestRunner.WorstError(exact.Results, actual.Results, i => i == 0 ? "loss" : "logits"), allowed),
                Row("backward", SelfTestRunner.WorstError(exact.Gradients, actual.Gradients, i => exact.Names[i]), allowedGradient),
            ];
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            return [Row("forward", (double.NaN, SelfTestRunner.OneLine(e)), allowed)];
        }

        SelfTestRow Row(string pass, (double Error, string Where) worst, double allowed) =>
            new(Name(context), pass, dtype, TrainingCase.Description, worst.Error, allowed, worst.Where);
    }

    private static SelfTestRow CheckGradients(ContextKind context, Device device, int elements)
    {
        using var scope = new TensorScope();
        try
        {
            var training = new TrainingCase(context, DType.Float64, device);
            var seen = GradCheck.Run(
                _ => training.Forward().Loss, training.Inputs, tolerance: double.PositiveInfinity, maxElements: elements);
            return Row(seen.MaxError, seen.Where);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            return Row(double.NaN, SelfTestRunner.OneLine(e));
        }

        SelfTestRow Row(double error, string where) =>
            new(Name(context), "gradcheck", DType.Float64, TrainingCase.Description, error, GradCheckTolerance, where);
    }

    private static NetworkOutcome Outcome(ContextKind context, DType dtype, Device device)
    {
        using var scope = new TensorScope();
        var training = new TrainingCase(context, dtype, device);
        var (loss, logits) = training.Forward();
        loss.Backward();
        return new NetworkOutcome(
            [loss.ToDoubles(), logits.ToDoubles()],
            Array.ConvertAll(training.Inputs, t => t.Grad?.ToDoubles() ?? new double[t.Count]),
            training.Names);
    }

    private static string Name(ContextKind context) => $"Network, {context.ToString().ToUpperInvariant()}";

    private sealed record NetworkOutcome(double[][] Results, double[][] Gradients, string[] Names);

    /// <summary>A network, images, labels and anchors that are the same on every device and, rounded to single precision, in every type.</summary>
    private sealed class TrainingCase
    {
        public const string Description = "n=2 h=36 w=41, training, hybrid loss";

        private const int Batch = 2, Height = 36, Width = 41, CoarseHeight = 9, CoarseWidth = 11;

        private readonly SegmentationNetwork network;
        private readonly HybridLoss loss = new();
        private readonly Tensor images;
        private readonly Tensor labels;
        private readonly Anchors anchors;

        public TrainingCase(ContextKind context, DType dtype, Device device)
        {
            network = new SegmentationNetwork(Tiny(context), device, dtype, seed: 5);
            var random = new Philox(17);
            // Initial values of zero and near zero (gamma, biases, layer scales) are replaced by ones that matter.
            foreach (var parameter in network.NamedParameters())
            {
                var values = parameter.Value.ToDoubles();
                for (var i = 0; i < values.Length; i++) values[i] = (float)((float)values[i] + 0.3 * random.NextNormal());
                using var rounded = Tensor.FromDoubles(values, parameter.Value.Shape, dtype, device);
                parameter.Value.CopyFrom(rounded);
            }
            var pixels = new double[Batch * Height * Width * 3];
            for (var i = 0; i < pixels.Length; i++) pixels[i] = (float)random.NextNormal();
            images = Tensor.FromDoubles(pixels, [Batch, Height, Width, 3], dtype, device);
            images.RequiresGrad = true;
            images.Name = "images";
            labels = Tensor.From(Labels(random, Batch * Height * Width, ignored: true), [Batch, Height, Width], device);
            anchors = Anchors.At(
                [0, 3, 7, 20, 31, 90, 95, 101, 120, 150], Labels(random, Batch * CoarseHeight * CoarseWidth, ignored: false));
            Inputs = [images, .. network.NamedParameters().Select(p => p.Value)];
        }

        /// <summary>The images and all parameters.</summary>
        public Tensor[] Inputs { get; }

        /// <summary>Their names.</summary>
        public string[] Names => ["images", .. network.NamedParameters().Select(p => p.Name)];

        public (Tensor Loss, Tensor Logits) Forward()
        {
            var output = network.Forward(images);
            return (loss.Apply(output, labels, network.Embed, anchors).Total, output.UpsampledLogits());
        }

        private static int[] Labels(Philox random, int count, bool ignored)
        {
            var labels = new int[count];
            for (var i = 0; i < count; i++) labels[i] = ignored && random.Next(8) == 0 ? 255 : random.Next(3);
            return labels;
        }
    }
}
