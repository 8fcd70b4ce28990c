using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.CPU;

namespace IlgpuSeg.Tests;

/// <summary>
/// A CPU device of a test's own: its counters, limit and cache are no other test's, and its tensors are on another device than Device.Cpu.
/// </summary>
internal sealed class TestDevice : IDisposable
{
    private readonly Context context = Context.Create(builder => builder.CPU());
    private readonly Accelerator accelerator;

    public TestDevice(string name = "test")
    {
        accelerator = context.GetPreferredDevice(preferCPU: true).CreateAccelerator(context);
        Device = IlgpuSeg.Device.Of(accelerator, name);
        // Each request that finds no room takes as much as it needs: what the tests count is what they ask for.
        Allocator.SegmentBytes = 1;
    }

    public IlgpuSeg.Device Device { get; }

    public IlgpuSeg.Memory.DeviceAllocator Allocator => Device.Allocator;

    public void Dispose()
    {
        Allocator.ReleaseCache();
        accelerator.Dispose();
        context.Dispose();
    }
}
