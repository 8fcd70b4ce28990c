using ILGPU;
using ILGPU.Runtime;
using IlgpuSeg.Kernels;
using IlgpuSeg.Memory;

namespace IlgpuSeg;

/// <summary>
/// A dense, contiguous array of numbers on a device, with its place in the autograd graph. Images and feature maps are
/// [N, H, W, C] (channels last).
/// </summary>
public sealed partial class Tensor : IDisposable
{
    private Storage storage;
    private bool disposed;
    private bool requiresGrad;
    private string? name;

    private Tensor(Storage storage, Shape shape, DType dtype, Device device, bool scoped = true)
    {
        this.storage = storage;
        Shape = shape;
        DType = dtype;
        Device = device;
        if (scoped) TensorScope.Register(this);
    }

    /// <summary>The extents.</summary>
    public Shape Shape { get; }

    /// <summary>The element type.</summary>
    public DType DType { get; }

    /// <summary>Where the elements live.</summary>
    public Device Device { get; }

    /// <summary>A name for messages; parameters carry their key.</summary>
    public string? Name
    {
        get => name;
        set
        {
            name = value;
            storage.Name ??= value;
        }
    }

    /// <summary>Whether backward leaves this tensor's gradient in <see cref="Grad"/> (leaves), or passes through it.</summary>
    /// <exception cref="InvalidOperationException">Set on integers, or cleared on the result of an operation.</exception>
    public bool RequiresGrad
    {
        get => requiresGrad;
        set
        {
            if (value && !DType.IsFloatingPoint())
                throw new InvalidOperationException($"Only floating-point tensors have gradients; {Describe()} holds {DType}.");
            if (!value && GradNode is not null)
                throw new InvalidOperationException($"{Describe()} is the result of {GradNode.Op}; use Detach() to cut it off.");
            requiresGrad = value;
        }
    }

    /// <summary>The gradient that backward has accumulated, of this tensor's shape; null before the first backward.</summary>
    public Tensor? Grad { get; set; }

    internal Node? GradNode { get; private set; }

    /// <summary>The number of elements.</summary>
    public long Length => Shape.Length;

    /// <summary>The number of elements, which kernels index with 32 bits.</summary>
    /// <exception cref="OverflowException">There are more than 2^31 - 1.</exception>
    public int Count => checked((int)Shape.Length);

    /// <summary>Images of a batch: the first of four extents.</summary>
    public int N => Shape[0];

    /// <summary>Rows of an image [N, H, W, C].</summary>
    public int H => Shape[1];

    /// <summary>Columns of an image [N, H, W, C].</summary>
    public int W => Shape[2];

    /// <summary>Channels: the last extent.</summary>
    public int C => Shape[^1];

    internal int Version => storage.Version;

    internal bool IsUnique => storage.IsUnique;

    /// <summary>A tensor whose elements are not initialised.</summary>
    /// <param name="shape">The extents.</param>
    /// <param name="dtype">The element type.</param>
    /// <param name="device">Where to put it; the CPU if null.</param>
    /// <exception cref="OverflowException">The shape holds more elements than 32-bit indices reach.</exception>
    public static Tensor Empty(Shape shape, DType dtype = DType.Float32, Device? device = null)
    {
        device ??= Device.Cpu;
        if (shape.Length > int.MaxValue)
            throw new OverflowException($"A tensor of shape {shape} has {shape.Length:N0} elements; kernels index at most {int.MaxValue:N0}.");
        return new Tensor(device.Allocator.Allocate(shape, dtype), shape, dtype, device);
    }

    /// <summary>A tensor of zeros.</summary>
    /// <param name="shape">The extents.</param>
    /// <param name="dtype">The element type.</param>
    /// <param name="device">Where to put it; the CPU if null.</param>
    /// <exception cref="OverflowException">The shape holds more elements than 32-bit indices reach.</exception>
    public static Tensor Zeros(Shape shape, DType dtype = DType.Float32, Device? device = null)
    {
        var tensor = Empty(shape, dtype, device);
        tensor.SetToZero();
        return tensor;
    }

