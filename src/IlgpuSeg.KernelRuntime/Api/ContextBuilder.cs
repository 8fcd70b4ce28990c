using ILGPU.Runtime;
using ILGPU.Runtime.CPU;
using ILGPU.Runtime.Cuda;

namespace ILGPU;

public sealed partial class Context
{
    /// <summary>Chooses the devices and settings of a context.</summary>
    public sealed class Builder : ContextProperties
    {
        internal Builder()
        {
        }

        internal List<Device> Devices { get; } = [];

        /// <summary>All devices with the usual settings.</summary>
        public Builder Default() => AllAccelerators();

        /// <summary>All devices.</summary>
        public Builder AllAccelerators() => AllAccelerators(static _ => true);

        /// <summary>All devices that fulfil a condition.</summary>
        public Builder AllAccelerators(Predicate<Device> predicate)
        {
            ArgumentNullException.ThrowIfNull(predicate);
            return this.CPU(device => predicate(device)).Cuda(device => predicate(device));
        }

        /// <summary>Chooses how hard kernels are optimised.</summary>
        public Builder Optimize(OptimizationLevel level)
        {
            OptimizationLevel = level;
            return this;
        }

        /// <summary>Allows profiling markers.</summary>
        public Builder Profiling()
        {
            EnableProfiling = true;
            return this;
        }

        /// <summary>Kernels are optimised.</summary>
        public Builder Release() => Optimize(OptimizationLevel.Release);

        /// <summary>Kernels are hardly optimised.</summary>
        public Builder Debug() => Optimize(OptimizationLevel.Debug);

        /// <summary>Builds the context.</summary>
        public Context ToContext() => new(this);
    }
}
