using ILGPU;
using ILGPU.Runtime.Cuda;
using IlgpuSeg.KernelRuntime.Devices.Cuda;
using IlgpuSeg.KernelRuntime.Tests.PtxEmulator;

namespace IlgpuSeg.KernelRuntime.Tests.EmulatedCuda;

// Modules, kernels and launches.
internal sealed unsafe partial class EmulatedCudaDriver
{
    public CudaError ModuleLoadData(out nint module, string ptx, out string log)
    {
        nint handle = 0;
        string messages = "";
        CudaError result = CallOutsideOfCapture("cuModuleLoadDataEx", device =>
        {
            PtxProgram program;
            try
            {
                program = PtxProgram.Parse(ptx);
            }
            catch (PtxRefusedException e)
            {
                messages = e.Message;
                return CudaError.CUDA_ERROR_INVALID_PTX;
            }
            if (program.Version > HighestPtxVersion)
                return UnsupportedPtxVersion;
            if (program.Target > device.Architecture || (program.IsArchitectureSpecific && program.Target != device.Architecture))
                return CudaError.CUDA_ERROR_NO_BINARY_FOR_GPU;
            handle = Add(new EmulatedModule(device, program));
            return CudaError.CUDA_SUCCESS;
        });
        (module, log) = (handle, messages);
        return result;
    }

    public CudaError ModuleUnload(nint module) => CallOutsideOfCapture("cuModuleUnload", device =>
    {
        DrainAll(device);
        if (Find<EmulatedModule>(module) is not { } found)
            return CudaError.CUDA_ERROR_INVALID_HANDLE;
        foreach (nint function in objects.Where(o => o.Value is EmulatedFunction f && f.Module == found).Select(o => o.Key).ToList())
            objects.Remove(function);
        return Remove<EmulatedModule>(module);
    });

    public CudaError ModuleGetFunction(out nint function, nint module, string name)
    {
        nint handle = 0;
        CudaError result = CallOnDevice("cuModuleGetFunction", _ =>
        {
            if (Find<EmulatedModule>(module) is not { } found)
                return CudaError.CUDA_ERROR_INVALID_HANDLE;
            if (!found.Program.Entries.Contains(name))
                return CudaError.CUDA_ERROR_NOT_FOUND;
            handle = Add(new EmulatedFunction(found, name));
            return CudaError.CUDA_SUCCESS;
        });
        function = handle;
        return result;
    }

    public CudaError FuncGetAttribute(out int value, CudaFunctionAttribute attribute, nint function)
    {
        int found = 0;
        CudaError result = CallOnFunction("cuFuncGetAttribute", function, kernel =>
        {
            if (kernel.Attribute(attribute) is not { } known)
                return CudaError.CUDA_ERROR_INVALID_VALUE;
            found = known;
            return CudaError.CUDA_SUCCESS;
        });
        value = found;
        return result;
    }

    public CudaError FuncSetAttribute(nint function, CudaFunctionAttribute attribute, int value) =>
        CallOnFunction("cuFuncSetAttribute", function, kernel =>
        {
            if (attribute != CudaFunctionAttribute.MaxDynamicSharedSizeBytes
                || value + kernel.Kernel.StaticShared > kernel.Module.Device.SharedPerBlockOptIn)
                return CudaError.CUDA_ERROR_INVALID_VALUE;
            kernel.DynamicSharedLimit = value;
            return CudaError.CUDA_SUCCESS;
        });

    /// <summary>Registers are left out: a device needs fewer than a module declares.</summary>
    public CudaError OccupancyMaxActiveBlocksPerMultiprocessor(out int blocks, nint function, int blockSize, nuint dynamicSharedBytes)
    {
        int found = 0;
        CudaError result = CallOnFunction("cuOccupancyMaxActiveBlocksPerMultiprocessor", function, kernel =>
        {
            if (blockSize < 1 || blockSize > kernel.Kernel.MaxThreads)
                return CudaError.CUDA_ERROR_INVALID_VALUE;
            int shared = kernel.Kernel.StaticShared + (int)dynamicSharedBytes + 1024;
            found = Math.Min(32, Math.Min(2048 / ((blockSize + 31) / 32 * 32), (kernel.Module.Device.SharedPerBlockOptIn + 1024) / shared));
            return CudaError.CUDA_SUCCESS;
        });
        blocks = found;
        return result;
    }

    public CudaError LaunchKernel(
        nint function, Index3D grid, Index3D block, int dynamicSharedBytes, nint stream, void* arguments, nuint argumentBytes) =>
        CallOnStream("cuLaunchKernel", stream, queue =>
        {
            if (Find<EmulatedFunction>(function) is not { } kernel || kernel.Module.Device != queue.Device)
                return CudaError.CUDA_ERROR_INVALID_HANDLE;
            if ((int)argumentBytes != kernel.Kernel.ParameterBytes)
                return Refuse($"{argumentBytes} bytes of arguments for {kernel.Kernel.ParameterBytes} bytes of parameters");
            if (dynamicSharedBytes > kernel.DynamicSharedLimit)
                return Refuse($"{dynamicSharedBytes} bytes of dynamic shared memory where {kernel.DynamicSharedLimit} are allowed");
            if (grid.X < 1 || grid.Y is < 1 or > 65535 || grid.Z is < 1 or > 65535 || block.X < 1 || block.Y < 1 || block.Z is < 1 or > 64)
                return Refuse($"grid {grid}, block {block}");
            if (block.LongSize > kernel.Kernel.MaxThreads)
                return CudaError.CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES;
            LaunchedEntries[kernel.Name] = true;
            byte[] parameters = new ReadOnlySpan<byte>(arguments, (int)argumentBytes).ToArray();
            var launch = new PtxLaunch(new Dim3(grid.X, grid.Y, grid.Z), new Dim3(block.X, block.Y, block.Z), dynamicSharedBytes);
            queue.Add(() => Run(kernel, launch, parameters));
            return CudaError.CUDA_SUCCESS;
        });

    /// <summary>PTX 7.0 came with CUDA 11.0 and 8.0 with 12.0; between and after them the minor versions rise together at first.</summary>
    private int HighestPtxVersion => Version switch
    {
        < 12000 => 70 + (Version % 1000 / 10),
        < 12060 => 80 + (Version % 1000 / 10),
        < 13000 => 79 + (Version % 1000 / 10),
        _ => 90 + (Version % 1000 / 10),
    };

    private void Run(EmulatedFunction kernel, PtxLaunch launch, byte[] parameters)
    {
        long before = kernel.Kernel.Steps;
        try
        {
            kernel.Kernel.Run(kernel.Module.Device.Memory, launch, parameters);
        }
        catch (PtxFaultException e)
        {
            kernel.Module.Device.Break($"{kernel.Name}: {e.Message}");
        }
        steps += kernel.Kernel.Steps - before;
    }

    private CudaError CallOnFunction(string name, nint function, Func<EmulatedFunction, CudaError> body) => CallOnDevice(name, device =>
        Find<EmulatedFunction>(function) is { } kernel && kernel.Module.Device == device ? body(kernel) : CudaError.CUDA_ERROR_INVALID_HANDLE);
}