    /// <summary>A tensor of one value, rounded to the type.</summary>
    /// <param name="shape">The extents.</param>
    /// <param name="value">The value.</param>
    /// <param name="dtype">The element type.</param>
    /// <param name="device">Where to put it; the CPU if null.</param>
    /// <exception cref="OverflowException">The shape holds more elements than 32-bit indices reach.</exception>
    public static Tensor Full(Shape shape, double value, DType dtype = DType.Float32, Device? device = null)
    {
        return Staged(shape, part => part.Fill(value), dtype, device);
    }

    /// <summary>A tensor with the given elements in row-major order.</summary>
    /// <param name="data">The elements; as many as the shape holds.</param>
    /// <param name="shape">The extents.</param>
    /// <param name="device">Where to put it; the CPU if null.</param>
    /// <exception cref="ShapeException">The counts differ.</exception>
    public static Tensor From<T>(ReadOnlySpan<T> data, Shape shape, Device? device = null)
        where T : unmanaged
    {
        if (data.Length != shape.Length)
            throw new ShapeException("Tensor.From", $"the shape must hold as many elements as are given, {data.Length}", ("shape", shape));
        var tensor = Empty(shape, DTypes.Of<T>(), device ?? Device.Cpu);
        tensor.CopyFrom(data);
        return tensor;
    }

    /// <inheritdoc cref="From{T}(ReadOnlySpan{T}, Shape, Device?)"/>
    public static Tensor From<T>(T[] data, Shape shape, Device? device = null)
        where T : unmanaged => From<T>(data.AsSpan(), shape, device);

    /// <summary>A tensor of any floating-point type from doubles, rounded.</summary>
    public static Tensor FromDoubles(ReadOnlySpan<double> data, Shape shape, DType dtype, Device device)
    {
        if (dtype == DType.Float64) return From(data, shape, device);
        if (data.Length != shape.Length)
            throw new ShapeException("Tensor.FromDoubles", $"the shape must hold as many elements as are given, {data.Length}", ("shape", shape));
        var tensor = Empty(shape, dtype, device);
        for (var start = 0; start < data.Length; start += StagedElements)
            tensor.CopyPart(start, data[start..Math.Min(start + StagedElements, data.Length)]);
        return tensor;
    }

    /// <summary>The elements, for kernels.</summary>
    /// <exception cref="InvalidOperationException">T is not this tensor's element type.</exception>
    /// <exception cref="ObjectDisposedException">The elements were freed.</exception>
    public ArrayView<T> View<T>()
        where T : unmanaged
    {
        if (DTypes.Of<T>() != DType)
            throw new InvalidOperationException($"{Describe()} holds {DType}, not {typeof(T).Name}.");
        return storage.Bytes.Cast<T>().SubView(0, Length);
    }

    /// <summary>Replaces the elements.</summary>
    /// <exception cref="ShapeException">The counts differ.</exception>
    public void CopyFrom<T>(ReadOnlySpan<T> data)
        where T : unmanaged
    {
        if (data.Length != Length)
            throw new ShapeException("Tensor.CopyFrom", $"the tensor must hold as many elements as are given, {data.Length}", ("tensor", Shape));
        MarkChanged();
        // Not by a reference to the first element, which the packages do not pin.
        if (data.Length > 0)
            View<T>().CopyFromCPU(in data);
    }

    /// <summary>Replaces the elements by those of another tensor of the same shape, type and device.</summary>
    public void CopyFrom(Tensor source)
    {
        OpCheck.SameDevice("Tensor.CopyFrom", this, source);
        OpCheck.SameDType("Tensor.CopyFrom", this, source);
        if (source.Shape != Shape)
            throw new ShapeException("Tensor.CopyFrom", "both must have one shape", ("tensor", Shape), ("source", source.Shape));
        MarkChanged();
        var bytes = Length * DType.Size();
        source.storage.Bytes.SubView(0, bytes).AsDense().CopyTo(storage.Bytes.SubView(0, bytes).AsDense());
    }

    /// <summary>The elements in row-major order.</summary>
    public T[] ToArray<T>()
        where T : unmanaged
    {
        var data = new T[Count];
        if (data.Length > 0)
            View<T>().AsDense().CopyToCPU(data);
        return data;
    }

