using System.Globalization;
using System.Text;
using IlgpuSeg.KernelRuntime.Ir;

namespace IlgpuSeg.KernelRuntime.Backends.Ptx;

/// <summary>The classes of registers that the emitter declares.</summary>
internal enum RegisterClass : byte { Predicate, Bits16, Bits32, Bits64, Single, Double }

/// <summary>
/// Numbers virtual registers. There is no limit to them: the driver's own compiler assigns the real ones.
/// <code>
/// %p  .pred   truth values                    %rd .b64  Int64, global, local and generic addresses
/// %h  .b16    half numbers on their way       %f  .f32  Float32
/// %r  .b32    Int32, shared addresses         %fd .f64  Float64
/// </code>
/// </summary>
internal sealed class Registers
{
    private static readonly (string Prefix, string Type)[] Classes =
        [("%p", ".pred"), ("%h", ".b16"), ("%r", ".b32"), ("%rd", ".b64"), ("%f", ".f32"), ("%fd", ".f64")];

    private readonly int[] _counts = new int[Classes.Length];

    public static RegisterClass ClassOf(IrType type, AddressSpace space) => type switch
    {
        IrType.Bool => RegisterClass.Predicate,
        IrType.Int32 => RegisterClass.Bits32,
        IrType.Float32 => RegisterClass.Single,
        IrType.Float64 => RegisterClass.Double,
        IrType.Pointer when space == AddressSpace.Shared => RegisterClass.Bits32,
        _ => RegisterClass.Bits64,
    };

    /// <summary>The type by which mov copies a register of a class.</summary>
    public static string MoveType(RegisterClass kind) => kind switch
    {
        RegisterClass.Predicate => "pred",
        RegisterClass.Bits16 => "b16",
        RegisterClass.Bits32 => "b32",
        RegisterClass.Bits64 => "b64",
        RegisterClass.Single => "f32",
        _ => "f64",
    };

    public string New(RegisterClass kind) => Classes[(int)kind].Prefix + (_counts[(int)kind]++).ToString(CultureInfo.InvariantCulture);

    /// <summary>Declares all registers that were numbered.</summary>
    public void Declare(StringBuilder text)
    {
        for (var i = 0; i < Classes.Length; i++)
        {
            if (_counts[i] > 0)
            {
                text.Append(CultureInfo.InvariantCulture, $"    .reg {Classes[i].Type} {Classes[i].Prefix}<{_counts[i]}>;\n");
            }
        }
    }
}
