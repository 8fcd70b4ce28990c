using IlgpuSeg.KernelRuntime;
using ILGPU;

namespace IlgpuSeg.Kernels;

/// <summary>The block tile of a tensor-core product, cut into warp tiles.</summary>
internal interface ITensorTile
{
    /// <summary>Rows of the tile.</summary>
    static abstract int Rows { get; }

    /// <summary>Columns of the tile.</summary>
    static abstract int Columns { get; }

    /// <summary>Rows of a warp's tile: 32 or 64.</summary>
    static abstract int WarpRows { get; }

    /// <summary>Columns of a warp's tile: 32 or 64.</summary>
    static abstract int WarpColumns { get; }

    /// <summary>Threads of a group: a warp for each of its tiles, and four or eight copies of either operand's slice for each thread.</summary>
    static abstract int Threads { get; }

    /// <summary>Slices of the depth in shared memory.</summary>
    static abstract int Stages { get; }

    /// <summary>Groups on a multiprocessor that the registers must suffice for.</summary>
    static abstract int GroupsPerMultiprocessor { get; }
}

/// <summary>256 x 128, eight warps, four slices: up to 216 KB.</summary>
internal readonly struct LargeTensorTile : ITensorTile
{
    public static int Rows => 256;

    public static int Columns => 128;

    public static int WarpRows => 64;

    public static int WarpColumns => 64;

    public static int Threads => 256;

    public static int Stages => 4;

    public static int GroupsPerMultiprocessor => 1;
}

/// <summary>128 x 128, four warps, three slices: up to 108 KB.</summary>
internal readonly struct MediumTensorTile : ITensorTile
{
    public static int Rows => 128;

    public static int Columns => 128;

    public static int WarpRows => 64;

    public static int WarpColumns => 64;

    public static int Threads => 128;

    public static int Stages => 3;

    public static int GroupsPerMultiprocessor => 2;
}

/// <summary>128 x 64, four warps, three slices: up to 81 KB. For few columns.</summary>
internal readonly struct TallTensorTile : ITensorTile
{
    public static int Rows => 128;

    public static int Columns => 64;

    public static int WarpRows => 32;

    public static int WarpColumns => 64;

    public static int Threads => 128;

    public static int Stages => 3;

    public static int GroupsPerMultiprocessor => 2;
}

/// <summary>64 x 128, four warps, three slices: up to 81 KB. For few rows, such as small weights' gradients.</summary>
internal readonly struct WideTensorTile : ITensorTile
{
    public static int Rows => 64;

    public static int Columns => 128;

    public static int WarpRows => 64;

    public static int WarpColumns => 32;

    public static int Threads => 128;

    public static int Stages => 3;

    public static int GroupsPerMultiprocessor => 2;
}

/// <summary>64 x 64, four warps, three slices: 54 KB.</summary>
internal readonly struct SmallTensorTile : ITensorTile
{
    public static int Rows => 64;

    public static int Columns => 64;

    public static int WarpRows => 32;

    public static int WarpColumns => 32;

    public static int Threads => 128;

    public static int Stages => 3;

    public static int GroupsPerMultiprocessor => 4;
}

/// <summary>In which direction the operands' neighbours in memory lie: along the depth, or along the rows of A and the columns of B.</summary>
internal interface ITensorLayout
{
    /// <summary>A's lie along the depth.</summary>
    static abstract bool DepthFirstA { get; }

    /// <summary>B's lie along the depth.</summary>
    static abstract bool DepthFirstB { get; }
}

/// <summary>Row-major matrices, and convolutions.</summary>
internal readonly struct RowMajor : ITensorLayout
{
    public static bool DepthFirstA => true;

    public static bool DepthFirstB => false;
}

/// <summary>B transposed, and the data gradients of convolutions.</summary>
internal readonly struct RightTransposed : ITensorLayout
{
    public static bool DepthFirstA => true;

    public static bool DepthFirstB => true;
}

/// <summary>A transposed, and the weight gradients of convolutions.</summary>
internal readonly struct LeftTransposed : ITensorLayout
{
    public static bool DepthFirstA => false;

    public static bool DepthFirstB => false;
}

/// <summary>The operands' type; a step of the tensor core is eight words of it deep.</summary>
internal interface ITensorOperand
{
    /// <summary>The logarithm of the number of elements in 32 bits.</summary>
    static abstract int Shift { get; }

    /// <summary>What a word of shared memory becomes before it is multiplied.</summary>
    static abstract Registers4 Prepare(Registers4 words);

