using System.Diagnostics;
using ILGPU.Runtime;

namespace IlgpuSeg.KernelRuntime.Devices.Cpu;

/// <summary>A stream of the CPU, in which everything is done as soon as it is asked for.</summary>
internal sealed class CpuStream(Accelerator accelerator) : AcceleratorStream(accelerator)
{
    public override void Synchronize() => VerifyUsable();

    internal override ProfilingMarker CreateMarker()
    {
        VerifyUsable();
        return new CpuMarker(Accelerator);
    }

    private sealed class CpuMarker(Accelerator accelerator) : ProfilingMarker(accelerator)
    {
        private readonly long _timestamp = Stopwatch.GetTimestamp();

        public override void Synchronize() => VerifyUsable();

        public override TimeSpan MeasureFrom(ProfilingMarker marker) =>
            marker is CpuMarker start
                ? Stopwatch.GetElapsedTime(start._timestamp, _timestamp)
                : throw new ArgumentException("The marker belongs to another kind of accelerator.", nameof(marker));
    }
}
