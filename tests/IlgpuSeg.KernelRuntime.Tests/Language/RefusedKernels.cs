using ILGPU;

namespace IlgpuSeg.KernelRuntime.Tests.Language;

/// <summary>One kernel per construct outside of the language.</summary>
internal static class RefusedKernels
{
    private const string NoObjects = "Kernels cannot touch objects; pass values and views.";
    private const string NoArrays = "Use an ArrayView parameter, LocalMemory.Allocate or SharedMemory.Allocate.";
    private const string NoHandlers = "Kernels cannot throw or catch; use a for loop, and make all checks on the host before launching.";
    private const string NoLibrary = "Kernels can call XMath, IntrinsicMath, the arithmetic of MathF and Math, and code of your own in their style.";
    private const string NoDelegates = "Use a struct type argument with a static abstract member instead of a delegate.";
    private const string NoChecks = "Kernels cannot throw; use unchecked operations.";
    private const string NoBoxes = "Keep the value as a struct: no object, interface or params object[] in kernels.";
    private const string NoStrings = "Strings cannot be made in kernels; format on the host.";
    private const string ConstantSize = "Use a constant, a static readonly value or a SpecializedValue<int>.";

    private static readonly int[] Table = [1, 2, 3];

    private static int s_counter;

    private interface ISided
    {
        int Sides { get; }
    }

    private readonly struct Square : ISided
    {
        public int Sides => 4;

        public static int Depth(int n) => n < 1 ? 0 : Depth(n - 1) + 1;

        public static int Even(int n) => n < 1 ? 0 : Odd(n - 1);

        public static int Odd(int n) => n < 1 ? 1 : Even(n - 1);
    }

    private sealed class Node(int value) : ISided
    {
        public int Value = value;

        public int Sides => Value;
    }

    private static int SidesOf<T>(T shape)
        where T : ISided =>
        shape.Sides;

    [Refused("an allocation of IlgpuSeg.KernelRuntime.Tests.Language.RefusedKernels+Node", "Use a struct.")]
    private static void NewObject(ArrayView<int> x, int n)
    {
        x[0] = new Node(n).Value;
    }

    [Refused("a managed array", NoArrays)]
    private static void NewArray(ArrayView<int> x, int n)
    {
        var numbers = new int[4];
        numbers[n] = 1;
        x[0] = numbers[n] + numbers[0];
    }

    [Refused("the static field RefusedKernels.Table of reference type", "Pass a view as a parameter.")]
    private static void StaticArray(ArrayView<int> x, int n)
    {
        x[0] = Table[n];
    }

    [Refused("a virtual call of System.Object.GetHashCode", "Use a struct type argument with static abstract members.", 4)]
    private static void VirtualCall(ArrayView<int> x, int n)
    {
        object text = "a kernel";
        x[0] = text.GetHashCode();
    }

    [Refused("boxing a Square", NoBoxes)]
    private static void InterfaceCallOnABox(ArrayView<int> x, int n)
    {
        ISided shape = default(Square);
        x[0] = shape.Sides;
    }

    [Refused("null", NoObjects)]
    private static void InterfaceCallOnNull(ArrayView<int> x, int n)
    {
        x[0] = SidesOf<ISided>(null!);
    }

    [Refused("a virtual call of System.Object.GetHashCode on Square", "Call a method of the struct itself.")]
    private static void ObjectMethodOnAStruct(ArrayView<int> x, int n)
    {
        x[0] = default(Square).GetHashCode();
    }

    [Refused("throw", "Kernels are total: check on the host before launching, and let the kernel do nothing for bad input.", 4)]
    private static void ThrowNull(ArrayView<int> x, int n)
    {
        if (n > 3)
            throw null!;
        x[0] = n;
    }

    [Refused("an allocation of System.ArgumentException", "Kernels are total and cannot throw: check on the host before launching.", 4)]
    private static void ThrowNew(ArrayView<int> x, int n)
    {
        if (n > 3)
            throw new ArgumentException("n is too large");
        x[0] = n;
    }

    [Refused("a recursive call of IlgpuSeg.KernelRuntime.Tests.Language.RefusedKernels.Recursion", "Write a loop; every call in a kernel is inlined.", 4)]
    private static void Recursion(ArrayView<int> x, int n)
    {
        if (n > 0)
            Recursion(x, n - 1);
    }

    [Refused("a recursive call of IlgpuSeg.KernelRuntime.Tests.Language.RefusedKernels+Square.Depth",
        "Write a loop; every call in a kernel is inlined.", -87, Method = "Square.Depth")]
    private static void RecursionInACalledMethod(ArrayView<int> x, int n)
    {
        x[0] = Square.Depth(n);
    }

