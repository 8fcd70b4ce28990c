using System.Runtime.CompilerServices;

namespace IlgpuSeg.KernelRuntime.Tests.Language;

/// <summary>Marks a kernel that is outside of the language, and what the compiler has to say about it.</summary>
/// <param name="construct">What the message names as the reason.</param>
/// <param name="advice">What it says to write instead.</param>
/// <param name="below">How many lines below this attribute the construct stands; 0 where the construct has no line of its own.</param>
/// <param name="line">The attribute's own line.</param>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class RefusedAttribute(string construct, string advice, int below = 3, [CallerLineNumber] int line = 0) : Attribute
{
    public string Construct { get; } = construct;

    public string Advice { get; } = advice;

    /// <summary>The line of the construct; 0 where it has none.</summary>
    public int Line { get; } = below == 0 ? 0 : line + below;

    /// <summary>The method that the message names, where it is not the kernel itself.</summary>
    public string? Method { get; init; }
}
