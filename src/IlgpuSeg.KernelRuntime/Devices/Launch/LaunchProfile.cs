using System.Reflection;
using ILGPU;
using ILGPU.Runtime;
using IlgpuSeg.KernelRuntime.Devices;

namespace IlgpuSeg.KernelRuntime;

/// <summary>What a kernel's launches with one grid took together.</summary>
/// <param name="Kernel">The kernel's method.</param>
/// <param name="Grid">The number of groups along each axis.</param>
/// <param name="Group">The number of threads along each axis of a group.</param>
/// <param name="Launches">How many there were.</param>
/// <param name="Time">The time from each launch's start to its end on the device, added up.</param>
public sealed record KernelTime(MethodInfo Kernel, Index3D Grid, Index3D Group, int Launches, TimeSpan Time);

/// <summary>
/// Times every launch of an accelerator between two markers in its stream, from construction until it is disposed. The markers themselves take a
/// few microseconds of the device, so a launch of less than that shows as more.
/// </summary>
public sealed class LaunchProfile : IDisposable
{
    private readonly Accelerator _accelerator;
    private readonly List<Launch> _launches = [];

    /// <summary>Begins to time.</summary>
    /// <param name="accelerator">Whose launches; it can have one profile at a time.</param>
    /// <exception cref="InvalidOperationException">It has one already.</exception>
    public LaunchProfile(Accelerator accelerator)
    {
        ArgumentNullException.ThrowIfNull(accelerator);
        if (accelerator.Profile is not null)
            throw new InvalidOperationException($"The launches of {accelerator.Name} are being profiled already.");
        _accelerator = accelerator;
        accelerator.Profile = this;
    }

    /// <summary>What was launched so far, the most costly first; waits for its end.</summary>
    public IReadOnlyList<KernelTime> Read()
    {
        lock (_launches)
        {
            return
            [
                .. _launches
                    .GroupBy(launch => (launch.Kernel, launch.Grid, launch.Group))
                    .Select(same => new KernelTime(
                        same.Key.Kernel, same.Key.Grid, same.Key.Group, same.Count(),
                        same.Aggregate(TimeSpan.Zero, (sum, launch) => sum + (launch.After - launch.Before))))
                    .OrderByDescending(row => row.Time),
            ];
        }
    }

    /// <summary>Ends timing.</summary>
    public void Dispose()
    {
        if (_accelerator.Profile != this)
            return;
        _accelerator.Profile = null;
        lock (_launches)
        {
            foreach (Launch launch in _launches)
            {
                launch.Before.Dispose();
                launch.After.Dispose();
            }
            _launches.Clear();
        }
    }

    internal void Add(MethodInfo kernel, in LaunchDimensions dimensions, ProfilingMarker before, ProfilingMarker after)
    {
        lock (_launches)
            _launches.Add(new Launch(kernel, dimensions.Grid, dimensions.Group, before, after));
    }

    private sealed record Launch(MethodInfo Kernel, Index3D Grid, Index3D Group, ProfilingMarker Before, ProfilingMarker After);
}
