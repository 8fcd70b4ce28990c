using System.Reflection;
using System.Text.RegularExpressions;

namespace IlgpuSeg.KernelRuntime.Tests.Conformance;

/// <summary>The committed lists of ILGPU's interface: per type a header line and the lines of its members.</summary>
internal sealed partial class ApiList
{
    private const int LargestArity = 14;

    private readonly Dictionary<string, HashSet<string>> _sections = [];

    /// <summary>Reads lists.</summary>
    /// <param name="texts">The lists; the sections of later ones add to those of former ones.</param>
    public ApiList(params string[] texts)
    {
        foreach (string text in texts)
            Read(text);
    }

    /// <summary>Both committed lists.</summary>
    public static ApiList Committed => new(Resource("ilgpu-1.5.3-api.txt"), Resource("ilgpu-1.5.3-support.txt"));

    /// <summary>The lines of a type that the lists do not hold: its header, or members.</summary>
    public IEnumerable<string> Foreign(Type type)
    {
        string header = ApiSurface.Header(type);
        if (!_sections.TryGetValue(header, out HashSet<string>? members))
            return [header];
        return ApiSurface.Members(type).Where(line => !members.Contains(line)).Select(line => $"{header}: {line}");
    }

    private static string Resource(string name)
    {
        Assembly assembly = typeof(ApiList).Assembly;
        string full = assembly.GetManifestResourceNames().Single(candidate => candidate.EndsWith(name, StringComparison.Ordinal));
        using var reader = new StreamReader(assembly.GetManifestResourceStream(full)!);
        return reader.ReadToEnd();
    }

    private void Read(string text)
    {
        HashSet<string>? section = null;
        foreach (string line in text.Split('\n').Select(line => line.TrimEnd('\r')))
        {
            if (line.StartsWith("## ", StringComparison.Ordinal))
            {
                if (!_sections.TryGetValue(line, out section))
                    _sections.Add(line, section = []);
            }
            else if (line.Length > 0 && !line.StartsWith('#'))
            {
                section!.Add(line);
                // Of the generic kernel loaders the list holds 1, 2 and 14 parameters; the others follow from the last.
                if (Loader().IsMatch(line))
                    section.UnionWith(Enumerable.Range(1, LargestArity).Select(arity => WithArity(line, arity)));
            }
        }
    }

    private static string WithArity(string line, int arity) =>
        line.Replace(TypeNames(LargestArity), TypeNames(arity), StringComparison.Ordinal);

    private static string TypeNames(int arity) => string.Join(",", Enumerable.Range(1, arity).Select(i => $"T{i}"));

    [GeneratedRegex(@" Load\w*Kernel<(TIndex,)?T1,.*,T14>\(this Accelerator ")]
    private static partial Regex Loader();
}
