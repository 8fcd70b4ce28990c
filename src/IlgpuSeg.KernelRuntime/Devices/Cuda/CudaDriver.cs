using ILGPU.Runtime.Cuda;

namespace IlgpuSeg.KernelRuntime.Devices.Cuda;

/// <summary>Finds the driver.</summary>
internal static class CudaDriver
{
    private static readonly Lock Gate = new();
    private static ICudaDriver? s_driver;
    private static string? s_obstacle;
    private static bool s_searched;

    /// <summary>The driver, started; null if there is none, it has no device or does not start.</summary>
    public static ICudaDriver? Current
    {
        get
        {
            Search();
            return s_driver;
        }
    }

    /// <summary>Why there is no driver; null if there is one.</summary>
    public static string? Obstacle
    {
        get
        {
            Search();
            return s_obstacle;
        }
    }

    /// <summary>Takes the place of this machine's driver, for tests; to be called before anything asks for devices.</summary>
    /// <exception cref="InvalidOperationException">A driver was looked for before.</exception>
    public static void Use(ICudaDriver driver)
    {
        lock (Gate)
        {
            if (s_searched)
                throw new InvalidOperationException("Devices were listed before; the driver can't be changed any more.");
            s_searched = true;
            s_obstacle = Start(driver);
            s_driver = s_obstacle is null ? driver : null;
        }
    }

    /// <summary>Starts a driver; says why it can't be used, null if it can.</summary>
    internal static string? Start(ICudaDriver driver)
    {
        CudaError result = driver.Init();
        return result == CudaError.CUDA_SUCCESS
            ? null
            : $"the NVIDIA driver does not start: cuInit: {CudaCall.Describe(driver, result)}";
    }

    private static void Search()
    {
        lock (Gate)
        {
            if (s_searched)
                return;
            s_searched = true;
            if (!CudaApi.IsUsable(out string missing))
            {
                s_obstacle = missing == CudaApi.FileName
                    ? $"there is no NVIDIA driver ({missing})"
                    : $"the NVIDIA driver is too old: {CudaApi.FileName} has no {missing}";
                return;
            }
            var driver = new NativeCudaDriver();
            s_obstacle = Start(driver);
            s_driver = s_obstacle is null ? driver : null;
        }
    }
}
