using System.CommandLine;
using System.Globalization;
using IlgpuSeg.Nn.Parity;
using IlgpuSeg.Serialization;

namespace IlgpuSeg.Console.Verbs;

/// <summary>`ilgpuseg parity`: compares this implementation's numbers with those that another one wrote down.</summary>
internal static class ParityVerb
{
    private static readonly Dictionary<string, DType> DTypes = new() { ["float32"] = DType.Float32, ["float64"] = DType.Float64 };

    public static Command Create()
    {
        var cases = new Argument<string[]>("case") { Description = "Parity cases (.safetensors).", Arity = ArgumentArity.OneOrMore };
        var output = new Option<string?>("--out") { Description = "Write what was computed into this folder, under the cases' file and tensor names." };
        var device = new Option<string>("--device") { Description = "Where to compute.", DefaultValueFactory = _ => "cpu" };
        var dtype = new Option<string>("--dtype") { Description = "float32 or float64.", DefaultValueFactory = _ => "float32" };
        var command = new Command("parity", "Run parity cases and compare with their reference: a row per tensor, worst first.") { cases, output, device, dtype };
        command.SetAction(p => Run(p.GetValue(cases)!, p.GetValue(output), p.GetValue(device)!, ParseDType(p.GetValue(dtype)!)));
        return command;
    }

    private static DType ParseDType(string name) => DTypes.TryGetValue(name, out var dtype)
        ? dtype
        : throw new ArgumentException($"--dtype is '{name}'; it must be {string.Join(" or ", DTypes.Keys)}.");

    private static int Run(string[] cases, string? output, string deviceName, DType dtype)
    {
        if (output is not null) CheckTargets(cases, output);
        var device = Device.Open(deviceName);
        int failed = 0, unusable = 0;
        foreach (var path in cases)
        {
            try
            {
                var report = ParityRunner.Run(path, dtype, device, output);
                Print(report, deviceName, dtype);
                if (!report.Ok) failed++;
            }
            catch (Exception e) when (e is WeightFileException or ShapeException)
            {
                // The other cases still have something to say.
                System.Console.Error.WriteLine($"ilgpuseg: {(e is WeightFileException ? "" : path + ": ")}{e.Message}");
                unusable++;
            }
        }
        if (cases.Length > 1)
            System.Console.WriteLine($"{cases.Length - failed - unusable} of {cases.Length} cases pass, {failed} fail, {unusable} cannot be used");
        return unusable > 0 ? CommandLine.BadInput : failed > 0 ? 1 : 0;
    }

    /// <summary>What is written must neither replace a case nor another case's results.</summary>
    private static void CheckTargets(string[] cases, string output)
    {
        var targets = new HashSet<string>();
        foreach (var path in cases)
        {
            var target = Path.GetFullPath(Path.Combine(output, Path.GetFileName(path)));
            if (cases.Any(c => Path.GetFullPath(c) == target))
                throw new ArgumentException($"--out {output} would replace the case {path}; choose another folder.");
            if (!targets.Add(target))
                throw new ArgumentException($"--out {output} would receive two files named {Path.GetFileName(path)}; run these cases apart.");
        }
    }

    private static void Print(ParityReport report, string device, DType dtype)
    {
        System.Console.WriteLine($"{report.File} on {device} in {dtype.ToString().ToLowerInvariant()}");
        System.Console.WriteLine($"  {"difference",-10}  {"allowed",-10}        tensor");
        foreach (var row in report.Rows)
            System.Console.WriteLine($"  {Number(row.Difference),-10}  {Number(row.Allowed),-10}  {(row.Ok ? "ok  " : "FAIL")}  {row.Name}");
        var failed = report.Rows.Count(r => !r.Ok);
        System.Console.WriteLine(failed == 0
            ? $"ok: {report.Rows.Count} rows, the worst at {report.Rows.Select(r => r.Share).FirstOrDefault():P1} of what is allowed"
            : $"FAIL: {failed} of {report.Rows.Count} rows");
    }

    private static string Number(double value) => value.ToString("0.000e+00", CultureInfo.InvariantCulture);
}
