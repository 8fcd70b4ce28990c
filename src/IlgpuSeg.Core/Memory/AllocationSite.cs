using System.Diagnostics;

namespace IlgpuSeg.Memory;

/// <summary>Describes where a tensor was made: the operation, and the line of the code that called the engine.</summary>
internal static class AllocationSite
{
    private const string Operations = "IlgpuSeg.Ops";

    /// <summary>The calling site, for example "Conv2d in Mlp.Forward (VanBlock.cs:141)"; backward passes say so.</summary>
    public static string Capture()
    {
        var trace = new StackTrace(fNeedFileInfo: true);
        string? operation = null;
        var backward = false;
        foreach (var frame in trace.GetFrames())
        {
            if (frame.GetMethod() is not { DeclaringType: { } declaring } method) continue;
            var type = Outermost(declaring);
            if (type.Assembly != typeof(AllocationSite).Assembly)
            {
                var prefix = operation is null ? "" : $"{operation}{(backward ? ", backward," : "")} in ";
                return $"{prefix}{Short(type.Name)}.{Readable(method.Name)}{Line(frame)}";
            }
            // The outermost operation is the one that was called; those inside are its parts.
            if (type.Namespace == Operations) operation = Short(type.Name);
            backward |= type == typeof(GradientPass);
        }
        return operation ?? "an unknown place";
    }

    private static Type Outermost(Type type)
    {
        while (type.DeclaringType is { } outer) type = outer;
        return type;
    }

    private static string Line(StackFrame frame) =>
        frame.GetFileName() is { } file ? $" ({Path.GetFileName(file)}:{frame.GetFileLineNumber()})" : "";

    /// <summary>Without the number of type arguments.</summary>
    private static string Short(string name) => name.Split('`')[0];

    /// <summary>Constructors and lambdas under the names that their authors know.</summary>
    private static string Readable(string method)
    {
        if (method is ".ctor" or ".cctor") return "new";
        // The compiler calls a lambda of Main <Main>b__0.
        return method.StartsWith('<') && method.IndexOf('>') is > 1 and var end ? method[1..end] : method;
    }
}
