using System.CommandLine;
using System.Globalization;
using ILGPU.Runtime;
using IlgpuSeg.Kernels;
using IlgpuSeg.Nn.SelfTest;
using IlgpuSeg.SelfTest;

namespace IlgpuSeg.Console.Verbs;

/// <summary>`ilgpuseg selftest`: every operation and the network on a device, against the CPU in double precision and numerical gradients.</summary>
internal static class SelfTestVerb
{
    private const string Network = "Network";

    public static Command Create()
    {
        var device = new Option<string>("--device") { Description = "The device to test.", DefaultValueFactory = _ => "cpu" };
        var filter = new Option<string?>("--filter")
        {
            Description = $"Only operations whose name contains this; '{Network}' for the whole network, '{DeviceSelfTest.Name}' for copies, streams and memory.", HelpName = "NAME",
        };
        var command = new Command(
            "selftest", "Run every kernel of the library on a device and compare with the CPU in double precision: a row each; exit code 1 when one fails.")
        {
            device, filter,
        };
        command.SetAction((p, cancel) => Task.FromResult(Run(p.GetValue(device)!, p.GetValue(filter), cancel)));
        return command;
    }

    private static int Run(string deviceName, string? filter, CancellationToken cancel)
    {
        var operations = OpCases.Matching(filter).Any();
        var network = filter is null || Network.Contains(filter, StringComparison.OrdinalIgnoreCase);
        var itself = filter is null || DeviceSelfTest.Name.Contains(filter, StringComparison.OrdinalIgnoreCase);
        if (!operations && !network && !itself)
            throw new ArgumentException($"--filter {filter}: no operation has that in its name.");
        var device = Device.Open(deviceName);
        System.Console.WriteLine($"{deviceName}: {device.Accelerator.Name}");
        System.Console.WriteLine($"      {"error",-9}  {"allowed",-9}  {"pass",-9}  {"type",-7}  operation (case)");
        var rows = (itself ? DeviceSelfTest.Run(device) : [])
            .Concat(operations ? Forms(device).SelectMany(form => SelfTestRunner.Run(form, new SelfTestOptions { Filter = filter })) : [])
            .Concat(network ? NetworkSelfTest.Run(device) : []);
        var (count, failed, share) = (0, 0, 0.0);
        foreach (var row in rows)
        {
            cancel.ThrowIfCancellationRequested();
            Print(row);
            count++;
            if (!row.Ok) failed++;
            else if (row.Allowed > 0) share = Math.Max(share, row.Error / row.Allowed);
        }
        System.Console.WriteLine(failed == 0
            ? $"ok: {count} rows on {deviceName}, the worst at {share.ToString("P1", CultureInfo.InvariantCulture)} of what is allowed"
            : $"FAIL: {failed} of {count} rows on {deviceName}");
        return failed == 0 ? 0 : 1;
    }

    // Tiles follow from how many multiprocessors there are to fill: for one, the small shapes of a test take the tiles that large shapes have.
    private static IEnumerable<Device> Forms(Device device) => device.Accelerator.AcceleratorType == AcceleratorType.CPU
        ? [device]
        : [device, Device.Of(new KernelHost(device.Accelerator) { Multiprocessors = 1 }, $"{device.Name} as one multiprocessor")];

    private static void Print(SelfTestRow row)
    {
        var line = $"{(row.Ok ? "ok  " : "FAIL")}  {Number(row.Error),-9}  {Number(row.Allowed),-9}  {row.Pass,-9}  {row.DType,-7}  {row.Op} ({row.Case})";
        System.Console.WriteLine(row.Ok ? line : $"{line}: {row.Detail}");
    }

    private static string Number(double value) => value.ToString("0.00e+00", CultureInfo.InvariantCulture);
}
