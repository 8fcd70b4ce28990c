using System.Text.Encodings.Web;
using System.Text.Json;

namespace IlgpuSeg.Console;

/// <summary>Prints a value as JSON, with names as in Python.</summary>
internal static class JsonOutput
{
    private static readonly JsonSerializerOptions Options = new()
    {
        WriteIndented = true,
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    public static void Print<T>(T value) => System.Console.WriteLine(JsonSerializer.Serialize(value, Options));
}
