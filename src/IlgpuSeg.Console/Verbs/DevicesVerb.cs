using System.CommandLine;
using Spectre.Console;

namespace IlgpuSeg.Console.Verbs;

/// <summary>`ilgpuseg devices`: what can run kernels here.</summary>
internal static class DevicesVerb
{
    public static Command Create()
    {
        var command = new Command("devices", "List the devices that can run kernels.");
        command.SetAction(_ => Run());
        return command;
    }

    private static int Run()
    {
        var table = new Table().AddColumns("device", "name", "type", "memory", "processors", "warp", "threads/group", "shared/group");
        foreach (var name in Device.Names)
        {
            var a = Device.Open(name).Accelerator;
            table.AddRow(name, Markup.Escape(a.Name), a.AcceleratorType.ToString(), $"{a.MemorySize / (1024.0 * 1024 * 1024):F1} GiB",
                $"{a.NumMultiprocessors}", $"{a.WarpSize}", $"{a.MaxNumThreadsPerGroup}", $"{a.MaxSharedMemoryPerGroup / 1024} KiB");
        }
        AnsiConsole.Write(table);
        return 0;
    }
}