    /// <summary>What a lane adds to the place of a fragment of A, where neighbouring rows lie side by side.</summary>
    /// <param name="lane">The thread's number in its tile warp.</param>
    /// <param name="stride">Words from one place in the depth to the next.</param>
    static abstract int LaneOfA(int lane, int stride);

    /// <summary>What a lane adds to the place of two fragments of B, likewise.</summary>
    /// <param name="lane">The thread's number in its tile warp.</param>
    /// <param name="stride">Words from one place in the depth to the next.</param>
    static abstract int LaneOfB(int lane, int stride);

    /// <summary>A fragment of A, 16 rows by a step, from shared memory with neighbouring rows side by side.</summary>
    /// <param name="slice">Shared memory.</param>
    /// <param name="at">Where the fragment's first word lies, with <see cref="LaneOfA"/>.</param>
    /// <param name="stride">Words from one place in the depth to the next.</param>
    /// <param name="mailbox">See <see cref="TensorCore"/>.</param>
    static abstract Registers4 LinesOfA(ArrayView<uint> slice, int at, int stride, ArrayView<uint> mailbox);

    /// <summary>Two fragments of B, a step by 8 columns each, likewise.</summary>
    /// <param name="slice">Shared memory.</param>
    /// <param name="at">Where the fragments' first word lies, with <see cref="LaneOfB"/>.</param>
    /// <param name="stride">Words from one place in the depth to the next.</param>
    /// <param name="mailbox">See <see cref="TensorCore"/>.</param>
    static abstract Registers4 LinesOfB(ArrayView<uint> slice, int at, int stride, ArrayView<uint> mailbox);

    /// <summary>A B + C.</summary>
    static abstract Sums4 Multiply(Registers4 a, Registers2 b, Sums4 c, ArrayView<uint> mailbox);
}

/// <summary>Floats, rounded to tf32 on the way to the tensor core. A step is 8 deep.</summary>
internal readonly struct Tf32Operand : ITensorOperand
{
    public static int Shift => 0;

    public static Registers4 Prepare(Registers4 words) => TensorCore.RoundTf32(words);

    // There is no transposing load of 32-bit elements: one word per register, lanes four apart 8 banks apart.
    public static int LaneOfA(int lane, int stride) => (lane & 3) * stride + (lane >> 2);

    public static int LaneOfB(int lane, int stride) => (lane & 3) * stride + (lane >> 2);

    public static Registers4 LinesOfA(ArrayView<uint> slice, int at, int stride, ArrayView<uint> mailbox) =>
        new(slice[at], slice[at + 8], slice[at + 4 * stride], slice[at + 4 * stride + 8]);

    public static Registers4 LinesOfB(ArrayView<uint> slice, int at, int stride, ArrayView<uint> mailbox) =>
        new(slice[at], slice[at + 4 * stride], slice[at + 8], slice[at + 4 * stride + 8]);

    public static Sums4 Multiply(Registers4 a, Registers2 b, Sums4 c, ArrayView<uint> mailbox) => TensorCore.MultiplyTf32(a, b, c, mailbox);
}

/// <summary>bfloat16. A step is 16 deep.</summary>
internal readonly struct BFloat16Operand : ITensorOperand
{
    public static int Shift => 1;

    public static Registers4 Prepare(Registers4 words) => words;

    public static int LaneOfA(int lane, int stride) => ((lane & 7) + (lane >> 4) * 8) * stride + ((lane >> 3) & 1) * 4;

    public static int LaneOfB(int lane, int stride) => (lane & 15) * stride + (lane >> 4) * 4;

    public static Registers4 LinesOfA(ArrayView<uint> slice, int at, int stride, ArrayView<uint> mailbox) =>
        MatrixLoad.X4Transposed(slice, at, mailbox);

    public static Registers4 LinesOfB(ArrayView<uint> slice, int at, int stride, ArrayView<uint> mailbox) =>
        MatrixLoad.X4Transposed(slice, at, mailbox);

    public static Sums4 Multiply(Registers4 a, Registers2 b, Sums4 c, ArrayView<uint> mailbox) => TensorCore.MultiplyBFloat16(a, b, c, mailbox);
}

/// <summary>How sums are stored.</summary>
internal interface ITensorResult
{
    /// <summary>Whether they are rounded to bfloat16, two to a word; else a word holds the bits of one float.</summary>
    static abstract bool IsNarrow { get; }
}

/// <summary>Float.</summary>
internal readonly struct FloatResult : ITensorResult
{
    public static bool IsNarrow => false;
}

/// <summary>bfloat16.</summary>
internal readonly struct BFloat16Result : ITensorResult
{
    public static bool IsNarrow => true;
}
