using IlgpuSeg.Ops;

namespace IlgpuSeg.Nn.Losses;

/// <summary>The hybrid loss and its parts.</summary>
/// <param name="Total">[1]: CE + weight * CL; backward starts here.</param>
/// <param name="CrossEntropy">[1].</param>
/// <param name="Contrast">[1], not weighted; null where the loss is CE alone.</param>
/// <param name="Anchors">The pixels that the contrastive term was taken over; null where the loss is CE alone.</param>
public sealed record HybridLossResult(Tensor Total, Tensor CrossEntropy, Tensor? Contrast, AnchorTensors? Anchors);

/// <summary>Cross-entropy plus pixel contrast (the paper's equations 4 to 6).</summary>
public sealed record HybridLoss
{
    /// <summary>The weight of the contrastive term (lambda); 0 leaves it out.</summary>
    public double ContrastWeight { get; init; } = 1;

    /// <summary>The contrastive term's temperature.</summary>
    public double Tau { get; init; } = 0.1;

    /// <summary>The options of the cross-entropy.</summary>
    public CrossEntropyOptions EntropyOptions { get; init; } = new();

    /// <summary>The label of pixels that count in neither term; one of the cross-entropy's options.</summary>
    public int IgnoreIndex
    {
        get => EntropyOptions.IgnoreIndex;
        init => EntropyOptions = EntropyOptions with { IgnoreIndex = value };
    }

    /// <summary>How anchors are drawn.</summary>
    public AnchorSampling Sampling { get; init; } = new();

    /// <summary>The loss of a batch, with anchors drawn by the rules of <see cref="Sampling"/>.</summary>
    /// <param name="output">What the network returned.</param>
    /// <param name="labels">Int32 [N, H, W] at the logits' size.</param>
    /// <param name="embed">
    /// The network's embedding head: from fused features [1, 1, M, width] to embeddings of unit length [1, 1, M, C].
    /// </param>
    /// <param name="random">Where the draws of anchors come from.</param>
    /// <exception cref="ShapeException">The shapes do not fit.</exception>
    public HybridLossResult Apply(SegmentationOutput output, Tensor labels, Func<Tensor, Tensor> embed, Philox random)
    {
        if (ContrastWeight == 0) return CrossEntropyOnly(output, labels);
        using var scope = new TensorScope();
        var coarse = ResizeNearest.Labels(labels, output.CoarseLogits.H, output.CoarseLogits.W);
        var drawn = Sampling.Draw(ArgMax.Apply(output.CoarseLogits), coarse, output.CoarseLogits.C, IgnoreIndex, random);
        return Apply(output, labels, embed, new AnchorTensors(scope.Keep(drawn.Indices), scope.Keep(drawn.Labels)), scope);
    }

    /// <summary>The loss of a batch with given anchors.</summary>
    /// <param name="output">What the network returned.</param>
    /// <param name="labels">Int32 [N, H, W] at the logits' size.</param>
    /// <param name="embed">The network's embedding head.</param>
    /// <param name="anchors">Pixels of the coarse plane [N, h, w].</param>
    /// <exception cref="ShapeException">The shapes do not fit.</exception>
    public HybridLossResult Apply(SegmentationOutput output, Tensor labels, Func<Tensor, Tensor> embed, Anchors anchors)
    {
        using var scope = new TensorScope();
        if (anchors.Count == 0)
        {
            var alone = scope.Keep(Entropy(output, labels));
            return new HybridLossResult(alone, alone, scope.Keep(Tensor.Zeros([1], alone.DType, alone.Device)), null);
        }
        var given = AnchorTensors.On(anchors, output.Fused.Device);
        return Apply(output, labels, embed, new AnchorTensors(scope.Keep(given.Indices), scope.Keep(given.Labels)), scope);
    }

    private HybridLossResult Apply(
        SegmentationOutput output, Tensor labels, Func<Tensor, Tensor> embed, AnchorTensors anchors, TensorScope scope)
    {
        var entropy = scope.Keep(Entropy(output, labels));
        var contrast = scope.Keep(Contrast(output.Fused, embed, anchors));
        var total = scope.Keep(Add.Apply(entropy, Scale.Apply(contrast, ContrastWeight)));
        return new HybridLossResult(total, entropy, contrast, anchors);
    }

    /// <summary>The loss of a batch without the contrastive term.</summary>
    /// <param name="output">What the network returned.</param>
    /// <param name="labels">Int32 [N, H, W] at the logits' size.</param>
    public HybridLossResult CrossEntropyOnly(SegmentationOutput output, Tensor labels)
    {
        var entropy = Entropy(output, labels);
        return new HybridLossResult(entropy, entropy, null, null);
    }

    private Tensor Entropy(SegmentationOutput output, Tensor labels) =>
        UpsampledCrossEntropy.Apply(output.CoarseLogits, labels, SegmentationOutput.AlignCorners, EntropyOptions);

    /// <summary>Labels at the coarse plane's size, by nearest neighbour.</summary>
    /// <param name="output">What the network returned.</param>
    /// <param name="labels">Int32 [N, H, W].</param>
    /// <returns>[N, h, w] in row-major order.</returns>
    public static int[] CoarseLabels(SegmentationOutput output, Tensor labels)
    {
        using var coarse = ResizeNearest.Labels(labels, output.CoarseLogits.H, output.CoarseLogits.W);
        return coarse.ToArray<int>();
    }

    // Only the anchors' features go through the embedding head: a 1x1 convolution commutes with picking pixels.
    private Tensor Contrast(Tensor fused, Func<Tensor, Tensor> embed, AnchorTensors anchors)
    {
        using var scope = new TensorScope();
        var (rows, count) = (fused.Reshape(fused.Count / fused.C, fused.C), anchors.Indices.Count);
        var embeddings = embed(GatherRows.Apply(rows, anchors.Indices, checkRange: false).Reshape(1, 1, count, fused.C));
        return scope.Keep(PixelContrast.Apply(embeddings.Reshape(count, embeddings.C), anchors.Labels, Tau));
    }
}
