using System.Numerics;
using IlgpuSeg.Kernels;
using IlgpuSeg.Ops;

namespace IlgpuSeg;

/// <summary>An activation that another operation applies to its result.</summary>
public enum FusedActivation
{
    /// <summary>None.</summary>
    None,

    /// <summary>max(x, 0).</summary>
    Relu,

    /// <summary>x * Phi(x), exact.</summary>
    Gelu,
}

/// <summary>
/// What follows a convolution or matrix product element by element. Where no gradient is recorded it happens in the product's kernel, before
/// the result is stored; where one is, so do a convolution's activation, gate and residual connection (the sums are kept where gradients need them:
/// a gate's and GELU's). What has a scale, what follows a matrix product, and all in mixed precision is then composed of differentiable operations.
/// </summary>
public sealed class FusedEpilogue
{
    private readonly FusedActivation activation;
    private readonly Tensor? scale;
    private readonly Tensor? shift;
    private readonly Tensor? other;
    private readonly Tensor? otherScale;
    private readonly bool multiplies;

    private FusedEpilogue(
        FusedActivation activation, Tensor? scale = null, Tensor? shift = null, Tensor? other = null, Tensor? otherScale = null,
        bool multiplies = false)
    {
        (this.activation, this.scale, this.shift) = (activation, scale, shift);
        (this.other, this.otherScale, this.multiplies) = (other, otherScale, multiplies);
    }

    /// <summary>activation(y).</summary>
    public static FusedEpilogue Activate(FusedActivation activation) => new(activation);

    /// <summary>activation(y * scale + shift): a batch norm with fixed statistics (<see cref="BatchNorm.Fold"/>).</summary>
    /// <param name="scale">[C].</param>
    /// <param name="shift">[C].</param>
    /// <param name="activation">What follows.</param>
    public static FusedEpilogue Affine(Tensor scale, Tensor shift, FusedActivation activation = FusedActivation.None) =>
        new(activation, scale, shift);

    /// <summary>activation(y + other): a residual connection.</summary>
    /// <param name="other">Of the result's shape.</param>
    /// <param name="activation">What follows.</param>
    public static FusedEpilogue Add(Tensor other, FusedActivation activation = FusedActivation.None) => new(activation, other: other);

    /// <summary>y * scale + other: a residual connection with a layer scale.</summary>
    /// <param name="scale">[C].</param>
    /// <param name="other">Of the result's shape.</param>
    public static FusedEpilogue ScaleAdd(Tensor scale, Tensor other) => new(FusedActivation.None, scale, other: other);

    /// <summary>y * scale + shift + other * otherScale.</summary>
    /// <param name="scale">[C].</param>
    /// <param name="shift">[C].</param>
    /// <param name="other">Of the result's shape.</param>
    /// <param name="otherScale">[C].</param>
    public static FusedEpilogue AffineAdd(Tensor scale, Tensor shift, Tensor other, Tensor otherScale) =>
        new(FusedActivation.None, scale, shift, other, otherScale);

    /// <summary>y * other: a gate.</summary>
    /// <param name="other">Of the result's shape.</param>
    public static FusedEpilogue Multiply(Tensor other) => new(FusedActivation.None, other: other, multiplies: true);

    /// <summary>Whether a gradient is recorded through the epilogue's own tensors or those given.</summary>
    internal bool Records(params ReadOnlySpan<Tensor?> inputs)
    {
        if (!Autograd.MayDifferentiate) return false;
        foreach (var input in inputs)
        {
            if (input is { RequiresGrad: true }) return true;
        }
        return scale is { RequiresGrad: true } || shift is { RequiresGrad: true } || other is { RequiresGrad: true }
            || otherScale is { RequiresGrad: true };
    }

    /// <summary>Requires operands that fit the result.</summary>
    /// <exception cref="ShapeException">One does not; the message names it.</exception>
    internal void Check(string op, Tensor x, Shape result)
    {
        OpCheck.SameDevice(op, x, scale, shift, other, otherScale);
        OpCheck.SameDType(op, x, scale, shift, other, otherScale);
        ReadOnlySpan<(string, Tensor?)> factors = [("scale", scale), ("shift", shift), ("otherScale", otherScale)];
        foreach (var (name, factor) in factors)
        {
            if (factor is not null && factor.Shape != new Shape(result[^1]))
            {
                throw new ShapeException(
                    op, $"{name} must hold one value for each channel of the result, [C]", ("result", result), (name, factor.Shape));
            }
        }
        if (other is not null && other.Shape != result)
            throw new ShapeException(op, "other must have the result's shape", ("result", result), ("other", other.Shape));
    }

    /// <summary>Whether it may happen in the product's kernel where gradients are recorded: they follow from the result or from the product's sums.</summary>
    internal bool HasGradient => multiplies || (scale is null && (other is null || activation != FusedActivation.Gelu));

    /// <summary>Whether the gradients need the sums.</summary>
    internal bool KeepsSums => multiplies || activation == FusedActivation.Gelu;

    /// <summary>The other tensor of a gate or residual connection.</summary>
    internal Tensor? Other => other;

