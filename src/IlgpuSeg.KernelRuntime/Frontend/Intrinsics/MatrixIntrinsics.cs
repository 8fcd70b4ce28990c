using IlgpuSeg.KernelRuntime.Ir;

namespace IlgpuSeg.KernelRuntime.Frontend.Intrinsics;

/// <summary>
/// Our own device intrinsics (<see cref="AsyncCopy"/>, <see cref="MatrixLoad"/>, <see cref="TensorCore"/>): operations for PTX, ordinary IL
/// to inline for every other target.
/// </summary>
internal static class MatrixIntrinsics
{
    private static readonly string Copies = typeof(AsyncCopy).FullName!;
    private static readonly string Loads = typeof(MatrixLoad).FullName!;
    private static readonly string Products = typeof(TensorCore).FullName!;

    public static void Register(Dictionary<string, Func<IntrinsicCall, Operand?>> table)
    {
        Add($"{Copies}.{nameof(AsyncCopy.Copy16)}", call => Copy(call, 16));
        Add($"{Copies}.{nameof(AsyncCopy.Copy8)}", call => Copy(call, 8));
        Add($"{Copies}.{nameof(AsyncCopy.Copy4)}", call => Copy(call, 4));
        Add($"{Copies}.{nameof(AsyncCopy.Commit)}", call => Effect(call, new Value(Op.AsyncCommit, IrType.Void)));
        Add($"{Copies}.{nameof(AsyncCopy.Wait)}", call => Effect(call, new Value(Op.AsyncWait, IrType.Void) { Imm = call.Constant(0, "a wait for copies") }));
        foreach (var (name, count) in new[] { (nameof(MatrixLoad.X1), 1), (nameof(MatrixLoad.X2), 2), (nameof(MatrixLoad.X4), 4) })
        {
            Add($"{Loads}.{name}", call => Load(call, count, transposed: false));
            Add($"{Loads}.{name}Transposed", call => Load(call, count, transposed: true));
        }

        Add($"{Products}.{nameof(TensorCore.MultiplyTf32)}", call => Multiply(call, MatrixKind.Tf32));
        Add($"{Products}.{nameof(TensorCore.MultiplyBFloat16)}", call => Multiply(call, MatrixKind.BFloat16));
        Add($"{Products}.{nameof(TensorCore.MultiplyHalf)}", call => Multiply(call, MatrixKind.Half));
        Add($"{Products}.{nameof(TensorCore.RoundTf32)}", Round);

        void Add(string name, Func<IntrinsicCall, Operand?> native) => table[name] = call => call.Context.Target.IsPtx ? native(call) : Inline(call);
    }

    private static Operand? Inline(IntrinsicCall call) => MethodTranslator.Inline(call.Context, call.Method, call.Arguments, call.Site);

    private static Operand? Effect(IntrinsicCall call, Value value)
    {
        call.Builder.Append(value);
        return null;
    }

    private static Operand? Copy(IntrinsicCall call, int bytes)
    {
        var size = TypeShape.Of(call.TypeArgument).Size;
        var target = call.Builder.PtrAdd(call.Parts(0)[0].Resolve(), call.Arg(1), size);
        var source = call.Builder.PtrAdd(call.Parts(2)[0].Resolve(), call.Arg(3), size);
        return Effect(call, new Value(Op.AsyncCopy, IrType.Void, target, source, call.Builder.ToBool(call.Arg(4))) { Imm = bytes });
    }

    private static ValueOperand Load(IntrinsicCall call, int count, bool transposed)
    {
        var row = call.Builder.PtrAdd(call.Parts(0)[0].Resolve(), call.Arg(1), sizeof(uint));
        var load = call.Builder.Append(new Value(Op.LoadMatrix, IrType.Int32, row) { Imm = count, Scale = transposed ? 1 : 0 });
        return Parts(call, load, IrType.Int32, count);
    }

    private static ValueOperand Multiply(IntrinsicCall call, MatrixKind kind)
    {
        Value[] operands = [.. call.Parts(0), .. call.Parts(1), .. call.Parts(2)];
        var product = call.Builder.Append(
            new Value(Op.MultiplyMatrix, IrType.Float32, [.. operands.Select(o => o.Resolve())]) { Imm = (long)kind });
        return Parts(call, product, IrType.Float32, 4);
    }

    private static ValueOperand Parts(IntrinsicCall call, Value whole, IrType type, int count) => new(
        call.ReturnType, [.. Enumerable.Range(0, count).Select(i => call.Builder.Append(new Value(Op.Part, type, whole) { Imm = i }))]);

    // The overloads for several registers are ordinary IL that calls the one for a float.
    private static Operand? Round(IntrinsicCall call) => call.ParameterType(0) == typeof(float)
        ? call.Result(call.Builder.Convert(ConvertKind.FloatToTf32, IrType.Int32, call.Arg(0)))
        : Inline(call);
}
