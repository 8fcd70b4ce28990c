using ILGPU.Runtime.Cuda;

namespace IlgpuSeg.KernelRuntime.Tests.EmulatedCuda;

// Memory, copies and page locks.
internal sealed unsafe partial class EmulatedCudaDriver
{
    private const long PageSize = 4096;

    private readonly List<(nint Start, long Bytes)> registered = [];

    public CudaError MemAlloc(out nint address, nuint bytes)
    {
        nint found = 0;
        CudaError result = CallOutsideOfCapture("cuMemAlloc", device => device.Allocate(bytes, out found));
        address = found;
        return result;
    }

    /// <summary>Waits for the device, as the real one does.</summary>
    public CudaError MemFree(nint address) => CallOutsideOfCapture("cuMemFree", device =>
    {
        DrainAll(device);
        return device.Fault != CudaError.CUDA_SUCCESS ? device.Fault : device.Free(address);
    });

    public CudaError MemGetInfo(out nuint free, out nuint total)
    {
        (nuint, nuint) found = default;
        CudaError result = CallOnDevice("cuMemGetInfo", device =>
        {
            found = ((nuint)(device.MemoryLimit - device.UsedBytes), (nuint)device.MemoryLimit);
            return CudaError.CUDA_SUCCESS;
        });
        (free, total) = found;
        return result;
    }

    public CudaError MemHostRegister(nint address, nuint bytes, uint flags) => CallOnDevice("cuMemHostRegister", _ =>
    {
        if (bytes == 0)
            return CudaError.CUDA_ERROR_INVALID_VALUE;
        if (registered.Any(r => Page(r.Start) <= Page(address + (nint)bytes - 1) && Page(address) <= Page(r.Start + (nint)r.Bytes - 1)))
            return CudaError.CUDA_ERROR_HOST_MEMORY_ALREADY_REGISTERED;
        registered.Add((address, (long)bytes));
        return CudaError.CUDA_SUCCESS;
    });

    public CudaError MemHostUnregister(nint address) => CallOnDevice("cuMemHostUnregister", _ =>
        registered.RemoveAll(r => r.Start == address) == 1 ? CudaError.CUDA_SUCCESS : CudaError.CUDA_ERROR_HOST_MEMORY_NOT_REGISTERED);

    /// <summary>Reads pageable memory at once (the driver stages it) and page-locked memory when the stream comes to it.</summary>
    public CudaError MemcpyHtoDAsync(nint target, void* source, nuint bytes, nint stream) => CallOnStream("cuMemcpyHtoDAsync", stream, queue =>
    {
        if (!queue.Device.Holds(target, bytes))
            return Refuse($"{bytes} bytes at {target:x} are not memory of the device");
        if (IsRegistered((nint)source, bytes) || queue.Capture is not null)
        {
            queue.Add(() => queue.Device.Memory.Write((ulong)target, new ReadOnlySpan<byte>(source, (int)bytes)));
            return CudaError.CUDA_SUCCESS;
        }
        byte[] staged = new ReadOnlySpan<byte>(source, (int)bytes).ToArray();
        queue.Add(() => queue.Device.Memory.Write<byte>((ulong)target, staged));
        return CudaError.CUDA_SUCCESS;
    });

    /// <summary>Writes page-locked memory when the stream comes to it; copies to pageable memory are done when the call returns.</summary>
    public CudaError MemcpyDtoHAsync(void* target, nint source, nuint bytes, nint stream) => CallOnStream("cuMemcpyDtoHAsync", stream, queue =>
    {
        if (!queue.Device.Holds(source, bytes))
            return Refuse($"{bytes} bytes at {source:x} are not memory of the device");
        queue.Add(() => queue.Device.Memory.Read<byte>((ulong)source, (int)bytes).CopyTo(new Span<byte>(target, (int)bytes)));
        if (!IsRegistered((nint)target, bytes) && queue.Capture is null)
            queue.Drain();
        return queue.Device.Fault;
    });

    public CudaError MemcpyDtoDAsync(nint target, nint source, nuint bytes, nint stream) => CallOnStream("cuMemcpyDtoDAsync", stream, queue =>
    {
        if (!queue.Device.Holds(source, bytes) || !queue.Device.Holds(target, bytes))
            return Refuse($"{bytes} bytes at {source:x} or {target:x} are not memory of the device");
        queue.Add(() => queue.Device.Memory.Copy((ulong)source, (ulong)target, (int)bytes));
        return CudaError.CUDA_SUCCESS;
    });

    public CudaError MemsetD8Async(nint target, byte value, nuint bytes, nint stream) => CallOnStream("cuMemsetD8Async", stream, queue =>
    {
        if (!queue.Device.Holds(target, bytes))
            return Refuse($"{bytes} bytes at {target:x} are not memory of the device");
        queue.Add(() =>
        {
            byte[] data = new byte[bytes];
            Array.Fill(data, value);
            queue.Device.Memory.Write<byte>((ulong)target, data);
        });
        return CudaError.CUDA_SUCCESS;
    });

    private static long Page(nint address) => address / PageSize;

    private bool IsRegistered(nint address, nuint bytes) =>
        registered.Any(r => address >= r.Start && address + (nint)bytes <= r.Start + (nint)r.Bytes);
}
