namespace IlgpuSeg.SelfTest;

/// <summary>How large the shapes of a drawn case are.</summary>
public enum CaseSize
{
    /// <summary>Everything that is drawn takes its smallest value: batch 1, one channel, one pixel.</summary>
    One,

    /// <summary>A few pixels and channels: for numerical gradients and slow devices.</summary>
    Small,

    /// <summary>Several tiles of every kernel, with odd rests.</summary>
    Large,
}

/// <summary>
/// Draws one case of an operation: named choices (extents, options), which can be replayed smaller to find the simplest case that
/// fails, and the inputs' elements, which depend on the seed alone. All elements are representable in single precision.
/// </summary>
public sealed class CaseDraw
{
    private readonly CaseSize size;
    private readonly Philox random;
    private readonly Philox elements;
    private readonly IReadOnlyList<int>? replay;
    private readonly List<int> choices = [];
    private readonly List<string> names = [];
    private readonly List<OpInput> inputs = [];

    internal CaseDraw(ulong seed, CaseSize size, IReadOnlyList<int>? replay)
    {
        (this.size, this.replay) = (size, replay);
        random = new Philox(seed, 0);
        elements = new Philox(seed, 1);
    }

    /// <summary>What was chosen, as distances from the smallest values; can be replayed.</summary>
    public IReadOnlyList<int> Choices => choices;

    /// <summary>The inputs that were drawn, in order.</summary>
    public IReadOnlyList<OpInput> Inputs => inputs;

    /// <summary>The choices with their names: "n=2 h=5 w=3".</summary>
    public string Description => string.Join(' ', names);

    /// <summary>An extent between 1 and a bound that depends on the size of the case.</summary>
    public int Extent(string name, int small, int large) => Between(name, 1, size == CaseSize.Large ? large : small);

    /// <summary>An integer between two bounds, both included.</summary>
    public int Between(string name, int from, int to)
    {
        var value = from + Choose(to - from + 1);
        names.Add($"{name}={value}");
        return value;
    }

    /// <summary>One of several values; the first is the simplest.</summary>
    public T Pick<T>(string name, params T[] values)
    {
        var value = values[Choose(values.Length)];
        names.Add($"{name}={value}");
        return value;
    }

    /// <summary>Yes or no; no is the simpler one.</summary>
    public bool Flag(string name) => Pick(name, false, true);

    /// <summary>[N, H, W, C] with at least the given rows and columns.</summary>
    public Shape Image(int smallest = 1, int largeSide = 33, int largeChannels = 70)
    {
        var n = Extent("n", 3, 3);
        var h = smallest - 1 + Extent("h", 6, largeSide);
        var w = smallest - 1 + Extent("w", 6, largeSide);
        return new Shape(n, h, w, Extent("c", 9, largeChannels));
    }

    /// <summary>An input with a gradient, uniform between -1 and 1.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="shape">Its shape.</param>
    /// <param name="gap">How far elements keep away from zero.</param>
    public void Parameter(string name, Shape shape, double gap = 0) =>
        Add(name, shape, OpInputKind.Parameter, _ => Gapped(gap));

    /// <summary>An input with a gradient whose elements alternate in sign along every axis, so that no row is nearly constant.</summary>
    public void Alternating(string name, Shape shape)
    {
        var dims = shape.ToArray();
        Add(name, shape, OpInputKind.Parameter, i =>
        {
            var parity = 0;
            for (var axis = dims.Length - 1; axis >= 0; i /= dims[axis--]) parity ^= i % dims[axis] & 1;
            return (parity == 0 ? 1 : -1) * (0.5 + elements.NextDouble() / 2);
        });
    }

    /// <summary>An input with a gradient whose elements all differ, by 1/64 at least: a maximum has no derivative where two are equal.</summary>
    public void Distinct(string name, Shape shape)
    {
        var order = Enumerable.Range(0, (int)shape.Length).ToArray();
        elements.Shuffle<int>(order);
        Add(name, shape, OpInputKind.Parameter, i => (order[i] - order.Length / 2) / 64.0);
    }

    /// <summary>An input with a gradient and the given elements.</summary>
    public void Parameter(string name, Shape shape, Func<int, double> element) => Add(name, shape, OpInputKind.Parameter, element);

    /// <summary>An input without gradient, uniform between two bounds.</summary>
    public void Constant(string name, Shape shape, double from = -1, double to = 1) =>
        Add(name, shape, OpInputKind.Constant, _ => from + elements.NextDouble() * (to - from));

    /// <summary>Integers in [0, bound), each replaced by another value with a given probability.</summary>
    public void Integers(string name, Shape shape, int bound, int? other = null, double share = 0.25) =>
        Add(name, shape, OpInputKind.Integers, _ =>
        {
            var value = elements.Next(bound);
            return elements.NextDouble() < share && other is { } rare ? rare : value;
        });

    /// <summary>An element between two bounds.</summary>
    public double Element(double from, double to) => from + elements.NextDouble() * (to - from);

    private double Gapped(double gap)
    {
        var value = elements.NextDouble() * 2 - 1;
        return value + (value < 0 ? -gap : gap);
    }

    private void Add(string name, Shape shape, OpInputKind kind, Func<int, double> element)
    {
        var values = new double[shape.Length];
        for (var i = 0; i < values.Length; i++) values[i] = (float)element(i);
        inputs.Add(new OpInput(name, shape, kind, values));
    }

    private int Choose(int count)
    {
        var drawn = random.Next(count);
        var choice = size == CaseSize.One ? 0 : replay is null ? drawn : Math.Min(replay.ElementAtOrDefault(choices.Count), count - 1);
        choices.Add(choice);
        return choice;
    }
}