    [Refused("a recursive call of IlgpuSeg.KernelRuntime.Tests.Language.RefusedKernels+Square.Even",
        "Write a loop; every call in a kernel is inlined.", -90, Method = "Square.Odd")]
    private static void MutualRecursion(ArrayView<int> x, int n)
    {
        x[0] = Square.Even(n);
    }

    [Refused("a string", NoStrings)]
    private static void StringFromANumber(ArrayView<int> x, int n)
    {
        x[0] = n.ToString().Length;
    }

    [Refused("a string", NoStrings)]
    private static void StringConstant(ArrayView<int> x, int n)
    {
        x[0] = "four"[n];
    }

    [Refused("boxing a Int32", NoBoxes)]
    private static void BoxedNumber(ArrayView<int> x, int n)
    {
        object box = n;
        x[0] = (int)box;
    }

    [Refused("local memory with a size that is not a constant", ConstantSize)]
    private static void UnboundedLocalArray(ArrayView<int> x, int n)
    {
        var local = LocalMemory.Allocate<int>(n);
        local[0] = 1;
        x[0] = local[0];
    }

    [Refused("shared memory with a size that is not a constant", ConstantSize)]
    private static void UnboundedSharedArray(ArrayView<int> x, int n)
    {
        var shared = SharedMemory.Allocate<int>(n);
        shared[0] = 1;
        x[0] = shared[0];
    }

    [Refused("stackalloc", "Use LocalMemory.Allocate1D<T>(constant).")]
    private static unsafe void StackAllocation(ArrayView<int> x, int n)
    {
        var local = stackalloc int[4];
        local[n] = 1;
        x[0] = local[0];
    }

    [Refused("a delegate", NoDelegates)]
    private static void DelegateOfALambda(ArrayView<int> x, int n)
    {
        Func<int, int> next = static v => v + 1;
        x[0] = next(n);
    }

    [Refused("a delegate", NoDelegates)]
    private static void DelegateOfAMethod(ArrayView<int> x, int n)
    {
        Func<int, int> depth = Square.Depth;
        x[0] = depth(n);
    }

    [Refused("a delegate or function pointer", "Use a struct type argument with a static abstract member.")]
    private static unsafe void FunctionPointer(ArrayView<int> x, int n)
    {
        delegate*<int, int> depth = &Square.Depth;
        x[0] = depth(n);
    }

    [Refused("the mutable static field RefusedKernels.s_counter", "Make it const or static readonly, or pass it as a parameter.")]
    private static void MutableStaticRead(ArrayView<int> x, int n)
    {
        x[0] = s_counter;
    }

    [Refused("an assignment to the static field s_counter", "Write results to a view.")]
    private static void MutableStaticWrite(ArrayView<int> x, int n)
    {
        s_counter = n;
    }

    [Refused("the mutable static field RefusedKernels.s_counter", "Make it const or static readonly, or pass it as a parameter.")]
    private static void MutableStaticAddress(ArrayView<int> x, int n)
    {
        Atomic.Add(ref s_counter, n);
    }

    [Refused("an exception handler (try, using, foreach or lock)", NoHandlers, 3)]
    private static void TryCatch(ArrayView<int> x, int n)
    {
        try { x[0] = n; }
        catch (IndexOutOfRangeException)
        {
            x[1] = n;
        }
    }

    [Refused("checked arithmetic", NoChecks)]
    private static void CheckedArithmetic(ArrayView<int> x, int n)
    {
        x[0] = checked(n + x[1]);
    }

    [Refused("checked arithmetic", NoChecks)]
    private static void CheckedConversion(ArrayView<int> x, int n)
    {
        x[0] = checked((byte)n);
    }

    [Refused("a call of System.Environment.get_TickCount64", NoLibrary)]
    private static void LibraryProperty(ArrayView<int> x, int n)
    {
        x[0] = (int)Environment.TickCount64;
    }

    [Refused("a call of System.Console.WriteLine", NoLibrary)]
    private static void LibraryCall(ArrayView<int> x, int n)
    {
        Console.WriteLine(n);
    }

    [Refused("a call of System.Math.IEEERemainder", NoLibrary)]
    private static void LibraryMath(ArrayView<int> x, int n)
    {
        x[0] = (int)Math.IEEERemainder(n, 3);
    }

    [Refused("reflection (get_IsPrimitive)", "Only comparisons with typeof are decided while compiling.")]
    private static void Reflection(ArrayView<int> x, int n)
    {
        x[0] = typeof(int).IsPrimitive ? 1 : 0;
    }

    [Refused("a call of System.Decimal.op_Multiply", NoLibrary, 4)]
    private static void DecimalNumbers(ArrayView<int> x, int n)
    {
        decimal d = n;
        x[0] = (int)(d * 1.5m);
    }
}
