namespace IlgpuSeg.KernelRuntime.Ir;

/// <summary>The type of an SSA value. Narrow integers exist in memory only: like on IL's stack they are computed as Int32.</summary>
internal enum IrType : byte { Void, Bool, Int32, Int64, Float32, Float64, Pointer }

/// <summary>How a value is laid out in memory; loads widen to the <see cref="IrType"/>, stores narrow.</summary>
internal enum MemoryType : byte { Int8, UInt8, Int16, UInt16, Int32, Int64, Float32, Float64, Pointer }

/// <summary>Where a pointer points; Generic where the compiler does not know.</summary>
internal enum AddressSpace : byte { Generic, Global, Shared, Local }

internal enum Op : byte
{
    // Leaves: interned per function, they live in no block.
    Constant, Parameter, Builtin,
    // Arithmetic on Int32, Int64 (wrapping) and floats. The Un forms are unsigned.
    Add, Sub, Mul, Div, DivUn, Rem, RemUn, And, Or, Xor, Shl, Shr, ShrUn, Min, Max, MinUn, MaxUn, Neg, Not, Abs, Fma,
    // Comparison (Imm = CompareKind), choice, conversion (Imm = ConvertKind), functions (Imm = MathKind).
    Compare, Select, Convert, Math,
    // Args[0] + Args[1] * Scale + Imm bytes; Args[1] (Int32 or Int64) may be absent.
    PtrAdd,
    // Result number Imm of an operation that has several.
    Part,
    // Memory. Local and Shared allocate Imm bytes (Scale = element size) and are pure; DynamicShared is what the launch asked for.
    Load, Store, Local, Shared, DynamicShared,
    // Imm = AtomicKind; pointer, value [, comparand]. Yields the old value.
    Atomic,
    // Groups and warps. BarrierReduce: Imm = ReduceKind; Shuffle: value, lane of the warp (any other gives the own value);
    // Fence: Imm = FenceKind.
    Barrier, BarrierReduce, GroupBroadcast, Shuffle, Fence,
    // Copies from global to shared memory that run on: target, source, whether to take the source (Imm = bytes); Wait: Imm = groups left open.
    AsyncCopy, AsyncCommit, AsyncWait,
    // Matrices in the registers of a warp. LoadMatrix: address of a row (Imm = matrices, Scale = 1 if transposed); MultiplyMatrix: Imm =
    // MatrixKind; A (4), B (2), C (4). Their results are Parts.
    LoadMatrix, MultiplyMatrix,
    Phi,
}

internal enum CompareKind : byte { Eq, Ne, Lt, Le, Gt, Ge, LtUn, LeUn, GtUn, GeUn }

internal enum ConvertKind : byte
{
    SignExtend8, ZeroExtend8, SignExtend16, ZeroExtend16, // Int32 -> Int32, keep the low bits
    SignExtend32, ZeroExtend32, Truncate,                 // Int32 -> Int64, Int64 -> Int32
    SignedToFloat, UnsignedToFloat, FloatToSigned, FloatToUnsigned, FloatResize,
    BoolToInt, Bitcast, HalfToFloat, FloatToHalf,
    FloatToTf32, // Float32 -> Int32, the bits of a rounded float; PTX only
}

internal enum MathKind : byte
{
    Sqrt, Rsqrt, Rcp, Exp, Exp2, Log, Log2, Log10, Sin, Cos, Tan, Asin, Acos, Atan, Sinh, Cosh, Tanh, Erf,
    Floor, Ceiling, Truncate, RoundEven, Pow, Atan2, PopCount, LeadingZeros, TrailingZeros,
}

internal enum BuiltinKind : byte
{
    GridIdxX, GridIdxY, GridIdxZ, GridDimX, GridDimY, GridDimZ, GroupIdxX, GroupIdxY, GroupIdxZ, GroupDimX, GroupDimY, GroupDimZ,
    GroupLinear, LaneIdx, WarpIdx, WarpSize, DynamicSharedBytes, ExtentX, ExtentY, ExtentSize,
}

