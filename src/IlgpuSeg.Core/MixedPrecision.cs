using IlgpuSeg.Kernels;
using IlgpuSeg.Memory;
using IlgpuSeg.Ops;

namespace IlgpuSeg;

/// <summary>How an operation treats BFloat16.</summary>
internal enum PrecisionRule
{
    /// <summary>Operands are rounded to bfloat16, the result too: convolutions, matrix products, attention.</summary>
    Product,

    /// <summary>Float32 operands (parameters) are used as they are, the result is rounded to bfloat16.</summary>
    Follow,

    /// <summary>The result stays Float32: softmax, sums, losses.</summary>
    Wide,
}

/// <summary>
/// Runs operations on BFloat16 tensors by their Float32 kernels: operands are widened into temporaries, the result is rounded. Backward
/// works the same way: what the operation saved is kept in 16 bits (sharing the operands' own memory) and widened anew. A device with
/// bfloat16 kernels of its own needs none of this for the operations that have one.
/// </summary>
internal static class MixedPrecision
{
    /// <summary>Whether an operation must go through <see cref="Run"/>.</summary>
    /// <param name="rule">The operation's rule.</param>
    /// <param name="operands">Its floating-point operands.</param>
    public static bool Applies(PrecisionRule rule, params ReadOnlySpan<Tensor?> operands)
    {
        var (narrow, single) = (false, true);
        foreach (var operand in operands)
        {
            narrow |= operand is { DType: DType.BFloat16 };
            single &= operand is null or { DType: DType.Float32 };
        }
        return narrow || (rule == PrecisionRule.Product && single && Autocast.Enabled);
    }

    /// <summary>Whether all operands are Float32 or BFloat16; null where an optional one is absent.</summary>
    public static bool IsNarrowable(params ReadOnlySpan<Tensor?> operands)
    {
        foreach (var operand in operands)
        {
            if (operand is not (null or { DType: DType.Float32 or DType.BFloat16 })) return false;
        }
        return true;
    }

    /// <summary>Runs an operation.</summary>
    /// <param name="op">Its name, for messages.</param>
    /// <param name="rule">How it treats BFloat16.</param>
    /// <param name="inputs">Its differentiable operands, null where absent.</param>
    /// <param name="compute">The operation on Float32 operands; records one node with exactly those as inputs.</param>
    /// <param name="factors">
    /// How many of the first inputs are factors of a product, which <see cref="PrecisionRule.Product"/> rounds; what is added in float (a bias)
    /// comes after them.
    /// </param>
    /// <param name="multipliesFactorsOnly">
    /// Whether all products of the operation and of its gradient are of those factors and the result's gradient, which are bfloat16 numbers: tf32
    /// holds them, so that tensor cores lose nothing.
    /// </param>
    /// <exception cref="ArgumentException">An operand is neither Float32 nor BFloat16.</exception>
    public static Tensor Run(
        string op, PrecisionRule rule, Tensor?[] inputs, Func<Tensor?[], Tensor> compute, int factors = int.MaxValue,
        bool multipliesFactorsOnly = false)
    {
        foreach (var input in inputs)
        {
            if (input is not (null or { DType: DType.Float32 or DType.BFloat16 }))
                throw new ArgumentException($"{op}: operands must all be Float32 or BFloat16 here; got {input.DType} {input.Shape}.");
        }
        using var scope = new TensorScope();
        var operands = new Operand?[inputs.Length];
        for (var i = 0; i < inputs.Length; i++)
        {
            if (inputs[i] is { } input) operands[i] = Operand.Of(input, rounded: rule == PrecisionRule.Product && i < factors);
        }
        using var capture = new GradientCapture();
        Tensor wide;
        using (new Autocast(enabled: false))
        using (multipliesFactorsOnly ? KernelHost.FactorsFitTf32() : null)
            wide = compute(Array.ConvertAll(operands, operand => operand?.Wide));
        var result = scope.Keep(rule == PrecisionRule.Wide ? wide : Narrow(wide));
        capture.Dispose();
        if (capture.Recorded is not { } recorded)
        {
            // Nothing to record; but a checkpoint hears of the operation.
            return Autograd.Record(op, result, inputs, _ => throw new InvalidOperationException($"{op} has recorded no gradient."));
        }
        new Pass(operands, wide, result, recorded, multipliesFactorsOnly).Record(op, inputs);
        recorded.Release();
        return result;
    }

    private static Tensor Narrow(Tensor wide)
    {
        using var noGrad = Autograd.NoGrad();
        return Cast.Apply(wide, DType.BFloat16);
    }

    private static Tensor Widen(Tensor narrow)
    {
        using var noGrad = Autograd.NoGrad();
        return Cast.Apply(narrow, DType.Float32);
    }

