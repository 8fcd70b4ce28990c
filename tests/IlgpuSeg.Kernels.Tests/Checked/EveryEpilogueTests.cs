#if KERNELS_BUNDLED
using System.Numerics;
using System.Reflection;
using ILGPU;

namespace IlgpuSeg.Kernels.Tests.Checked;

/// <summary>Every epilogue of the catalogue behind every kernel that takes one; compared with their plain runs only.</summary>
public sealed class EveryEpilogueTests
{
    /// <summary>The epilogues in single precision; one that has an activation with one of them.</summary>
    private static readonly Type[] Epilogues =
    [
        .. KernelCatalog.All.SelectMany(kernel => kernel.Method.IsGenericMethod ? kernel.Method.GetGenericArguments() : [])
            .Where(type => typeof(IEpilogue<float>).IsAssignableFrom(type)).DistinctBy(type => type.GetGenericTypeDefinition()),
    ];

    public static TheoryData<string> Names => [.. Epilogues.Select(type => type.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void AgreesWithItsPlainRun(string name)
    {
        var single = Epilogues.Single(type => type.Name == name);
        Launch(typeof(float), typeof(Real32), single);
        Launch(typeof(double), typeof(Real64), InDouble(single));
    }

    private static void Launch(Type precision, Type real, Type epilogue) => typeof(EveryEpilogueTests)
        .GetMethod(nameof(LaunchAll), BindingFlags.NonPublic | BindingFlags.Static)!.MakeGenericMethod(precision, real, epilogue)
        .CreateDelegate<Action>()();

    private static Type InDouble(Type type) =>
        type == typeof(float) ? typeof(double)
        : type == typeof(Real32) ? typeof(Real64)
        : type.IsGenericType ? type.GetGenericTypeDefinition().MakeGenericType(Array.ConvertAll(type.GetGenericArguments(), InDouble))
        : type;

    private static void LaunchAll<T, R, TEpilogue>()
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
        where TEpilogue : struct, IEpilogue<T>
    {
        // Panels of two blocks, two panels of them and one of one; a panel of four; small and large block tiles.
        Product<T, R, TEpilogue>(TestArrays<T>.Host, 7, 19, 5);
        Product<T, R, TEpilogue>(TestArrays<T>.Host, 7, 67, 5);
        Product<T, R, TEpilogue>(TestArrays<T>.Host, 8, 64, 5);
        Product<T, R, TEpilogue>(TestArrays<T>.Host, 13, 5, 4);
        Product<T, R, TEpilogue>(TestArrays<T>.BlockHost, 13, 33, 9);
        if (typeof(T) == typeof(float)) Product<T, R, TEpilogue>(TestArrays<T>.BlockHost, 129, 65, 3);
        foreach (var (size, stride) in new[] { (3, 1), (5, 1), (7, 1), (3, 2) })
            Depthwise<T, R, TEpilogue>(new DepthwiseShape(2, 4, 6, 11, new ConvolutionWindow(size, size, stride, stride, size / 2, size / 2, 1, 1)));
    }

    private static void Product<T, R, TEpilogue>(KernelHost host, int rows, int columns, int depth)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
        where TEpilogue : struct, IEpilogue<T>
    {
        using var arrays = new TestArrays<T>(rows);
        var (a, b, bias, c) = (Values(arrays, rows * depth), Values(arrays, depth * columns), Values(arrays, columns), arrays.Unset(rows * columns));
        var (shape, right) = (GemmShape.Matrix(rows, columns, depth), GemmRight.Matrix(depth, columns));
        var workspace = arrays.Unset(Math.Max(1, Gemm.Workspace(host, shape, right, 1)));
        Gemm.Run<T, R, TEpilogue>(host, a, b, bias, c, workspace, shape, right, Operands(arrays, columns, rows * columns));
        Assert.DoesNotContain(TestArrays<T>.Read(c), double.IsNaN);
    }

    private static void Depthwise<T, R, TEpilogue>(DepthwiseShape shape)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
        where TEpilogue : struct, IEpilogue<T>
    {
        using var arrays = new TestArrays<T>(shape.Channels);
        var (x, weight, bias, y) = (Values(arrays, shape.InputLength), Values(arrays, shape.WeightLength), Values(arrays, shape.Channels), arrays.Unset(shape.OutputLength));
        DepthwiseConvolution.Forward<T, R, TEpilogue>(
            TestArrays<T>.Host, x, weight, bias, y, shape, Operands(arrays, shape.Channels, shape.OutputLength));
        Assert.DoesNotContain(TestArrays<T>.Read(y), double.IsNaN);
    }

    private static EpilogueOperands<T> Operands<T>(TestArrays<T> arrays, int columns, int count)
        where T : unmanaged, INumber<T> =>
        new(Values(arrays, columns), Values(arrays, columns), Values(arrays, count), Values(arrays, columns), arrays.Unset(count));

    private static ArrayView<T> Values<T>(TestArrays<T> arrays, int count)
        where T : unmanaged, INumber<T> => arrays.On(arrays.Values(count));
}
#endif
