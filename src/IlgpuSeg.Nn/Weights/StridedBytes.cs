using IlgpuSeg.Serialization;

namespace IlgpuSeg.Nn.Weights;

/// <summary>A strided view of a storage as contiguous row-major bytes.</summary>
internal sealed class StridedBytes : IWeightBytes
{
    private readonly PickleTensor _tensor;
    private readonly IWeightBytes _bytes;
    private readonly int _size;
    private readonly bool _contiguous;

    public StridedBytes(PickleTensor tensor)
    {
        _tensor = tensor;
        _bytes = tensor.Storage.Bytes!;
        _size = tensor.Storage.Type.Size();
        _contiguous = IsContiguous(tensor);
    }

    public void Read(long offset, Span<byte> destination)
    {
        if (_contiguous)
        {
            _bytes.Read(_tensor.Offset * _size + offset, destination);
            return;
        }
        Span<byte> element = stackalloc byte[8];
        element = element[.._size];
        long index = offset / _size;
        int skip = (int)(offset % _size);
        while (!destination.IsEmpty)
        {
            _bytes.Read(Place(index++) * _size, element);
            int count = Math.Min(_size - skip, destination.Length);
            element.Slice(skip, count).CopyTo(destination);
            destination = destination[count..];
            skip = 0;
        }
    }

    private long Place(long index)
    {
        long place = _tensor.Offset;
        for (int i = _tensor.Sizes.Length - 1; i >= 0; i--)
        {
            (index, long coordinate) = Math.DivRem(index, _tensor.Sizes[i]);
            place += coordinate * _tensor.Strides[i];
        }
        return place;
    }

    private static bool IsContiguous(PickleTensor tensor)
    {
        long expected = 1;
        for (int i = tensor.Sizes.Length - 1; i >= 0; i--)
        {
            if (tensor.Sizes[i] != 1 && tensor.Strides[i] != expected)
                return false;
            expected *= tensor.Sizes[i];
        }
        return true;
    }
}
