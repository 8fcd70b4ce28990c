using System.CommandLine;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;

namespace IlgpuSeg.Console.Verbs;

/// <summary>`ilgpuseg devices`: what can run kernels here.</summary>
internal static class DevicesVerb
{
    private const double Gibibyte = 1024.0 * 1024 * 1024;

    public static Command Create()
    {
        var command = new Command("devices", "List the devices that can run kernels.");
        command.SetAction(_ => Run());
        return command;
    }

    private static int Run()
    {
        foreach (var name in Device.Names)
        {
            try
            {
                Print(name, Device.Open(name).Accelerator);
            }
            catch (Exception e) when (e is AcceleratorException or NotSupportedException)
            {
                // A device that does not open must not hide the others.
                System.Console.WriteLine($"{name,-8}{e.Message}");
            }
        }
        return 0;
    }

    private static void Print(string name, Accelerator a)
    {
        var (architecture, driver) = Details(a);
        System.Console.WriteLine($"{name,-8}{a.Name}");
        System.Console.WriteLine(
            $"        {a.AcceleratorType}, {architecture}{driver}, {(a.MemorySize / Gibibyte).ToString("F1", CultureInfo.InvariantCulture)} GiB, "
            + $"{a.NumMultiprocessors} processors, warps of {a.WarpSize}");
        System.Console.WriteLine(
            $"        groups of at most {a.MaxNumThreadsPerGroup} threads with {a.MaxSharedMemoryPerGroup / 1024} KiB of shared memory");
    }

    private static (string Architecture, string Driver) Details(Accelerator accelerator) => accelerator is CudaAccelerator cuda
        ? ($"sm_{cuda.Architecture.Major}{cuda.Architecture.Minor}", $", driver for CUDA {cuda.DriverVersion.Major}.{cuda.DriverVersion.Minor}")
        : ($"{RuntimeInformation.ProcessArchitecture} with {VectorBits}-bit vectors", "");

    private static int VectorBits => Vector512.IsHardwareAccelerated ? 512 : Vector256.IsHardwareAccelerated ? 256 : 128;
}
