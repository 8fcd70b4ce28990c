namespace IlgpuSeg.KernelRuntime.Tests.PtxEmulator;

/// <summary>Checks one statement of an operation and makes its instruction.</summary>
internal delegate Instruction Decoder(Decoding statement);

/// <summary>Turns an entry's statements into checked instructions.</summary>
internal sealed class InstructionBuilder(PtxModuleSyntax module, PtxEntrySyntax entry)
{
    private static readonly Dictionary<string, Decoder> Decoders = new(
        IntegerDecoder.Table.Concat(FloatDecoder.Table).Concat(CompareDecoder.Table).Concat(MoveDecoder.Table).Concat(ConvertDecoder.Table)
            .Concat(LoadStoreDecoder.Table).Concat(AtomicDecoder.Table).Concat(AsyncCopyDecoder.Table).Concat(WarpDecoder.Table)
            .Concat(MatrixDecoder.Table).Concat(ControlDecoder.Table));

    public Instruction[] Build()
    {
        var last = entry.Body.Count > 0 && entry.Body[^1].Guard is null ? entry.Body[^1].Opcode.Split('.')[0] : "";
        var ends = last is "ret" or "exit" or "bra" or "trap" or "brx";
        if (!ends)
            throw new PtxRefusedException(entry.Line, $"{entry.Name} must end with ret, exit, bra or trap: control may run past its end");
        return [.. entry.Body.Select(Build)];
    }

    private Instruction Build(Statement statement)
    {
        var decoding = new Decoding(module, statement);
        if (!Decoders.TryGetValue(decoding.Operation, out var decoder))
            throw decoding.Refuse($"{decoding.Operation} is not an instruction that is emulated");
        var instruction = decoder(decoding);
        decoding.EndModifiers();
        decoding.EndOperands();
        (instruction.Line, instruction.Text) = (statement.Line, statement.Text);
        if (statement.Guard is { } guard)
        {
            var register = decoding.Register(guard);
            if (register.Type != PtxType.Pred)
                throw decoding.Refuse($"the guard {guard} is declared {register.Type.Name()}, not .pred");
            (instruction.Guard, instruction.GuardNegated) = (register.Index, statement.GuardNegated);
        }

        return instruction;
    }
}
