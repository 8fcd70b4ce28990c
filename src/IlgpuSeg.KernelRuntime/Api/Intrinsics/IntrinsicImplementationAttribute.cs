namespace ILGPU.IR.Intrinsics;

/// <summary>Marks a method that devices may implement in their own way; its body is for those that do not.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class IntrinsicImplementationAttribute : Attribute
{
    /// <summary>Marks a method.</summary>
    public IntrinsicImplementationAttribute()
    {
    }
}
