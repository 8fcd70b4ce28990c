using System.Reflection;

namespace IlgpuSeg.Kernels;

/// <summary>A kernel of the library with all of its type arguments.</summary>
/// <param name="Name">Its readable name, unique in the library: class, method and those type arguments that are a choice, as in GemmPack.Pack&lt;float&gt;.</param>
/// <param name="Method">The closed method.</param>
public sealed record CatalogKernel(string Name, MethodInfo Method)
{
    /// <summary>The name.</summary>
    public override string ToString() => Name;
}

/// <summary>
/// Says that the catalogue closes a kernel's type parameter over one struct only, for parameters whose other structs change nothing but a
/// step that other kernels show with all of them, or with which the kernel is never launched.
/// </summary>
/// <param name="definition">The struct, open if it is generic.</param>
[AttributeUsage(AttributeTargets.GenericParameter)]
internal sealed class CataloguedWithAttribute(Type definition) : Attribute
{
    /// <summary>The struct, open if it is generic.</summary>
    public Type Definition { get; } = definition;
}

/// <summary>
/// Every kernel of the library, found by reflection: the static methods whose name ends in Kernel, each closed over all type arguments that
/// its constraints allow (or over a sample, see <see cref="CataloguedWithAttribute"/>). Numbers are float and double; an interface of this library stands for the library's structs that implement it.
/// </summary>
public static class KernelCatalog
{
    private const string Suffix = "Kernel";

    private static readonly Type[] Numbers = [typeof(float), typeof(double)];

    private static readonly Type[] Structs =
        [.. typeof(KernelCatalog).Assembly.GetTypes().Where(type => type is { IsValueType: true, IsEnum: false } && type.GetInterfaces().Any(IsOurs))];

    private static readonly Lazy<IReadOnlyList<CatalogKernel>> Kernels = new(Collect);

    /// <summary>All kernels, ordered by name.</summary>
    public static IReadOnlyList<CatalogKernel> All => Kernels.Value;

    /// <summary>The kernel of a name.</summary>
    /// <param name="name">A name of <see cref="All"/>, in any case.</param>
    /// <exception cref="ArgumentException">There is none; the message lists the nearest names.</exception>
    public static CatalogKernel Find(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (All.FirstOrDefault(kernel => string.Equals(kernel.Name, name, StringComparison.OrdinalIgnoreCase)) is { } found)
            return found;
        var near = All.Where(kernel => kernel.Name.Contains(name, StringComparison.OrdinalIgnoreCase)).ToArray();
        if (name.Length == 0 || near.Length == 0)
            near = [.. All.OrderBy(kernel => Distance(kernel.Name.ToUpperInvariant(), name.ToUpperInvariant()))];
        throw new ArgumentException($"There is no kernel '{name}'; near: {string.Join(", ", near.Take(4))}.");
    }

    /// <summary>A kernel's name as <see cref="All"/> has it; of one that is not listed, the same with all type arguments that are a choice.</summary>
    /// <param name="method">A kernel's method, closed over its type arguments.</param>
    public static string NameOf(MethodInfo method)
    {
        ArgumentNullException.ThrowIfNull(method);
        return NamesByMethod.Value.TryGetValue(method, out var listed) ? listed : $"{Plain(method)}{(method.IsGenericMethod ? Listed(Chosen(method)) : "")}";
    }

    private static readonly Lazy<Dictionary<MethodInfo, string>> NamesByMethod = new(() => All.ToDictionary(kernel => kernel.Method, kernel => kernel.Name));

    private static IEnumerable<Type> Chosen(MethodInfo method) =>
        method.GetGenericArguments().Where(type => !type.IsAssignableTo(typeof(IReal<float>)) && !type.IsAssignableTo(typeof(IReal<double>)));

    private static string Plain(MethodInfo method) => $"{Trim(method.DeclaringType?.Name ?? "", "Kernels")}.{Trim(method.Name, Suffix)}";

    private static string Listed(IEnumerable<Type> types) => $"<{string.Join(", ", types.Select(NameOf))}>";

    private static CatalogKernel[] Collect()
    {
        var kernels =
            from type in typeof(KernelCatalog).Assembly.GetTypes()
            where !type.IsGenericTypeDefinition
            from method in type.GetMethods(BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly)
            where method.Name.Length > Suffix.Length && method.Name.EndsWith(Suffix, StringComparison.Ordinal) && method.ReturnType == typeof(void)
            from kernel in Close(method)
            orderby kernel.Name
            select kernel;
        return [.. kernels];
    }

