using IlgpuSeg.Ops;

namespace IlgpuSeg.Nn.Optim;

/// <summary>
/// Stochastic gradient descent with momentum and weight decay, as PyTorch defines it: v = momentum * v + (g + decay * w), w -= lr * v. All
/// parameters are moved by a few launches, and nothing is read back from the device.
/// </summary>
public sealed class Sgd
{
    private readonly List<Slot> slots = [];

    /// <summary>An optimiser of the given parameters.</summary>
    /// <param name="parameters">What to learn; names are unique.</param>
    /// <param name="momentum">The velocity's factor, in [0, 1).</param>
    /// <param name="weightDecay">The factor of the weight that is added to the gradient, not negative.</param>
    /// <param name="decays">Which parameters decay; all if null.</param>
    /// <exception cref="ArgumentException">A setting is out of range, or a name occurs twice.</exception>
    public Sgd(IEnumerable<Parameter> parameters, double momentum = 0.9, double weightDecay = 1e-4, Func<Parameter, bool>? decays = null)
    {
        if (!(momentum >= 0 && momentum < 1))
            throw new ArgumentException($"The momentum must lie in [0, 1), but is {momentum}.");
        if (!(weightDecay >= 0) || double.IsInfinity(weightDecay))
            throw new ArgumentException($"The weight decay must not be negative, but is {weightDecay}.");
        (Momentum, WeightDecay) = (momentum, weightDecay);
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var parameter in parameters)
        {
            if (!names.Add(parameter.Name))
                throw new ArgumentException($"Two parameters are called '{parameter.Name}'.");
            slots.Add(new Slot(parameter, decays?.Invoke(parameter) ?? true));
        }
    }

    /// <summary>The velocity's factor.</summary>
    public double Momentum { get; }

    /// <summary>The weight decay.</summary>
    public double WeightDecay { get; }

    /// <summary>Whether steps look ahead along the velocity.</summary>
    public bool Nesterov { get; init; }

    /// <summary>Gradients whose norm, that of all together, is larger are scaled down to it; 0 leaves them alone.</summary>
    /// <exception cref="ArgumentException">It is negative.</exception>
    public double ClipNorm
    {
        get;
        init => field = value >= 0 ? value : throw new ArgumentException($"The norm to clip to must not be negative, but is {value}.");
    }

    /// <summary>Moves every parameter that has a gradient; one without is left alone, weight decay included.</summary>
    /// <param name="lr">The learning rate.</param>
    public void Step(double lr)
    {
        using var scope = new TensorScope();
        var moved = slots.Where(slot => slot.Parameter.Value.Grad is not null).ToArray();
        if (moved.Length == 0) return;
        var grads = Array.ConvertAll(moved, slot => slot.Parameter.Value.Grad!);
        var scale = ClipNorm > 0 ? GradientNorm.ClipScale(GradientNorm.Apply(grads), ClipNorm) : null;
        Ops.Sgd.Step(
            Array.ConvertAll(moved, slot => slot.Parameter.Value), grads, Array.ConvertAll(moved, slot => slot.Velocity),
            Array.ConvertAll(moved, slot => slot.Decays ? WeightDecay : 0), new SgdRates(lr, Momentum, Nesterov), scale);
    }

    /// <summary>Frees the gradients of all parameters.</summary>
    public void ZeroGrad()
    {
        foreach (var slot in slots) slot.Parameter.Value.ZeroGrad();
    }

    /// <summary>The velocities by parameter name, widened to double, for a checkpoint.</summary>
    public IReadOnlyDictionary<string, double[]> ExportState() =>
        slots.ToDictionary(slot => slot.Parameter.Name, slot => slot.Velocity.ToDoubles(), StringComparer.Ordinal);

    /// <summary>Restores velocities that <see cref="ExportState"/> returned; parameters that are missing there start anew.</summary>
    /// <param name="state">Elements by parameter name.</param>
    /// <exception cref="ArgumentException">A name is not a parameter's, or a length differs; nothing was changed.</exception>
    public void ImportState(IReadOnlyDictionary<string, double[]> state)
    {
        var byName = slots.ToDictionary(slot => slot.Parameter.Name, StringComparer.Ordinal);
        foreach (var (name, values) in state)
        {
            if (!byName.TryGetValue(name, out var slot))
                throw new ArgumentException($"The optimiser's state holds '{name}', which is no parameter.");
            if (values.Length != slot.Parameter.Value.Length)
            {
                throw new ArgumentException(
                    $"The optimiser's state holds {values.Length} elements for '{name}' {slot.Parameter.Value.Shape}.");
            }
        }
        foreach (var slot in slots)
            slot.Restore(state.GetValueOrDefault(slot.Parameter.Name));
    }

    private sealed class Slot(Parameter parameter, bool decays)
    {
        public Parameter Parameter { get; } = parameter;

        public bool Decays { get; } = decays;

        // Made here and not at the first step, which may run inside a scope that would free it.
        public Tensor Velocity { get; } = Tensor.Zeros(parameter.Value.Shape, parameter.Value.DType, parameter.Value.Device);

        public void Restore(double[]? values)
        {
            using var restored = Tensor.FromDoubles(values ?? new double[Velocity.Length], Velocity.Shape, Velocity.DType, Velocity.Device);
            Velocity.CopyFrom(restored);
        }
    }
}
