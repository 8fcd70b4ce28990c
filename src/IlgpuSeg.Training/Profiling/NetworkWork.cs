using IlgpuSeg.Nn;
using IlgpuSeg.Nn.Losses;
using IlgpuSeg.Nn.Optim;

namespace IlgpuSeg.Training;

/// <summary>
/// A network with random weights, images and labels: a training step (forward, hybrid loss at given anchors, backward, SGD) or inference to
/// be timed. peers/train_step.py does the same work with PyTorch.
/// </summary>
public sealed class NetworkWork
{
    private readonly SegmentationNetwork network;
    private readonly Sgd? optimizer;
    private readonly Tensor images;
    private readonly Tensor labels;

    /// <summary>Builds the network and draws what it works on.</summary>
    /// <param name="model">Its name (see <see cref="Models.Names"/>).</param>
    /// <param name="train">Whether to train or to infer.</param>
    /// <param name="batch">Images of a step.</param>
    /// <param name="width">Pixels of a row.</param>
    /// <param name="height">Rows.</param>
    /// <param name="device">Where to work.</param>
    /// <param name="precision">One of <see cref="Precisions.Names"/>.</param>
    /// <exception cref="ArgumentException">The model or the precision does not exist, or a number is not positive.</exception>
    public NetworkWork(string model, bool train, int batch, int width, int height, Device device, string precision = Precisions.Float32)
    {
        if (batch < 1 || width < 1 || height < 1) throw new ArgumentException($"{batch} images of {width}x{height} pixels are nothing to work on.");
        Precision = Precisions.Check(precision);
        Device = device;
        network = new SegmentationNetwork(Models.Config(model), device);
        network.Train(train);
        optimizer = train ? new Sgd(network.NamedParameters()) : null;
        (images, labels) = Inputs(batch, height, width, device);
    }

    /// <summary>Where the work is done.</summary>
    public Device Device { get; }

    /// <summary>One of <see cref="Precisions.Names"/>.</summary>
    public string Precision { get; }

    /// <summary>The most pixels that the contrastive loss takes; 0: cross-entropy alone.</summary>
    public int Anchors { get; init; } = 1024;

    /// <summary>Does the work once and waits for its end.</summary>
    public void Run()
    {
        using var products = Precisions.Products(Precision);
        using var scope = new TensorScope();
        if (optimizer is null) Infer();
        else Train(optimizer);
        Device.Synchronize();
    }

    private void Infer()
    {
        using var noGrad = Autograd.NoGrad();
        using var mixed = Precisions.Scope(Precision);
        network.Forward(images).Classes();
    }

    private void Train(Sgd sgd)
    {
        var result = Loss();
        sgd.ZeroGrad();
        result.Total.Backward();
        sgd.Step(0.01);
        sgd.ZeroGrad();
        result.Total.Item();
    }

    private HybridLossResult Loss()
    {
        using var mixed = Precisions.Scope(Precision);
        var output = network.Forward(images);
        var loss = new HybridLoss();
        if (Anchors == 0) return loss.CrossEntropyOnly(output, labels);
        var plane = HybridLoss.CoarseLabels(output, labels);
        var indices = Enumerable.Range(0, plane.Length).ToArray();
        new Philox(2).Shuffle(indices.AsSpan());
        return loss.Apply(output, labels, network.Embed, Nn.Losses.Anchors.At(indices.AsSpan(0, Math.Min(Anchors, indices.Length)), plane));
    }

    // Labels in blocks of 16 x 16 pixels of one class.
    private static (Tensor Images, Tensor Labels) Inputs(int batch, int height, int width, Device device)
    {
        var random = new Philox(1);
        var pixels = new float[batch * height * width * 3];
        for (var i = 0; i < pixels.Length; i++) pixels[i] = (float)random.NextNormal();
        var images = Tensor.From(pixels, [batch, height, width, 3], device);
        int blockRows = height / 16 + 1, blockColumns = width / 16 + 1;
        var blocks = Enumerable.Range(0, batch * blockRows * blockColumns).Select(_ => random.Next(19)).ToArray();
        var classes = new int[batch * height * width];
        for (var i = 0; i < classes.Length; i++)
            classes[i] = blocks[(i / (height * width) * blockRows + i / width % height / 16) * blockColumns + i % width / 16];
        return (images, Tensor.From(classes, [batch, height, width], device));
    }
}
