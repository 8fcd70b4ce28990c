namespace ILGPU.Runtime.Cuda;

/// <summary>How Windows drives a GPU.</summary>
public enum DeviceDriverMode
{
    /// <summary>As a display device.</summary>
    WDDM,

    /// <summary>For computing only; what other operating systems always do.</summary>
    TCC,
}

/// <summary>How a thread of the host waits for the device.</summary>
public enum CudaAcceleratorFlags
{
    /// <summary>The driver chooses.</summary>
    ScheduleAuto = 0,

    /// <summary>It spins.</summary>
    ScheduleSpin = 1,

    /// <summary>It lets other threads run in between.</summary>
    ScheduleYield = 2,

    /// <summary>It sleeps.</summary>
    ScheduleBlockingSync = 4,
}

/// <summary>How a stream stands to the driver's own default stream.</summary>
public enum StreamFlags
{
    /// <summary>It waits for that stream, and that stream for it.</summary>
    CU_STREAM_DEFAULT = 0,

    /// <summary>It does not.</summary>
    CU_STREAM_NON_BLOCKING = 1,
}
