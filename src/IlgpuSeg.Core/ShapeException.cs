namespace IlgpuSeg;

/// <summary>Operands that an operation cannot take: names the operation, the shapes and the rule that they break.</summary>
public sealed class ShapeException : ArgumentException
{
    /// <summary>Builds the message "op: rule; got a [..], b [..]".</summary>
    /// <param name="op">The operation.</param>
    /// <param name="rule">The rule that is broken, as a sentence.</param>
    /// <param name="shapes">The operands by name.</param>
    public ShapeException(string op, string rule, params (string Name, Shape Shape)[] shapes)
        : base($"{op}: {rule}; got {string.Join(", ", shapes.Select(s => $"{s.Name} {s.Shape}"))}.")
    {
        Op = op;
        Rule = rule;
    }

    /// <summary>The operation that refused its operands.</summary>
    public string Op { get; }

    /// <summary>The rule that is broken.</summary>
    public string Rule { get; }
}

/// <summary>The checks that operations share.</summary>
public static class OpCheck
{
    /// <summary>Requires one device.</summary>
    /// <exception cref="ArgumentException">The operands live on different devices.</exception>
    public static void SameDevice(string op, params ReadOnlySpan<Tensor?> tensors)
    {
        Tensor? first = null;
        foreach (var t in tensors)
        {
            first ??= t;
            if (t is not null && t.Device != first!.Device)
                throw new ArgumentException($"{op}: all operands must live on one device; got {first.Device.Name} and {t.Device.Name}.");
        }
    }

    /// <summary>Requires one element type.</summary>
    /// <exception cref="ArgumentException">The operands' types differ.</exception>
    public static void SameDType(string op, params ReadOnlySpan<Tensor?> tensors)
    {
        Tensor? first = null;
        foreach (var t in tensors)
        {
            first ??= t;
            if (t is not null && t.DType != first!.DType)
                throw new ArgumentException($"{op}: all operands must have one dtype; got {first.DType} and {t.DType}.");
        }
    }

    /// <summary>Requires a floating-point operand.</summary>
    /// <exception cref="ArgumentException">The operand holds integers.</exception>
    public static void FloatingPoint(string op, string name, Tensor tensor)
    {
        if (!tensor.DType.IsFloatingPoint())
            throw new ArgumentException($"{op}: {name} must hold floating-point numbers; got {tensor.DType} {tensor.Shape}.");
    }

    /// <summary>Requires integers.</summary>
    /// <exception cref="ArgumentException">The operand holds floating-point numbers.</exception>
    public static void Int32(string op, string name, Tensor tensor)
    {
        if (tensor.DType != DType.Int32)
            throw new ArgumentException($"{op}: {name} must hold Int32; got {tensor.DType} {tensor.Shape}.");
    }

    /// <summary>Requires a number of axes.</summary>
    /// <exception cref="ShapeException">The rank differs.</exception>
    public static void Rank(string op, string name, Tensor tensor, int rank)
    {
        if (tensor.Shape.Rank != rank)
            throw new ShapeException(op, $"{name} must have {rank} {(rank == 1 ? "axis" : "axes")}", (name, tensor.Shape));
    }

    /// <summary>Requires so many axes at least, and an element.</summary>
    /// <exception cref="ShapeException">There are fewer axes, or no elements.</exception>
    public static void NotEmpty(string op, string name, Tensor tensor, int axes)
    {
        if (tensor.Shape.Rank < axes || tensor.Length == 0)
            throw new ShapeException(op, $"{name} must have at least {axes} {(axes == 1 ? "axis" : "axes")} and one element", (name, tensor.Shape));
    }
}
