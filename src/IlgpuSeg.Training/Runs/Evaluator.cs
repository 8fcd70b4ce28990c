using IlgpuSeg.Data;
using IlgpuSeg.Nn;
using IlgpuSeg.Ops;

namespace IlgpuSeg.Training;

/// <summary>Single-scale evaluation on whole images: argmax of the logits in the label's own size (the paper's protocol).</summary>
public static class Evaluator
{
    /// <summary>Scores a network.</summary>
    /// <param name="network">Left in the mode it was in.</param>
    /// <param name="samples">Labelled images.</param>
    /// <param name="progress">Is told the number of images done.</param>
    /// <param name="cancel">Stops between images.</param>
    /// <exception cref="ArgumentException">The network has another number of classes.</exception>
    public static SegmentationMetrics Run(
        SegmentationNetwork network, ISampleSource samples, IProgress<int>? progress = null, CancellationToken cancel = default)
    {
        if (network.Config.Classes != samples.Classes.Count)
        {
            throw new ArgumentException(
                $"The network has {network.Config.Classes} classes, {samples.Name} has {samples.Classes.Count}: they do not belong together.");
        }
        var matrix = new ConfusionMatrix(network.Config.Classes);
        var done = 0;
        foreach (var batch in BatchLoader.WholeImages(samples))
        {
            cancel.ThrowIfCancellationRequested();
            using var scope = new TensorScope();
            var labels = Tensor.From(batch.Labels, [1, batch.Height, batch.Width], network.Device);
            matrix.Add(labels, Predict(network, batch));
            progress?.Report(++done);
        }
        return new SegmentationMetrics(samples.Classes.ClassNames, matrix.Counts.ToArray());
    }

    /// <summary>The classes of an image's pixels.</summary>
    public static LabelMap Predict(SegmentationNetwork network, Sample sample)
    {
        using var scope = new TensorScope();
        var classes = Predict(network, Batch.Whole(sample)).ToArray<int>();
        return new LabelMap(sample.Image.Width, sample.Image.Height, Array.ConvertAll(classes, c => (byte)c));
    }

    private static Tensor Predict(SegmentationNetwork network, Batch batch)
    {
        var wasTraining = network.Training;
        network.Train(false);
        try
        {
            using var noGrad = Autograd.NoGrad();
            var images = Images(batch, network);
            return network.Forward(images).Classes();
        }
        finally
        {
            network.Train(wasTraining);
        }
    }

    internal static Tensor Images(Batch batch, SegmentationNetwork network)
    {
        Shape shape = [batch.Count, batch.Height, batch.Width, 3];
        return network.DType == DType.Float32
            ? Tensor.From(batch.Images, shape, network.Device)
            : Tensor.From(Array.ConvertAll(batch.Images, v => (double)v), shape, network.Device);
    }
}
