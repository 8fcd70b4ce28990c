using IlgpuSeg.Memory;

namespace IlgpuSeg.Tests.Examples;

#region example
public static class MemoryUseExample
{
    public static MemoryReport Run()
    {
        var device = Device.Cpu;
        device.Allocator.TrackAllocations = true;                   // remember where each tensor was made
        using var scope = new TensorScope();
        var x = Tensor.Randn([64, 256], seed: 1, device: device);
        x.RequiresGrad = true;

        // A block whose intermediate results are not kept for backward but computed again when it comes there.
        var y = ActivationCheckpoint.Run(t => (t.Exp() + 1).Log().Tanh(), x);
        // Sees, and could replace, a gradient on its way.
        y.RegisterHook(gradient => { Console.WriteLine($"dy: {gradient.Shape}"); });
        y.Mean().Backward();

        var report = device.Allocator.Report();
        device.Allocator.TrackAllocations = false;
        Console.WriteLine(report);                                  // totals, then the places that hold most
        return report;
    }
}
#endregion