    /// <summary>What <see cref="Backward"/> reads beside the result's gradient.</summary>
    /// <param name="result">The result.</param>
    /// <param name="sums">The sums, where they are kept.</param>
    internal Tensor[] Saved(Tensor result, Tensor? sums) =>
        multiplies ? [sums!, other!]
        : activation == FusedActivation.None ? []
        : [sums ?? result];

    /// <summary>Calls a kernel with the epilogue that keeps the sums; see <see cref="KeepsSums"/>.</summary>
    /// <param name="call">The launch.</param>
    /// <param name="sums">Written: the sums, of the result's shape.</param>
    internal void DispatchKeeping<T, R>(IEpilogueCall<T> call, Tensor sums)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        if (multiplies) call.Run<KeepingProductEpilogue<T>>(new(default, default, other!.View<T>(), default, sums.View<T>()));
        else call.Run<KeepingActivationEpilogue<T, GeluActivation<T, R>>>(new(default, default, default, default, sums.View<T>()));
    }

    /// <summary>The gradients of the sums and of <see cref="Other"/>; both may be <paramref name="dy"/>. See <see cref="HasGradient"/>.</summary>
    /// <param name="dy">The result's gradient.</param>
    /// <param name="known">The sums, or the result where they are not kept.</param>
    internal (Tensor Sums, Tensor? Other) Backward<T, R>(Tensor dy, Tensor known)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        if (!multiplies && activation == FusedActivation.None) return (dy, dy);
        var (host, g, at) = (dy.Device.Kernels, dy.View<T>(), known.View<T>());
        var dsums = Tensor.Empty(dy.Shape, dy.DType, dy.Device);
        if (!multiplies)
        {
            if (activation == FusedActivation.Gelu) GeluKernels.Backward<T, R>(host, at, g, dsums.View<T>());
            else ReluKernels.Backward(host, at, g, dsums.View<T>());
            return (dsums, dsums);
        }
        if (!other!.RequiresGrad)
        {
            ElementwiseKernels.Multiply(host, g, other.View<T>(), dsums.View<T>());
            return (dsums, null);
        }
        var dother = Tensor.Empty(dy.Shape, dy.DType, dy.Device);
        ElementwiseKernels.MultiplyBackward(host, at, other.View<T>(), g, dsums.View<T>(), dother.View<T>());
        return (dsums, dother);
    }

    /// <summary>The same by differentiable operations.</summary>
    /// <param name="y">What the epilogue is applied to; freed, unless it is the result.</param>
    public Tensor Compose(Tensor y)
    {
        var result = Composed(y);
        if (result != y) y.Dispose();
        return result;
    }

    private Tensor Composed(Tensor y)
    {
        if (multiplies) return Ops.Multiply.Apply(y, other!);
        if (scale is not null && shift is null) return ScaledResidual.Apply(other!, y, scale);
        if (scale is not null) y = ComposeAffine(y, scale, shift!);
        if (other is not null) y = Ops.Add.Apply(y, otherScale is null ? other : ChannelScale.Apply(other, otherScale));
        return activation switch
        {
            FusedActivation.Relu => Relu.Apply(y),
            FusedActivation.Gelu => Gelu.Apply(y),
            _ => y,
        };
    }

    /// <summary>Calls a kernel with the epilogue as a type argument.</summary>
    internal void Dispatch<T, R>(IEpilogueCall<T> call)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        switch (activation)
        {
            case FusedActivation.Relu: Dispatch<T, R, ReluActivation<T>>(call); break;
            case FusedActivation.Gelu: Dispatch<T, R, GeluActivation<T, R>>(call); break;
            default: Dispatch<T, R, IdentityActivation<T>>(call); break;
        }
    }

    private void Dispatch<T, R, TActivation>(IEpilogueCall<T> call)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
        where TActivation : struct, IActivation<T>
    {
        var operands = new EpilogueOperands<T>(View(scale), View(shift), View(other), View(otherScale));
        if (multiplies) call.Run<ProductEpilogue<T>>(operands);
        else if (scale is not null && shift is null) call.Run<ScaledResidualEpilogue<T, R>>(operands);
        else if (otherScale is not null) call.Run<AffineResidualEpilogue<T, R>>(operands);
        else if (scale is not null) call.Run<AffineEpilogue<T, R, TActivation>>(operands);
        else if (other is not null) call.Run<ResidualEpilogue<T, TActivation>>(operands);
        else call.Run<ActivationEpilogue<T, TActivation>>(operands);

        static ILGPU.ArrayView<T> View(Tensor? tensor) => tensor is null ? default : tensor.View<T>();
    }

    // A batch norm with mean 0 and variance 1 multiplies by its weight and adds its bias, and has both gradients.
    private static Tensor ComposeAffine(Tensor y, Tensor scale, Tensor shift)
    {
        var zeros = Tensor.Zeros(scale.Shape, scale.DType, scale.Device);
        var ones = Tensor.Full(scale.Shape, 1, scale.DType, scale.Device);
        return BatchNorm.Apply(y, scale, shift, zeros, ones, training: false, eps: 0);
    }
}

/// <summary>A launch that takes an epilogue as type argument.</summary>
internal interface IEpilogueCall<T>
    where T : unmanaged, INumber<T>
{
    /// <summary>Launches.</summary>
    void Run<TEpilogue>(EpilogueOperands<T> operands)
        where TEpilogue : struct, IEpilogue<T>;
}
