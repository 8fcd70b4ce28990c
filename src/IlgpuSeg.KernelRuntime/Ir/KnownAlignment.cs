using System.Numerics;

namespace IlgpuSeg.KernelRuntime.Ir;

/// <summary>The largest power of two, up to <see cref="Most"/>, that is known to divide integers and addresses.</summary>
internal sealed class KnownAlignment
{
    /// <summary>More than any access needs.</summary>
    public const int Most = 16;

    private readonly Dictionary<Value, int> _known = [];
    private readonly int _parameterAlignment;

    /// <param name="function">The function; address spaces need not be known.</param>
    /// <param name="parameterAlignment">What the launch promises of all pointers that it passes.</param>
    public KnownAlignment(Function function, int parameterAlignment)
    {
        _parameterAlignment = parameterAlignment;
        var values = function.Values().Where(v => v.Type is IrType.Int32 or IrType.Int64 or IrType.Pointer).ToList();
        // Loops start from the best guess, so that a counter that goes up in fours stays a multiple of four.
        foreach (var value in values)
        {
            _known[value] = Most;
        }

        for (var changed = true; changed;)
        {
            changed = false;
            foreach (var value in values)
            {
                var alignment = Math.Min(_known[value], Compute(value));
                changed |= alignment != _known[value];
                _known[value] = alignment;
            }
        }
    }

    public int Of(Value value) => value.Op switch
    {
        Op.Constant => OfNumber(value.Imm),
        Op.Parameter => value.Type == IrType.Pointer ? _parameterAlignment : 1,
        Op.Builtin => 1,
        _ => _known.GetValueOrDefault(value, 1),
    };

    public static int OfNumber(long number) => number == 0 ? Most : (int)Math.Min(Most, 1L << BitOperations.TrailingZeroCount(number));

    private int Compute(Value value)
    {
        var args = value.Args;
        return value.Op switch
        {
            Op.Add or Op.Sub or Op.Or or Op.Xor or Op.Min or Op.Max or Op.MinUn or Op.MaxUn => Math.Min(Of(args[0]), Of(args[1])),
            Op.And => Math.Max(Of(args[0]), Of(args[1])),
            Op.Mul => Math.Min(Most, Of(args[0]) * Of(args[1])),
            Op.Shl when args[1].IsConstant => (int)Math.Min(Most, (long)Of(args[0]) << (int)Math.Min(args[1].Imm & 63, 8)),
            Op.Shl or Op.Neg or Op.Abs => Of(args[0]),
            // A remainder of two multiples is one.
            Op.Rem or Op.RemUn => Math.Min(Of(args[0]), Of(args[1])),
            Op.Convert when value.Convert is ConvertKind.SignExtend32 or ConvertKind.ZeroExtend32 or ConvertKind.Truncate => Of(args[0]),
            Op.Select => Math.Min(Of(args[1]), Of(args[2])),
            Op.Phi => args.Length == 0 ? 1 : args.Min(Of),
            Op.Shared or Op.Local or Op.DynamicShared => Most,
            Op.PtrAdd when args.Length == 1 => Math.Min(Of(args[0]), OfNumber(value.Imm)),
            Op.PtrAdd => Math.Min(Math.Min(Of(args[0]), OfNumber(value.Imm)), (int)Math.Min(Most, (long)Of(args[1]) * OfNumber(value.Scale))),
            _ => 1,
        };
    }
}
