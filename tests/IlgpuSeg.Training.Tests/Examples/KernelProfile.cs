using ILGPU.Runtime;

namespace IlgpuSeg.Tests.Examples;

#region example
public static class KernelProfileExample
{
    /// <summary>GFLOP/s of a matrix product.</summary>
    public static double Run(int size = 256, int repeats = 10)
    {
        using var scope = new TensorScope();
        using var noGrad = Autograd.NoGrad();
        var device = Device.Cpu;
        var a = Tensor.Rand([size, size], seed: 1, device: device);
        var b = Tensor.Rand([size, size], seed: 2, device: device);
        a.MatMul(b);                                                // compiles the kernel

        // Markers lie in the stream between launches: they measure the device's time, not the host's.
        using var start = device.Accelerator.AddProfilingMarker();
        for (var i = 0; i < repeats; i++)
        {
            using var product = a.MatMul(b);
        }
        using var end = device.Accelerator.AddProfilingMarker();
        device.Synchronize();
        var seconds = (end - start).TotalSeconds / repeats;
        var rate = 2.0 * size * size * size / seconds / 1e9;
        Console.WriteLine($"{size} x {size}: {seconds * 1e3:F2} ms, {rate:F1} GFLOP/s");
        return rate;
    }
}
#endregion
