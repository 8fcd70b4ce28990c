using System.Collections;
using System.Globalization;
using System.Reflection;
using System.Text;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace IlgpuSeg.Training;

/// <summary>
/// Reads a <see cref="TrainConfig"/> from YAML with overrides of single keys ("optim.lr=0.02"). Every key must exist: a misspelt one
/// would otherwise silently train with a default.
/// </summary>
public static class ConfigFile
{
    /// <summary>Reads and validates.</summary>
    /// <param name="path">The YAML file; null: defaults and overrides only.</param>
    /// <param name="overrides">"key=value" with dotted keys, applied in order; values are YAML.</param>
    /// <exception cref="ConfigException">Names the file or option, the key and what is wrong.</exception>
    public static TrainConfig Load(string? path, IEnumerable<string> overrides)
    {
        var config = new TrainConfig();
        if (path is not null && ParseFile(path) is { } root)
            config = Bind(config, root, path, "");
        foreach (var text in overrides)
            config = Override(config, text);
        return config.Validate();
    }

    /// <summary>The settings as YAML, as <see cref="Load"/> reads them.</summary>
    public static string ToYaml(TrainConfig config)
    {
        var yaml = new StringBuilder();
        Write(yaml, config, "");
        return yaml.ToString();
    }

    private static YamlMappingNode? ParseFile(string path)
    {
        if (!File.Exists(path))
            throw new ConfigException($"There is no configuration file '{path}'.");
        try
        {
            using var reader = new StreamReader(path);
            return Parse(reader, path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ConfigException($"{path}: cannot be read: {e.Message}");
        }
    }

    private static YamlMappingNode? Parse(TextReader reader, string source)
    {
        try
        {
            var stream = new YamlStream();
            stream.Load(reader);
            if (stream.Documents.Count == 0) return null;
            return stream.Documents[0].RootNode as YamlMappingNode
                ?? throw new ConfigException($"{source}: the file must hold keys and values.");
        }
        catch (YamlException e)
        {
            throw new ConfigException($"{source}, line {e.Start.Line}: not valid YAML: {e.InnerException?.Message ?? e.Message}");
        }
    }

    private static TrainConfig Override(TrainConfig config, string text)
    {
        var equals = text.IndexOf('=');
        if (equals <= 0)
            throw new ConfigException($"Override '{text}' must be key=value, for example optim.lr=0.02.");
        var keys = text[..equals].Trim().Split('.');
        // The override is the YAML of its nested keys, so that both go through one binder.
        YamlNode value = ParseValue(text, text[(equals + 1)..].Trim());
        foreach (var key in keys.Reverse())
            value = new YamlMappingNode(new YamlScalarNode(key), value);
        return Bind(config, (YamlMappingNode)value, $"override '{text}'", "");
    }

    private static YamlNode ParseValue(string text, string value)
    {
        if (value == "") return new YamlScalarNode("");
        var root = Parse(new StringReader($"value: {value}"), $"override '{text}'");
        return root!.Children[new YamlScalarNode("value")];
    }

    /// <summary>A copy of a record with the keys of a mapping set.</summary>
    private static T Bind<T>(T record, YamlMappingNode node, string source, string prefix)
        where T : class
    {
        var copy = (T)Clone(record);
        foreach (var (keyNode, value) in node.Children)
        {
            var key = (keyNode as YamlScalarNode)?.Value ?? "?";
            var property = Settable(record.GetType()).FirstOrDefault(p => SnakeCase(p.Name) == key)
                ?? throw new ConfigException(
                    $"{Place(source, keyNode)}: unknown key '{prefix}{key}'; the keys here are {string.Join(", ", Settable(record.GetType()).Select(p => SnakeCase(p.Name)))}.");
            property.SetValue(copy, Convert(property, property.GetValue(record)!, value, source, prefix + key));
        }
        return copy;
    }

    private static object Convert(PropertyInfo property, object current, YamlNode node, string source, string key)
    {
        if (IsSection(property.PropertyType))
        {
            return Bind(current, node as YamlMappingNode ?? throw Wrong("keys and values"), source, key + ".");
        }
        if (property.PropertyType.IsGenericType)
        {
            var element = property.PropertyType.GetGenericArguments()[0];
            var items = node as YamlSequenceNode ?? throw Wrong($"a list of {Noun(element)}");
            var list = (IList)Activator.CreateInstance(typeof(List<>).MakeGenericType(element))!;
            foreach (var item in items) list.Add(Scalar(element, item));
            return list;
        }
        return Scalar(property.PropertyType, node);

        object Scalar(Type type, YamlNode value)
        {
            var text = (value as YamlScalarNode)?.Value;
            if (text is null) throw Wrong(Noun(type));
            if (type == typeof(string)) return text;
            if (type == typeof(bool) && bool.TryParse(text, out var flag)) return flag;
            if (type == typeof(int) && int.TryParse(text, CultureInfo.InvariantCulture, out var i)) return i;
            if (type == typeof(ulong) && ulong.TryParse(text, CultureInfo.InvariantCulture, out var u)) return u;
            if (type == typeof(double) && double.TryParse(text, CultureInfo.InvariantCulture, out var d) && double.IsFinite(d)) return d;
            throw Wrong(Noun(type), text);
        }

        ConfigException Wrong(string wanted, string? text = null) =>
            new($"{Place(source, node)}: '{key}' must be {wanted}{(text is null ? "" : $", not '{text}'")}.");
    }

    private static string Noun(Type type) =>
        type == typeof(string) ? "text"
        : type == typeof(bool) ? "true or false"
        : type == typeof(double) ? "a number"
        : type == typeof(ulong) ? "a whole number of 0 or more"
        : "a whole number";

    private static string Place(string source, YamlNode node) =>
        source.StartsWith("override", StringComparison.Ordinal) ? source : $"{source}, line {node.Start.Line}";

    private static void Write(StringBuilder yaml, object record, string indent)
    {
        foreach (var property in Settable(record.GetType()))
        {
            var value = property.GetValue(record)!;
            yaml.Append(indent).Append(SnakeCase(property.Name)).Append(':');
            if (IsSection(property.PropertyType))
            {
                yaml.Append('\n');
                Write(yaml, value, indent + "  ");
            }
            else if (value is IEnumerable list and not string)
                yaml.Append(" [").Append(string.Join(", ", list.Cast<object>().Select(Text))).Append("]\n");
            else
                yaml.Append(' ').Append(Text(value)).Append('\n');
        }
    }

    private static string Text(object value) => value switch
    {
        string s => $"\"{s.Replace("\\", "\\\\").Replace("\"", "\\\"")}\"",
        bool b => b ? "true" : "false",
        double d => d.ToString("R", CultureInfo.InvariantCulture),
        _ => System.Convert.ToString(value, CultureInfo.InvariantCulture)!,
    };

    private static bool IsSection(Type type) => type.IsClass && type != typeof(string) && !type.IsGenericType;

    private static IEnumerable<PropertyInfo> Settable(Type type) =>
        type.GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(p => p.CanWrite);

    private static object Clone(object record) => record.GetType().GetMethod("<Clone>$")!.Invoke(record, null)!;

    private static string SnakeCase(string name) =>
        string.Concat(name.Select((c, i) => char.IsUpper(c) ? (i > 0 ? "_" : "") + char.ToLowerInvariant(c) : c.ToString()));
}
