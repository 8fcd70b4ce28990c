using ILGPU;
using ILGPU.IR.Intrinsics;

namespace IlgpuSeg.KernelRuntime;

/// <summary>
/// What the package's PTX back end compiles in the place of <see cref="AsyncCopy"/>, <see cref="MatrixLoad"/> and <see cref="TensorCore"/>. Names
/// and parameters are theirs; views become addresses, and the mailbox is not needed. <see cref="IntrinsicRegistration"/> registers all of them.
/// </summary>
internal static class PtxIntrinsics
{
    public static void Copy16<T>(ArrayView<T> target, int to, ArrayView<T> source, int from, bool take)
        where T : unmanaged => PtxInstructions.Copy16(ref Word(target, to), ref Word(source, from), take ? 16 : 0);

    public static void Copy8<T>(ArrayView<T> target, int to, ArrayView<T> source, int from, bool take)
        where T : unmanaged => PtxInstructions.Copy8(ref Word(target, to), ref Word(source, from), take ? 8 : 0);

    public static void Copy4<T>(ArrayView<T> target, int to, ArrayView<T> source, int from, bool take)
        where T : unmanaged => PtxInstructions.Copy4(ref Word(target, to), ref Word(source, from), take ? 4 : 0);

    public static void Commit() => PtxInstructions.Commit();

    // The number is a part of the instruction; to wait for more than was asked is right too.
    public static void Wait(int newest)
    {
        if (newest == 3) PtxInstructions.WaitForAllButThree();
        else if (newest == 2) PtxInstructions.WaitForAllButTwo();
        else if (newest == 1) PtxInstructions.WaitForAllButOne();
        else PtxInstructions.WaitForAll();
    }

    public static uint X1(ArrayView<uint> shared, int row, ArrayView<uint> mailbox) => PtxInstructions.Load1(ref shared[row]);

    public static Registers2 X2(ArrayView<uint> shared, int row, ArrayView<uint> mailbox) => PtxInstructions.Load2(ref shared[row]);

    public static Registers4 X4(ArrayView<uint> shared, int row, ArrayView<uint> mailbox) => PtxInstructions.Load4(ref shared[row]);

    public static uint X1Transposed(ArrayView<uint> shared, int row, ArrayView<uint> mailbox) => PtxInstructions.Load1Transposed(ref shared[row]);

    public static Registers2 X2Transposed(ArrayView<uint> shared, int row, ArrayView<uint> mailbox) =>
        PtxInstructions.Load2Transposed(ref shared[row]);

    public static Registers4 X4Transposed(ArrayView<uint> shared, int row, ArrayView<uint> mailbox) =>
        PtxInstructions.Load4Transposed(ref shared[row]);

    public static uint RoundTf32(float value) => PtxInstructions.RoundTf32(value);

    public static Sums4 MultiplyTf32(Registers4 a, Registers2 b, Sums4 c, ArrayView<uint> mailbox) => PtxInstructions.MultiplyTf32(a, b, c);

    public static Sums4 MultiplyBFloat16(Registers4 a, Registers2 b, Sums4 c, ArrayView<uint> mailbox) =>
        PtxInstructions.MultiplyBFloat16(a, b, c);

    public static Sums4 MultiplyHalf(Registers4 a, Registers2 b, Sums4 c, ArrayView<uint> mailbox) => PtxInstructions.MultiplyHalf(a, b, c);

    private static ref uint Word<T>(ArrayView<T> view, int index)
        where T : unmanaged => ref view.SubView(index).Cast<uint>()[0];
}

/// <summary>
/// Single instructions. The package calls the method of <see cref="PtxEmitters"/> that has the same name to write them; the bodies here never run. (Its inline
/// PTX would do as well, but takes results through local memory.)
/// </summary>
internal static class PtxInstructions
{
    [IntrinsicImplementation]
    public static void Copy16(ref uint target, ref uint source, int bytes)
    {
    }

    [IntrinsicImplementation]
    public static void Copy8(ref uint target, ref uint source, int bytes)
    {
    }

    [IntrinsicImplementation]
    public static void Copy4(ref uint target, ref uint source, int bytes)
    {
    }

    [IntrinsicImplementation]
    public static void Commit()
    {
    }

    [IntrinsicImplementation]
    public static void WaitForAll()
    {
    }

    [IntrinsicImplementation]
    public static void WaitForAllButOne()
    {
    }

    [IntrinsicImplementation]
    public static void WaitForAllButTwo()
    {
    }

    [IntrinsicImplementation]
    public static void WaitForAllButThree()
    {
    }

    [IntrinsicImplementation]
    public static uint Load1(ref uint row) => 0;

    [IntrinsicImplementation]
    public static Registers2 Load2(ref uint row) => default;

    [IntrinsicImplementation]
    public static Registers4 Load4(ref uint row) => default;

    [IntrinsicImplementation]
    public static uint Load1Transposed(ref uint row) => 0;

    [IntrinsicImplementation]
    public static Registers2 Load2Transposed(ref uint row) => default;

    [IntrinsicImplementation]
    public static Registers4 Load4Transposed(ref uint row) => default;

    [IntrinsicImplementation]
    public static uint RoundTf32(float value) => 0;

    [IntrinsicImplementation]
    public static Sums4 MultiplyTf32(Registers4 a, Registers2 b, Sums4 c) => default;

    [IntrinsicImplementation]
    public static Sums4 MultiplyBFloat16(Registers4 a, Registers2 b, Sums4 c) => default;

    [IntrinsicImplementation]
    public static Sums4 MultiplyHalf(Registers4 a, Registers2 b, Sums4 c) => default;
}
