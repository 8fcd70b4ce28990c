#if KERNELS_BUNDLED
using System.Reflection;
using System.Runtime.InteropServices;
using IlgpuSeg.KernelRuntime.Devices;

namespace IlgpuSeg.Kernels.Tests.Checked;

/// <summary>Memory that a launch may write to: the views among its arguments, those that overlap taken together.</summary>
/// <param name="Name">The parameter.</param>
/// <param name="Start">The address.</param>
/// <param name="Bytes">The length.</param>
/// <param name="Element">The primitive that it consists of.</param>
internal sealed record MemoryRegion(string Name, nint Start, nint Bytes, Type Element)
{
    /// <summary>
    /// What vector functions may change, relative to the element and at least to 1: they are within 2 ulp each, and a kernel takes a sum, a
    /// difference or a product of few of their results.
    /// </summary>
    private const double SingleBound = 2e-6;
    private const double DoubleBound = 4e-15;

    public static unsafe List<MemoryRegion> Of(KernelEntry entry, byte* arguments)
    {
        var regions = new List<MemoryRegion>();
        foreach (var slot in entry.Views.OrderBy(slot => *(nint*)(arguments + slot.Offset)))
        {
            var start = *(nint*)(arguments + slot.Offset);
            var bytes = (nint)(*(long*)(arguments + slot.Offset + 8) * slot.ElementSize);
            if (bytes == 0) continue;
            if (regions.LastOrDefault() is { } last && start < last.Start + last.Bytes)
                regions[^1] = last with { Name = $"{last.Name}, {slot.Path}", Bytes = Math.Max(last.Bytes, start + bytes - last.Start) };
            else
                regions.Add(new MemoryRegion(slot.Path, start, bytes, PrimitiveOf(slot.Element)));
        }
        return regions;
    }

    public byte[] Copy()
    {
        var copy = new byte[Bytes];
        Marshal.Copy(Start, copy, 0, copy.Length);
        return copy;
    }

    /// <summary>Puts the memory back; memory that was only read is not touched, as another launch may be reading it.</summary>
    public unsafe void Restore(byte[] copy)
    {
        var memory = new Span<byte>((void*)Start, copy.Length);
        if (!memory.SequenceEqual(copy)) copy.CopyTo(memory);
    }

    /// <summary>The first element that is not what a plain run left; null if there is none.</summary>
    public unsafe string? FindDifference(byte[] expected, bool usesVectorFunctions)
    {
        var memory = new ReadOnlySpan<byte>((void*)Start, expected.Length);
        if (memory.SequenceEqual(expected)) return null;
        return Element == typeof(float) ? FindFloat(Cast<float>(memory), Cast<float>(expected), usesVectorFunctions ? SingleBound : 0)
            : Element == typeof(double) ? FindFloat(Cast<double>(memory), Cast<double>(expected), usesVectorFunctions ? DoubleBound : 0)
            : $"{Name}, byte {memory.CommonPrefixLength(expected)} of {expected.Length}";
    }

    private string? FindFloat<T>(ReadOnlySpan<T> actual, ReadOnlySpan<T> expected, double bound)
        where T : unmanaged, System.Numerics.IFloatingPointIeee754<T>
    {
        for (var i = 0; i < expected.Length; i++)
        {
            var (a, e) = (double.CreateChecked(actual[i]), double.CreateChecked(expected[i]));
            // Zeros must agree in sign, and one NaN is as good as another.
            var same = a.Equals(e) && (a != 0 || double.IsNegative(a) == double.IsNegative(e));
            if (!same && !(bound > 0 && Math.Abs(a - e) <= bound * Math.Max(1, Math.Abs(e))))
                return $"{Name}, element {i} of {expected.Length}: {a:R} instead of {e:R}";
        }
        return null;
    }

    private static ReadOnlySpan<T> Cast<T>(ReadOnlySpan<byte> bytes)
        where T : unmanaged => MemoryMarshal.Cast<byte, T>(bytes);

    private static Type PrimitiveOf(Type type) => type.IsPrimitive
        ? type
        : PrimitiveOf(type.GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic)[0].FieldType);
}
#endif
