using ILGPU;
using ILGPU.Runtime;
using IlgpuSeg.Kernels;
#if KERNELS_BUNDLED
using System.Globalization;
using ILGPU.Runtime.Cuda;
using IlgpuSeg.KernelRuntime;
#endif

namespace IlgpuSeg.SelfTest;

/// <summary>
/// What a device does besides running kernels: copies through page-locked memory, streams that wait for each other, recorded work, and what becomes
/// of a request for more memory than there is. Errors count wrong elements, so none is allowed.
/// </summary>
public static class DeviceSelfTest
{
    /// <summary>The name that rows begin with.</summary>
    public const string Name = "Device";

    private const int Count = 100_003;

    /// <summary>Tests a device; a GPU's own rows only come for one.</summary>
    /// <param name="device">The device to test.</param>
    public static IEnumerable<SelfTestRow> Run(Device device)
    {
        yield return Check(device, "Copies", "page-locked, asynchronous, at an offset", Copies);
#if KERNELS_BUNDLED
        if (device.Accelerator is not CudaAccelerator gpu) yield break;
        yield return Check(device, "Streams", "a stream waits for another's marker", _ => Streams(gpu));
        yield return Check(device, "Graph", "recorded launches and copies, replayed twice", _ => Graph(device, gpu));
        yield return Check(device, "OutOfMemory", "twice the device's memory, then a little", _ => OutOfMemory(gpu));
#endif
    }

    private static SelfTestRow Check(Device device, string what, string description, Func<Device, int> wrong)
    {
        try
        {
            var count = wrong(device);
            return new SelfTestRow($"{Name}.{what}", "forward", DType.Float32, description, count, 0, $"{count} wrong elements");
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            return new SelfTestRow($"{Name}.{what}", "forward", DType.Float32, description, double.NaN, 0, SelfTestRunner.OneLine(e));
        }
    }

    private static float[] Numbers(int first = 0) => [.. Enumerable.Range(first, Count).Select(i => i * 0.5f)];

    private static int Wrong(ReadOnlySpan<float> actual, ReadOnlySpan<float> expected)
    {
        var wrong = Math.Abs(actual.Length - expected.Length);
        for (var i = 0; i < Math.Min(actual.Length, expected.Length); i++)
        {
            if (actual[i] != expected[i]) wrong++;
        }
        return wrong;
    }

    private static int Copies(Device device)
    {
        const int Offset = 3;
        var accelerator = device.Accelerator;
        using var stream = accelerator.CreateStream();
        using var there = accelerator.AllocatePageLocked1D<float>(Count);
        using var back = accelerator.AllocatePageLocked1D<float>(Count);
        using var buffer = accelerator.Allocate1D<float>(Count + Offset);
        var numbers = Numbers();
        for (var i = 0; i < Count; i++) there[i] = numbers[i];
        buffer.MemSetToZero(stream);
        buffer.View.SubView(Offset, Count).CopyFromPageLockedAsync(stream, there);
        buffer.View.SubView(Offset, Count).CopyToPageLockedAsync(stream, back);
        stream.Synchronize();
        return Wrong(back.GetArray(), numbers) + Wrong(buffer.GetAsArray1D().AsSpan(0, Offset), new float[Offset]);
    }

#if KERNELS_BUNDLED
    private static int Streams(CudaAccelerator gpu)
    {
        using var first = (CudaStream)gpu.CreateStream();
        using var second = (CudaStream)gpu.CreateStream();
        using var there = gpu.AllocatePageLocked1D<float>(Count);
        using var back = gpu.AllocatePageLocked1D<float>(Count);
        using var buffer = gpu.Allocate1D<float>(Count);
        var numbers = Numbers(first: 7);
        for (var i = 0; i < Count; i++) there[i] = numbers[i];
        buffer.View.CopyFromPageLockedAsync(first, there);
        using var written = first.AddProfilingMarker();
        second.WaitFor(written);
        buffer.View.CopyToPageLockedAsync(second, back);
        second.Synchronize();
        return Wrong(back.GetArray(), numbers);
    }

    private static int Graph(Device device, CudaAccelerator gpu)
    {
        using var x = gpu.Allocate1D(Numbers());
        using var sum = gpu.Allocate1D<float>(Count);
        using var copy = gpu.Allocate1D<float>(Count);
        void Work()
        {
            AccumulateKernels.Add<float>(device.Kernels, sum.View, x.View);
            sum.View.CopyTo(copy.View);
            AccumulateKernels.Add<float>(device.Kernels, copy.View, x.View);
        }
        sum.MemSetToZero();
        // Loads the kernel; sum is x afterwards.
        Work();
        using var graph = CudaGraph.Capture(gpu.DefaultStream, Work);
        graph.Launch(gpu.DefaultStream);
        graph.Launch(gpu.DefaultStream);
        gpu.Synchronize();
        return Wrong(sum.GetAsArray1D(), [.. Numbers().Select(v => 3 * v)]) + Wrong(copy.GetAsArray1D(), [.. Numbers().Select(v => 4 * v)]);
    }

    private static int OutOfMemory(CudaAccelerator gpu)
    {
        var asked = gpu.MemorySize / sizeof(double) * 2;
        try
        {
            using var impossible = gpu.Allocate1D<double>(asked);
            throw new InvalidOperationException($"{gpu.Name} gave {asked * sizeof(double):N0} bytes of its {gpu.MemorySize:N0}.");
        }
        catch (CudaException e)
        {
            var bytes = (asked * sizeof(double)).ToString("N0", CultureInfo.CurrentCulture);
            if (!e.Message.Contains(bytes, StringComparison.Ordinal) || !e.Message.Contains("free", StringComparison.Ordinal))
                throw new InvalidOperationException($"The message should name the {bytes} bytes asked for and what is free: {e.Message}", e);
        }
        using var little = gpu.Allocate1D(Numbers());
        return Wrong(little.GetAsArray1D(), Numbers());
    }
#endif
}
