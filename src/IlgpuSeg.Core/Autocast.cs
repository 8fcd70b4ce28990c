namespace IlgpuSeg;

/// <summary>
/// Mixed precision on this thread until disposed, as torch.autocast: convolutions, matrix products and attention round their Float32 operands
/// to bfloat16, accumulate in float and yield BFloat16 tensors. Other operations follow their operands: what is element-wise, norms, pooling and
/// resizing yield BFloat16 for BFloat16 (computed in float, statistics kept in float); softmax, L2 norm, sums and losses yield Float32.
/// Parameters stay Float32 and get Float32 gradients. Float64 tensors are left alone.
/// </summary>
public sealed class Autocast : IDisposable
{
    [ThreadStatic]
    private static bool enabled;

    private readonly bool previous;
    private bool closed;

    /// <summary>Turns mixed precision on, or off within an outer scope.</summary>
    /// <param name="enabled">Whether products run in bfloat16.</param>
    public Autocast(bool enabled = true)
    {
        previous = Autocast.enabled;
        Autocast.enabled = enabled;
    }

    /// <summary>Whether products on this thread run in bfloat16.</summary>
    public static bool Enabled => enabled;

    /// <summary>Restores what was before.</summary>
    public void Dispose()
    {
        if (closed) return;
        closed = true;
        enabled = previous;
    }
}
