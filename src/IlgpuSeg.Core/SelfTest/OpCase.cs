namespace IlgpuSeg.SelfTest;

/// <summary>What an input of an operation is.</summary>
public enum OpInputKind
{
    /// <summary>Floating-point with a gradient.</summary>
    Parameter,

    /// <summary>Floating-point without gradient.</summary>
    Constant,

    /// <summary>Int32.</summary>
    Integers,
}

/// <summary>One input of a case, on the host.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Shape">Its shape.</param>
/// <param name="Kind">What it is.</param>
/// <param name="Values">Its elements in row-major order, all representable in single precision.</param>
public sealed record OpInput(string Name, Shape Shape, OpInputKind Kind, double[] Values)
{
    /// <summary>The input as a tensor.</summary>
    /// <param name="dtype">The type of floating-point inputs.</param>
    /// <param name="device">Where to put it.</param>
    public Tensor ToTensor(DType dtype, Device device)
    {
        var tensor = Kind == OpInputKind.Integers
            ? Tensor.From<int>(Array.ConvertAll(Values, v => (int)v), Shape, device)
            : Tensor.FromDoubles(Values, Shape, dtype, device);
        tensor.Name = Name;
        if (Kind == OpInputKind.Parameter) tensor.RequiresGrad = true;
        return tensor;
    }
}

/// <summary>One operation of the engine with a way to draw random cases of it and the errors that are allowed.</summary>
/// <remarks>
/// Errors are differences relative to the largest element of the exact tensor, or to 1 where all are smaller: inputs are of order 1, and
/// a smaller result is one where larger terms cancel.
/// </remarks>
public sealed class OpCase
{
    private readonly Func<CaseDraw, Func<Tensor[], Tensor[]>> draw;

    internal OpCase(string op, Func<CaseDraw, Func<Tensor[], Tensor>> draw)
        : this(op, d =>
        {
            var apply = draw(d);
            return t => [apply(t)];
        })
    {
    }

    internal OpCase(string op, Func<CaseDraw, Func<Tensor[], Tensor[]>> draw) => (Op, this.draw) = (op, draw);

    /// <summary>The type and method that the case calls, such as "Conv2d.Apply".</summary>
    public string Op { get; }

    /// <summary>What sets the case apart from others of the same operation; may be empty.</summary>
    public string Variant { get; init; } = "";

    /// <summary>The operation and the variant.</summary>
    public string Name => Variant.Length == 0 ? Op : $"{Op}, {Variant}";

    /// <summary>The allowed error of a Float32 result.</summary>
    public double FloatTolerance { get; init; } = 5e-7;

    /// <summary>The allowed error of a Float32 gradient.</summary>
    public double FloatGradientTolerance { get; init; } = 2e-6;

    /// <summary>The allowed error of a Float64 result or gradient on another device than the CPU.</summary>
    public double DoubleTolerance { get; init; } = 1e-12;

    /// <summary>The allowed difference between a gradient in Float64 and the numerical one.</summary>
    public double GradCheckTolerance { get; init; } = 1e-6;

    /// <summary>Draws a case.</summary>
    /// <param name="seed">The seed; the same one gives the same case.</param>
    /// <param name="size">How large it is.</param>
    /// <param name="choices">The choices of another sample of this operation, to be taken in place of random ones.</param>
    public OpSample Draw(ulong seed, CaseSize size, IReadOnlyList<int>? choices = null)
    {
        var drawn = new CaseDraw(seed, size, choices);
        var apply = draw(drawn);
        return new OpSample(this, seed, size, drawn.Description, drawn.Choices, drawn.Inputs, apply);
    }

    /// <inheritdoc/>
    public override string ToString() => Name;
}

/// <summary>A drawn case of an operation.</summary>
/// <param name="Case">The operation.</param>
/// <param name="Seed">The seed it was drawn from.</param>
/// <param name="Size">How large it is.</param>
/// <param name="Description">Extents and options: "n=2 h=5 w=3 ...".</param>
/// <param name="Choices">What was chosen, for <see cref="OpCase.Draw"/>.</param>
/// <param name="Inputs">The inputs.</param>
/// <param name="Apply">The operation on the inputs as tensors; the first result is the differentiable one.</param>
public sealed record OpSample(
    OpCase Case, ulong Seed, CaseSize Size, string Description, IReadOnlyList<int> Choices, IReadOnlyList<OpInput> Inputs,
    Func<Tensor[], Tensor[]> Apply)
{
    /// <summary>Whether an input has a gradient.</summary>
    public bool IsDifferentiable => Inputs.Any(input => input.Kind == OpInputKind.Parameter);

    /// <summary>Runs the operation, and backward from a random gradient of the first result.</summary>
    /// <param name="dtype">The type of floating-point inputs.</param>
    /// <param name="device">Where to run.</param>
    public OpOutcome Run(DType dtype, Device device)
    {
        using var scope = new TensorScope();
        Tensor[] inputs = [.. Inputs.Select(input => input.ToTensor(dtype, device))];
        var results = Apply(inputs);
        if (IsDifferentiable)
            results[0].Backward(Tensor.FromDoubles(GradientOf(results[0]), results[0].Shape, dtype, device));
        // Absent gradients are zeros: an operation may leave out what it knows to vanish.
        return new OpOutcome(
            Array.ConvertAll(results, t => t.ToDoubles()),
            Array.ConvertAll(inputs, t => t.RequiresGrad ? t.Grad?.ToDoubles() ?? new double[t.Count] : null));
    }

    /// <summary>Compares the gradients in Float64 with numerical ones.</summary>
    /// <param name="device">Where to run.</param>
    /// <param name="maxElements">At most so many elements of each input.</param>
    /// <returns>What was seen; never throws for a wrong gradient.</returns>
    public GradCheckResult CheckGradients(Device device, int maxElements = int.MaxValue)
    {
        using var scope = new TensorScope();
        Tensor[] inputs = [.. Inputs.Select(input => input.ToTensor(DType.Float64, device))];
        return GradCheck.Run(t => Apply(t)[0], inputs, tolerance: double.PositiveInfinity, maxElements: maxElements);
    }

    /// <inheritdoc/>
    public override string ToString() => $"{Case.Name} ({Description}; seed {Seed})";

    private double[] GradientOf(Tensor result)
    {
        var random = new Philox(Seed, 2);
        var gradient = new double[result.Count];
        for (var i = 0; i < gradient.Length; i++) gradient[i] = (float)(random.NextDouble() * 2 - 1);
        return gradient;
    }
}

/// <summary>The numbers that an operation gave.</summary>
/// <param name="Results">The results' elements.</param>
/// <param name="Gradients">The inputs' gradients; null for those that have none.</param>
public sealed record OpOutcome(double[][] Results, double[]?[] Gradients);
