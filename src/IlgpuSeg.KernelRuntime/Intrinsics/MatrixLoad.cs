// Matrices of 8 x 8 elements of 16 bits from shared memory to the registers of a tile warp (ldmatrix, sm_75).
//
// A row is 16 bytes side by side, at an address that is a multiple of 16. Lane l names the row l % 8 of matrix l / 8 (for two matrices lanes
// 0 .. 15 count, for one 0 .. 7). Register i of a lane receives, of matrix i, with g = lane / 4 and t = lane % 4:
//
//   as stored:    (row g, columns 2t and 2t+1)          transposed:   (row 2t, column g) and (row 2t+1, column g)
//   the first element in the low half of the register
//
// Rows of four 32-bit elements do as well: the register is then element (g, t), which is how tf32 fragments lie (see TensorCore.cs). For
//
//   A[16, 16] of 16 bits (or [16, 8] of 32), stored by rows:  X4, lane l naming row l % 16, byte 16 (l / 16)    -> R0 .. R3 as MultiplyX takes it
//   B[16, 8] of 16 bits, stored by columns (k contiguous):    X2, lane l naming column l % 8, byte 16 (l / 8)   -> R0, R1
//   B[16, 8] of 16 bits, stored by rows:                      X2Transposed, lane l naming row l % 16
//
// The portable bodies exchange addresses through the mailbox; their contract is TensorCore's.
using ILGPU;
using ILGPU.IR.Intrinsics;

namespace IlgpuSeg.KernelRuntime;

/// <summary>Loads of matrices by a tile warp; callable inside kernels.</summary>
public static class MatrixLoad
{
    /// <summary>One matrix.</summary>
    /// <param name="shared">Shared memory, seen as pairs of 16-bit elements.</param>
    /// <param name="row">Where the row begins that this lane names: a multiple of 4.</param>
    /// <param name="mailbox">The group's mailbox in shared memory.</param>
    [IntrinsicImplementation]
    public static uint X1(ArrayView<uint> shared, int row, ArrayView<uint> mailbox)
    {
        Post(row, mailbox);
        var r = AsStored(shared, mailbox, 0);
        Group.Barrier();
        return r;
    }

    /// <summary>Two matrices.</summary>
    /// <param name="shared">Shared memory, seen as pairs of 16-bit elements.</param>
    /// <param name="row">Where the row begins that this lane names: a multiple of 4.</param>
    /// <param name="mailbox">The group's mailbox in shared memory.</param>
    [IntrinsicImplementation]
    public static Registers2 X2(ArrayView<uint> shared, int row, ArrayView<uint> mailbox)
    {
        Post(row, mailbox);
        var r = new Registers2(AsStored(shared, mailbox, 0), AsStored(shared, mailbox, 1));
        Group.Barrier();
        return r;
    }

    /// <summary>Four matrices.</summary>
    /// <param name="shared">Shared memory, seen as pairs of 16-bit elements.</param>
    /// <param name="row">Where the row begins that this lane names: a multiple of 4.</param>
    /// <param name="mailbox">The group's mailbox in shared memory.</param>
    [IntrinsicImplementation]
    public static Registers4 X4(ArrayView<uint> shared, int row, ArrayView<uint> mailbox)
    {
        Post(row, mailbox);
        var r = new Registers4(
            AsStored(shared, mailbox, 0), AsStored(shared, mailbox, 1), AsStored(shared, mailbox, 2), AsStored(shared, mailbox, 3));
        Group.Barrier();
        return r;
    }

    /// <summary>One matrix, transposed.</summary>
    /// <param name="shared">Shared memory, seen as pairs of 16-bit elements.</param>
    /// <param name="row">Where the row begins that this lane names: a multiple of 4.</param>
    /// <param name="mailbox">The group's mailbox in shared memory.</param>
    [IntrinsicImplementation]
    public static uint X1Transposed(ArrayView<uint> shared, int row, ArrayView<uint> mailbox)
    {
        Post(row, mailbox);
        var r = Transposed(shared, mailbox, 0);
        Group.Barrier();
        return r;
    }

    /// <summary>Two matrices, each transposed.</summary>
    /// <param name="shared">Shared memory, seen as pairs of 16-bit elements.</param>
    /// <param name="row">Where the row begins that this lane names: a multiple of 4.</param>
    /// <param name="mailbox">The group's mailbox in shared memory.</param>
    [IntrinsicImplementation]
    public static Registers2 X2Transposed(ArrayView<uint> shared, int row, ArrayView<uint> mailbox)
    {
        Post(row, mailbox);
        var r = new Registers2(Transposed(shared, mailbox, 0), Transposed(shared, mailbox, 1));
        Group.Barrier();
        return r;
    }

    /// <summary>Four matrices, each transposed.</summary>
    /// <param name="shared">Shared memory, seen as pairs of 16-bit elements.</param>
    /// <param name="row">Where the row begins that this lane names: a multiple of 4.</param>
    /// <param name="mailbox">The group's mailbox in shared memory.</param>
    [IntrinsicImplementation]
    public static Registers4 X4Transposed(ArrayView<uint> shared, int row, ArrayView<uint> mailbox)
    {
        Post(row, mailbox);
        var r = new Registers4(
            Transposed(shared, mailbox, 0), Transposed(shared, mailbox, 1), Transposed(shared, mailbox, 2), Transposed(shared, mailbox, 3));
        Group.Barrier();
        return r;
    }

    private static void Post(int row, ArrayView<uint> mailbox)
    {
        mailbox[Group.IdxX] = (uint)row;
        Group.Barrier();
    }

    private static uint AsStored(ArrayView<uint> shared, ArrayView<uint> mailbox, int matrix)
    {
        var lane = Group.IdxX & (TensorCore.Threads - 1);
        return shared[(int)mailbox[Group.IdxX - lane + matrix * 8 + (lane >> 2)] + (lane & 3)];
    }

    private static uint Transposed(ArrayView<uint> shared, ArrayView<uint> mailbox, int matrix)
    {
        var lane = Group.IdxX & (TensorCore.Threads - 1);
        var owner = Group.IdxX - lane + matrix * 8 + (lane & 3) * 2;
        var pair = lane >> 3;
        var low = shared[(int)mailbox[owner] + pair];
        var high = shared[(int)mailbox[owner + 1] + pair];
        return ((lane >> 2) & 1) == 0 ? (low & 0xFFFF) | (high << 16) : (low >> 16) | (high & 0xFFFF0000u);
    }
}
