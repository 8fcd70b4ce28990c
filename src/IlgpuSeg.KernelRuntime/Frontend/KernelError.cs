using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;
using IlgpuSeg.KernelRuntime.Ir;
using ILGPU;

namespace IlgpuSeg.KernelRuntime.Frontend;

/// <summary>Builds the one kind of error that the compiler reports: where, what, and what to write instead.</summary>
internal static class KernelError
{
    public const string NoDelegates = "Use a struct type argument with a static abstract member instead of a delegate.";

    public const string LibraryCalls =
        "Kernels can call XMath, IntrinsicMath, the arithmetic of MathF and Math, and code of your own in their style.";

    public static InternalCompilerException At(IlSite? site, string construct, string advice, Exception? inner = null)
    {
        var where = site is null ? "" : $" at IL_{site.Offset:x4} of {Describe(site.Method)}{Source(site)}";
        return new InternalCompilerException($"This kernel cannot be compiled: {construct}{where}. {advice}", inner!);
    }

    public static string Describe(MethodBase method)
    {
        var arguments = method.IsGenericMethod ? $"<{string.Join(", ", method.GetGenericArguments().Select(Describe))}>" : "";
        return $"{(method.DeclaringType is { } type ? Describe(type) + "." : "")}{method.Name}{arguments}";
    }

    public static string Describe(Type type)
    {
        if (!type.IsGenericType)
        {
            return type.FullName ?? type.Name;
        }

        var name = (type.GetGenericTypeDefinition().FullName ?? type.Name).Split('`')[0];
        return $"{name}<{string.Join(", ", type.GetGenericArguments().Select(Describe))}>";
    }

    /// <summary>" (file:line)" out of the portable pdb beside the assembly; empty where there is none.</summary>
    private static string Source(IlSite site)
    {
        try
        {
            var pdb = Path.ChangeExtension(site.Method.Module.Assembly.Location, ".pdb");
            if (!File.Exists(pdb))
            {
                return "";
            }

            using var provider = MetadataReaderProvider.FromPortablePdbStream(File.OpenRead(pdb));
            var reader = provider.GetMetadataReader();
            var handle = (MethodDefinitionHandle)MetadataTokens.EntityHandle(site.Method.MetadataToken);
            var points = reader.GetMethodDebugInformation(handle.ToDebugInformationHandle()).GetSequencePoints();
            var point = points.Where(p => !p.IsHidden && p.Offset <= site.Offset).Select(p => (SequencePoint?)p).LastOrDefault();
            return point is { } found ? $" ({Path.GetFileName(reader.GetString(reader.GetDocument(found.Document).Name))}:{found.StartLine})" : "";
        }
        catch (Exception e) when (e is BadImageFormatException or IOException or ArgumentException)
        {
            // An unreadable pdb costs the line number, not the message.
            return "";
        }
    }
}