    /// <summary>The elements widened to double.</summary>
    public double[] ToDoubles() => DType switch
    {
        DType.Float64 => ToArray<double>(),
        DType.Float32 => Array.ConvertAll(ToArray<float>(), x => (double)x),
        DType.BFloat16 => Array.ConvertAll(ToArray<BFloat16>(), x => (double)BFloat16.Widen(x)),
        _ => Array.ConvertAll(ToArray<int>(), x => (double)x),
    };

    /// <summary>The only element.</summary>
    /// <exception cref="ShapeException">There is not exactly one.</exception>
    public double Item() => Length == 1
        ? ToDoubles()[0]
        : throw new ShapeException("Tensor.Item", "the tensor must hold one element", ("tensor", Shape));

    /// <summary>Sets all elements to zero.</summary>
    public void SetToZero()
    {
        MarkChanged();
        if (Length > 0) storage.Bytes.AsDense().MemSetToZero();
    }

    /// <summary>The same elements under another shape; differentiable.</summary>
    /// <exception cref="ShapeException">The counts differ.</exception>
    public Tensor Reshape(params ReadOnlySpan<int> dims)
    {
        var shape = new Shape(dims);
        if (shape.Length != Length)
            throw new ShapeException("Reshape", "both shapes must hold as many elements", ("tensor", Shape), ("target", shape));
        var original = Shape.ToArray();
        return Autograd.Record("Reshape", Share(shape), [this], g => [g.Share(original)]);
    }

    /// <inheritdoc cref="Reshape(ReadOnlySpan{int})"/>
    public Tensor Reshape(Shape shape) => Reshape(shape.ToArray());

    /// <summary>The same elements, cut off from the graph.</summary>
    public Tensor Detach() => Share(Shape);

    /// <summary>A copy of the elements, cut off from the graph.</summary>
    public Tensor Clone()
    {
        var copy = Empty(Shape, DType, Device);
        copy.CopyFrom(this);
        return copy;
    }

    /// <summary>Gives the elements back; the gradient too.</summary>
    public void Dispose()
    {
        if (disposed) return;
        TensorScope.Forget(this);
        ReleaseFromScope();
    }

    /// <summary>
    /// Shape, type, device and the elements, of long axes both ends: "Tensor [2, 2] Float32 on cpu" and below it the rows in brackets. Waits
    /// for the device.
    /// </summary>
    public override string ToString()
    {
        var name = Name is null ? "" : $" '{Name}'";
        if (storage.IsFreed) return $"Tensor{name} {Shape} {DType} on {Device.Name}, freed";
        var graph = GradNode is not null ? $", result of {GradNode.Op}" : RequiresGrad ? ", requires a gradient" : "";
        return $"Tensor{name} {Shape} {DType} on {Device.Name}{graph}\n{TensorPreview.Of(this)}";
    }

    /// <summary>Records an in-place change, so that backward refuses to use what it saved before.</summary>
    public void MarkChanged() => storage.Touch();

    internal Tensor Share(Shape shape, bool scoped = true) => new(storage.AddReference(), shape, DType, Device, scoped);

    /// <summary>Keeps the elements alive beyond this tensor's end: what a graph node does with what it saved.</summary>
    internal Storage HoldElements() => storage.AddReference();

    /// <summary>
    /// Gives a tensor whose own elements are freed those of another, until <see cref="ReturnElements"/>: a gradient that was recorded with a
    /// temporary operand reads it again.
    /// </summary>
    internal void BorrowElements(Tensor lender) => storage = lender.storage.AddReference();

    /// <summary>Ends <see cref="BorrowElements"/>.</summary>
    internal void ReturnElements() => storage.Release();

    internal Tensor CloneUnscoped()
    {
        var copy = new Tensor(Device.Allocator.Allocate(Shape, DType), Shape, DType, Device, scoped: false);
        copy.CopyFrom(this);
        return copy;
    }

    internal void ReleaseFromScope()
    {
        if (disposed) return;
        disposed = true;
        storage.Release();
        ZeroGrad();
        escapedGraph?.Leave();
    }

    internal string Describe() => Name is null ? $"a tensor {Shape}" : $"'{Name}' {Shape}";
}