internal enum AtomicKind : byte { Add, Min, Max, MinUn, MaxUn, And, Or, Xor, Exchange, CompareExchange }

internal enum ReduceKind : byte { And, Or, PopCount }

internal enum MatrixKind : byte { Tf32, BFloat16, Half }

/// <summary>Whose view of memory a fence orders. Warp is a barrier of the warp too, which costs nothing where lanes run in step.</summary>
internal enum FenceKind : byte { Warp, Group, Device, System }

/// <summary>Facts about operations and types that every pass needs.</summary>
internal static class OpFacts
{
    public static bool IsLeaf(this Op op) => op <= Op.Builtin;

    /// <summary>No effect and no dependence on memory: may be shared, moved up and dropped.</summary>
    public static bool IsPure(this Op op) => op is < Op.Load or Op.Local or Op.Shared or Op.DynamicShared;

    /// <summary>Must be kept even where nobody uses the result.</summary>
    public static bool HasEffect(this Op op) => op is Op.Store or >= Op.Atomic and < Op.LoadMatrix and not Op.Shuffle;

    /// <summary>May fault for some operands, so it must not run where the source would not have run it.</summary>
    public static bool MayTrap(this Op op) => op is Op.Div or Op.DivUn or Op.Rem or Op.RemUn;

    /// <summary>Work-items of the group (or warp) exchange values here: the operation must not move across control flow.</summary>
    public static bool IsConvergent(this Op op) =>
        op is Op.Barrier or Op.BarrierReduce or Op.GroupBroadcast or Op.Shuffle or Op.LoadMatrix or Op.MultiplyMatrix;

    public static bool IsCommutative(this Op op) =>
        op is Op.Add or Op.Mul or Op.And or Op.Or or Op.Xor or Op.MinUn or Op.MaxUn;

    public static bool IsFloat(this IrType type) => type is IrType.Float32 or IrType.Float64;

    public static bool IsInteger(this IrType type) => type is IrType.Int32 or IrType.Int64;

    public static int Size(this MemoryType type) => type switch
    {
        MemoryType.Int8 or MemoryType.UInt8 => 1,
        MemoryType.Int16 or MemoryType.UInt16 => 2,
        MemoryType.Int32 or MemoryType.Float32 => 4,
        _ => 8,
    };

    public static IrType ValueType(this MemoryType type) => type switch
    {
        MemoryType.Int64 => IrType.Int64,
        MemoryType.Float32 => IrType.Float32,
        MemoryType.Float64 => IrType.Float64,
        MemoryType.Pointer => IrType.Pointer,
        _ => IrType.Int32,
    };

    public static CompareKind Inverse(this CompareKind kind, bool floats) => kind switch
    {
        CompareKind.Eq => CompareKind.Ne,
        CompareKind.Ne => CompareKind.Eq,
        CompareKind.Lt => floats ? CompareKind.GeUn : CompareKind.Ge,
        CompareKind.Le => floats ? CompareKind.GtUn : CompareKind.Gt,
        CompareKind.Gt => floats ? CompareKind.LeUn : CompareKind.Le,
        CompareKind.Ge => floats ? CompareKind.LtUn : CompareKind.Lt,
        CompareKind.LtUn => floats ? CompareKind.Ge : CompareKind.GeUn,
        CompareKind.LeUn => floats ? CompareKind.Gt : CompareKind.GtUn,
        CompareKind.GtUn => floats ? CompareKind.Le : CompareKind.LeUn,
        _ => floats ? CompareKind.Lt : CompareKind.LtUn,
    };

    public static CompareKind Swapped(this CompareKind kind) => kind switch
    {
        CompareKind.Lt => CompareKind.Gt,
        CompareKind.Le => CompareKind.Ge,
        CompareKind.Gt => CompareKind.Lt,
        CompareKind.Ge => CompareKind.Le,
        CompareKind.LtUn => CompareKind.GtUn,
        CompareKind.LeUn => CompareKind.GeUn,
        CompareKind.GtUn => CompareKind.LtUn,
        CompareKind.GeUn => CompareKind.LeUn,
        _ => kind,
    };
}