    /// <summary>An operand, and the Float32 tensor that stands for it in the operation.</summary>
    /// <param name="Source">What the caller gave.</param>
    /// <param name="Wide">The source itself, or a temporary that only has elements while the operation runs.</param>
    /// <param name="Kept">What the temporary is made from: the source, or its rounded copy.</param>
    private sealed record Operand(Tensor Source, Tensor Wide, Tensor Kept)
    {
        public bool IsTemporary => Source != Wide;

        public static Operand Of(Tensor source, bool rounded)
        {
            if (source.DType == DType.Float32 && !rounded) return new Operand(source, source, source);
            // A leaf (a parameter, the images) is there until backward anyway: it is rounded again rather than kept twice.
            var kept = source.DType == DType.BFloat16 || source.GradNode is null ? source : Narrow(source);
            var wide = Widened(kept);
            wide.RequiresGrad = Autograd.Enabled && source.RequiresGrad;
            return new Operand(source, wide, kept);
        }

        /// <summary>The elements that the temporary had in the forward pass.</summary>
        public Tensor Restored() => Widened(Kept);

        private static Tensor Widened(Tensor kept) => Widen(kept.DType == DType.BFloat16 ? kept : Narrow(kept));
    }

    /// <summary>The backward pass of one operation.</summary>
    private sealed class Pass(Operand?[] operands, Tensor wide, Tensor result, RecordedGradient recorded, bool multipliesFactorsOnly)
    {
        public void Record(string op, Tensor?[] inputs) =>
            Autograd.Record(op, result, inputs, Backward, Array.ConvertAll(recorded.Saved, KeptFor));

        private Tensor KeptFor(Tensor saved)
        {
            if (saved == wide) return result;
            return Array.Find(operands, operand => operand?.Wide == saved)?.Kept ?? saved;
        }

        private Tensor?[] Backward(Tensor gradient)
        {
            using var scope = new TensorScope();
            var wideGradient = result == wide ? gradient : Widen(gradient);
            var borrowed = new List<Tensor>();
            try
            {
                foreach (var tensor in recorded.Saved) Restore(tensor, borrowed);
                using var tf32 = multipliesFactorsOnly ? KernelHost.FactorsFitTf32() : null;
                var gradients = recorded.Backward(wideGradient);
                for (var i = 0; i < gradients.Length; i++)
                {
                    if (gradients[i] is not { } wideInput || operands[i] is not { } operand) continue;
                    gradients[i] = scope.Keep(
                        operand.Source.DType == DType.Float32 ? wideInput
                        : wideInput == wideGradient && gradient.DType == DType.BFloat16 ? gradient
                        : Narrow(wideInput));
                }
                return gradients;
            }
            finally
            {
                foreach (var tensor in borrowed) tensor.ReturnElements();
            }
        }

        private void Restore(Tensor saved, List<Tensor> borrowed)
        {
            if (borrowed.Contains(saved)) return;
            var elements = saved == wide && result != wide
                ? Widen(result)
                : Array.Find(operands, operand => operand is { IsTemporary: true } && operand.Wide == saved)?.Restored();
            if (elements is null) return;
            saved.BorrowElements(elements);
            borrowed.Add(saved);
        }
    }
}

/// <summary>What an operation handed to <see cref="Autograd.Record"/>; keeps the elements of what it saved until it is released.</summary>
internal sealed class RecordedGradient(Func<Tensor, Tensor?[]> backward, Tensor[] saved)
{
    private readonly Storage[] held = Array.ConvertAll(saved, tensor => tensor.HoldElements());

    public Func<Tensor, Tensor?[]> Backward { get; } = backward;

    public Tensor[] Saved { get; } = saved;

    public void Release()
    {
        foreach (var storage in held) storage.Release();
    }
}

/// <summary>Takes the record of the one operation that runs inside it, instead of the graph.</summary>
internal sealed class GradientCapture : IDisposable
{
    [ThreadStatic]
    private static GradientCapture? current;

    private readonly GradientCapture? outer;
    private bool closed;

    public GradientCapture()
    {
        outer = current;
        current = this;
    }

    /// <summary>The capture that is open on this thread.</summary>
    public static GradientCapture? Current => current;

    /// <summary>The operation's record; null where it needed no gradient.</summary>
    public RecordedGradient? Recorded { get; private set; }

    /// <summary>Takes a record.</summary>
    /// <exception cref="InvalidOperationException">There was one already: the operation is composed of several.</exception>
    public void Take(string op, RecordedGradient gradient)
    {
        if (Recorded is not null)
            throw new InvalidOperationException($"{op} records several gradients, so it cannot run as one operation in mixed precision.");
        Recorded = gradient;
    }

    public void Dispose()
    {
        if (closed) return;
        closed = true;
        current = outer;
    }
}
