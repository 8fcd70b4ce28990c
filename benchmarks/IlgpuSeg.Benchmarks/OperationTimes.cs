using System.CommandLine;
using System.Globalization;

namespace IlgpuSeg.Benchmarks;

/// <summary>
/// Times the operations that a device is judged by, one row each: milliseconds, and what they come to in TFLOP/s or GB/s. peers/op_times.py
/// times the same with PyTorch and joins both in one table.
/// </summary>
internal static class OperationTimes
{
    public static Command Create()
    {
        var device = new Option<string>("--device") { DefaultValueFactory = _ => "cpu" };
        var filter = new Option<string>("--filter") { DefaultValueFactory = _ => "", Description = "Only operations whose name contains this." };
        var small = new Option<bool>("--small") { Description = "Extents that suit a CPU." };
        var output = new Option<string?>("--out") { Description = "Also write name,milliseconds as CSV, for peers/op_times.py." };
        var command = new Command("ops", "Time single operations on a device.") { device, filter, small, output };
        command.SetAction(p => Run(Device.Open(p.GetValue(device)!), p.GetValue(filter)!, p.GetValue(small), p.GetValue(output)));
        return command;
    }

    private static void Run(Device device, string filter, bool small, string? output)
    {
        var lines = new List<string>();
        System.Console.WriteLine("| operation | ms | rate |");
        System.Console.WriteLine("|---|---|---|");
        foreach (var work in OperationWork.All(device, small).Where(w => w.Name.Contains(filter, StringComparison.OrdinalIgnoreCase)))
        {
            using var scope = new TensorScope();
            device.Kernels.AllowTf32 = work.Tf32;
            var milliseconds = Time(device, work.Prepare());
            System.Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| {work.Name} | {milliseconds:G4} | {work.Rate(milliseconds)} |"));
            lines.Add(string.Create(CultureInfo.InvariantCulture, $"{work.Name},{milliseconds:R},{work.Operations:R},{work.Bytes:R}"));
        }
        if (output is not null) File.WriteAllLines(output, lines);
    }

    // Launches follow each other without waiting, as in a network; the median of rounds of at least 30 ms each.
    private static double Time(Device device, Action run)
    {
        const int Rounds = 7;
        const double RoundMilliseconds = 30;
        Once(1);
        Once(1);
        var one = Once(3) / 3;
        var repeats = Math.Clamp((int)(RoundMilliseconds / one), 1, 2000);
        var rounds = Enumerable.Range(0, Rounds).Select(_ => Once(repeats) / repeats).Order().ToArray();
        return rounds[Rounds / 2];

        double Once(int count)
        {
            device.Synchronize();
            var start = System.Diagnostics.Stopwatch.GetTimestamp();
            for (var i = 0; i < count; i++)
            {
                using var scope = new TensorScope();
                run();
            }
            device.Synchronize();
            return System.Diagnostics.Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        }
    }
}

/// <summary>One row.</summary>
/// <param name="Name">What is computed; the same in peers/op_times.py.</param>
/// <param name="Operations">Floating-point operations (a multiply-add is two), 0 where bytes count.</param>
/// <param name="Bytes">Bytes that must pass the memory once, 0 where operations count.</param>
/// <param name="Prepare">Allocates the operands in the current scope and returns what is timed.</param>
internal sealed record OperationTime(string Name, double Operations, double Bytes, Func<Action> Prepare)
{
    /// <summary>Whether products may round to tf32.</summary>
    public bool Tf32 { get; init; }

    /// <summary>TFLOP/s or GB/s.</summary>
    public string Rate(double milliseconds) => Operations > 0
        ? $"{(Operations / milliseconds / 1e9).ToString("G4", CultureInfo.InvariantCulture)} TFLOP/s"
        : $"{(Bytes / milliseconds / 1e6).ToString("G4", CultureInfo.InvariantCulture)} GB/s";
}
