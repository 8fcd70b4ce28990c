using System.Reflection;
using System.Runtime.CompilerServices;

namespace IlgpuSeg.KernelRuntime.Tests.Conformance;

/// <summary>Writes public types and members as lines, in the format of the committed lists of ILGPU's interface.</summary>
internal static class ApiSurface
{
    private const BindingFlags Declared =
        BindingFlags.Public | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    private static readonly Dictionary<Type, string> Keywords = new()
    {
        [typeof(void)] = "void", [typeof(int)] = "int", [typeof(uint)] = "uint", [typeof(long)] = "long",
        [typeof(ulong)] = "ulong", [typeof(float)] = "float", [typeof(double)] = "double", [typeof(bool)] = "bool",
        [typeof(byte)] = "byte", [typeof(sbyte)] = "sbyte", [typeof(short)] = "short", [typeof(ushort)] = "ushort",
        [typeof(string)] = "string", [typeof(object)] = "object",
    };

    /// <summary>The line that opens a type's section.</summary>
    public static string Header(Type type)
    {
        bool hasBase = type.BaseType is { } parent && parent != typeof(object) && parent != typeof(ValueType) && !type.IsEnum;
        return $"## {type.Namespace}.{Spell(type)}  ({Kind(type)}{(hasBase ? " : " + Spell(type.BaseType!) : "")})";
    }

    /// <summary>The lines of a type's members.</summary>
    public static IEnumerable<string> Members(Type type)
    {
        if (type.IsEnum)
            return [string.Join(", ", Enum.GetNames(type))];
        return type.GetConstructors(Declared).Select(constructor => $"ctor({Spell(constructor.GetParameters(), false)})")
            .Concat(type.GetProperties(Declared).Select(Spell))
            .Concat(type.GetEvents(Declared).Select(item => $"event {item.Name}"))
            .Concat(type.GetFields(Declared).Select(Spell))
            .Concat(type.GetMethods(Declared).Where(IsListed).Select(method => Spell(method, type)));
    }

    private static bool IsListed(MethodInfo method) =>
        (!method.IsSpecialName || method.Name.StartsWith("op_", StringComparison.Ordinal))
        && method.Name is not ("Equals" or "GetHashCode" or "ToString" or "GetType");

    private static string Kind(Type type)
    {
        if (type.IsEnum)
            return "enum";
        if (type.IsValueType)
            return "struct";
        if (type.IsInterface)
            return "interface";
        if (type.IsAbstract)
            return type.IsSealed ? "static class" : "abstract class";
        return "class";
    }

    private static string Spell(PropertyInfo property)
    {
        ParameterInfo[] index = property.GetIndexParameters();
        MethodInfo accessor = (property.GetMethod ?? property.SetMethod)!;
        string name = index.Length > 0 ? $"this[{Spell(index, false)}]" : property.Name;
        string get = property.GetMethod?.IsPublic == true ? "get; " : "";
        string set = property.SetMethod?.IsPublic == true ? "set; " : "";
        return $"{(accessor.IsStatic ? "static " : "")}{Spell(property.PropertyType)} {name} {{ {get}{set}}}";
    }

    private static string Spell(FieldInfo field) =>
        $"{(field.IsLiteral ? "const " : field.IsStatic ? "static " : "")}{Spell(field.FieldType)} {field.Name}";

    private static string Spell(MethodInfo method, Type owner)
    {
        bool isStaticClass = owner.IsAbstract && owner.IsSealed;
        bool isExtension = method.IsDefined(typeof(ExtensionAttribute), false);
        string arguments = method.IsGenericMethod ? $"<{string.Join(",", method.GetGenericArguments().Select(type => type.Name))}>" : "";
        string prefix = method.IsStatic && !isStaticClass ? "static " : "";
        return $"{prefix}{Spell(method.ReturnType)} {method.Name}{arguments}({Spell(method.GetParameters(), isExtension)})";
    }

    private static string Spell(ParameterInfo[] parameters, bool isExtension) =>
        string.Join(", ", parameters.Select((parameter, i) => (isExtension && i == 0 ? "this " : "") + Spell(parameter)));

    private static string Spell(ParameterInfo parameter)
    {
        string type = parameter.IsOut ? "out " + Spell(parameter.ParameterType.GetElementType()!) : Spell(parameter.ParameterType);
        string value = parameter.HasDefaultValue ? $" = {parameter.DefaultValue ?? "default"}" : "";
        return $"{type} {parameter.Name}{value}";
    }

    private static string Spell(Type type)
    {
        if (type.IsByRef)
            return "ref " + Spell(type.GetElementType()!);
        if (type.IsPointer)
            return Spell(type.GetElementType()!) + "*";
        if (type.IsArray)
            return Spell(type.GetElementType()!) + "[]";
        if (Keywords.TryGetValue(type, out string? keyword))
            return keyword;
        if (type.IsGenericParameter)
            return type.Name;
        string name = type.Name.Split('`')[0];
        if (type.IsGenericType)
            name += $"<{string.Join(",", type.GetGenericArguments().Select(Spell))}>";
        return type.IsNested ? $"{Spell(type.DeclaringType!)}.{name}" : name;
    }
}