    private static IEnumerable<CatalogKernel> Close(MethodInfo method)
    {
        var name = Plain(method);
        if (!method.IsGenericMethodDefinition)
        {
            yield return new CatalogKernel(name, method);
            yield break;
        }
        foreach (var (arguments, chosen) in Assignments(method.GetGenericArguments()))
            yield return new CatalogKernel($"{name}{Listed(chosen)}", method.MakeGenericMethod(arguments));
    }

    /// <summary>All lists of type arguments, each with the arguments that do not follow from the ones before them.</summary>
    private static IEnumerable<(Type[] Arguments, Type[] Chosen)> Assignments(Type[] parameters) =>
        Assignments(parameters, [], []);

    private static IEnumerable<(Type[] Arguments, Type[] Chosen)> Assignments(Type[] parameters, Type[] arguments, Type[] chosen)
    {
        if (arguments.Length == parameters.Length)
            return [(arguments, chosen)];
        var candidates = Candidates(parameters, arguments).ToArray();
        // T is named even where it could be one type only: a name should show the precision.
        return candidates.SelectMany(candidate => Assignments(
            parameters, [.. arguments, candidate], candidates.Length > 1 || arguments.Length == 0 ? [.. chosen, candidate] : chosen));
    }

    private static IEnumerable<Type> Candidates(Type[] parameters, Type[] arguments)
    {
        var constraints = parameters[arguments.Length].GetGenericParameterConstraints().Where(type => type.IsInterface).ToArray();
        var sample = parameters[arguments.Length].GetCustomAttribute<CataloguedWithAttribute>()?.Definition;
        var domain = constraints.Any(IsOurs) ? Structs.Where(type => sample is null || type == sample).Where(type => constraints.All(constraint => Names(type, constraint))).SelectMany(Close) : Numbers;
        return domain.Where(candidate => constraints.All(constraint => Implements(candidate, constraint, parameters, [.. arguments, candidate])));
    }

    /// <summary>Whether a struct, closed or not, names an interface, with whatever type arguments.</summary>
    private static bool Names(Type type, Type constraint) =>
        type.GetInterfaces().Any(candidate => candidate.MetadataToken == constraint.MetadataToken && candidate.Module == constraint.Module);

    /// <summary>A struct, or all that a generic struct can become.</summary>
    private static IEnumerable<Type> Close(Type type) =>
        type.IsGenericTypeDefinition
            ? Assignments(type.GetGenericArguments()).Select(assignment => type.MakeGenericType(assignment.Arguments))
            : [type];

    private static bool Implements(Type candidate, Type constraint, Type[] parameters, Type[] arguments)
    {
        if (!constraint.IsGenericType)
            return constraint.IsAssignableFrom(candidate);
        var closed = constraint.GetGenericArguments()
            .Select(type => Array.IndexOf(parameters, type) is >= 0 and var at && at < arguments.Length ? arguments[at] : type);
        var wanted = closed.ToArray();
        return candidate.GetInterfaces().Any(type =>
            type.IsGenericType && type.GetGenericTypeDefinition() == constraint.GetGenericTypeDefinition()
            && type.GetGenericArguments().Zip(wanted).All(pair => pair.Second.ContainsGenericParameters || pair.First == pair.Second));
    }

    private static bool IsOurs(Type type) => type.Assembly == typeof(KernelCatalog).Assembly;

    private static string NameOf(Type type) =>
        type == typeof(float) ? "float"
        : type == typeof(double) ? "double"
        : type.IsGenericType ? type.Name[..type.Name.IndexOf('`')] + Choices(type)
        : type.Name;

    /// <summary>Of a generic struct's type arguments those that do not follow from the kernel's precision.</summary>
    private static string Choices(Type type)
    {
        var choices = type.GetGenericArguments().Where(argument => IsOurs(argument) && !Names(argument, typeof(IReal<>))).ToArray();
        return choices.Length == 0 ? "" : Listed(choices);
    }

    private static string Trim(string name, string suffix) =>
        name.EndsWith(suffix, StringComparison.Ordinal) ? name[..^suffix.Length] : name;

    /// <summary>The number of letters to change, add or drop from one text to the other (Levenshtein's distance).</summary>
    private static int Distance(string from, string to)
    {
        var previous = Enumerable.Range(0, to.Length + 1).ToArray();
        for (var i = 1; i <= from.Length; i++)
        {
            var current = new int[to.Length + 1];
            current[0] = i;
            for (var j = 1; j <= to.Length; j++)
                current[j] = Math.Min(Math.Min(previous[j], current[j - 1]) + 1, previous[j - 1] + (from[i - 1] == to[j - 1] ? 0 : 1));
            previous = current;
        }
        return previous[^1];
    }
}
