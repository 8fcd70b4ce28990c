using System.Reflection;
using IlgpuSeg.KernelRuntime.Ir;

namespace IlgpuSeg.KernelRuntime.Frontend;

/// <summary>Arguments, locals, fields and memory.</summary>
internal sealed partial class MethodTranslator
{
    private TypeShape Shape(Type type)
    {
        try
        {
            return TypeShape.Of(type);
        }
        catch (NotSupportedException e)
        {
            throw KernelError.At(Site, e.Message, "Use primitives, structs of primitives and ArrayView<T>.");
        }
    }

    private PlaceOperand NewPlace(Type type)
    {
        var start = -1;
        foreach (var part in Shape(type).Parts)
        {
            var variable = _context.Variables.New(part.Type);
            start = start < 0 ? variable : start;
        }

        return new PlaceOperand(type, start < 0 ? _context.Variables.New(IrType.Int32) : start);
    }

    private Operand ReadPlace(PlaceOperand place)
    {
        var parts = new Value[Shape(place.Type).Parts.Length];
        for (var i = 0; i < parts.Length; i++)
        {
            parts[i] = _context.Variables.Read(place.Start + i, Builder.Block);
        }

        return ToOperand(place.Type, parts);
    }

    private void WritePlace(PlaceOperand place, Operand operand)
    {
        var parts = Shape(place.Type).Parts;
        var values = Parts(operand) ?? throw KernelError.At(Site, $"storing {operand.Type} in a variable", "Use the value where it is made.");
        if (parts.Length != values.Length)
        {
            throw KernelError.At(Site, $"reinterpreting {operand.Type} as {place.Type}", "Copy field by field.");
        }

        WriteParts(place, [.. values.Select((v, i) => Fit(v, parts[i].Memory))]);
    }

    private void WriteParts(PlaceOperand place, Value[] parts)
    {
        for (var i = 0; i < parts.Length; i++)
        {
            _context.Variables.Write(place.Start + i, Builder.Block, parts[i]);
        }
    }

    /// <summary>A pointer on the stack is an address; everything else a value.</summary>
    private static Operand ToOperand(Type type, Value[] parts) =>
        type.IsPointer || type.IsByRef ? new AddressOperand(type.GetElementType()!, parts[0]) : new ValueOperand(type, parts);

    /// <summary>Brings a stack value to what a variable of the given type holds (narrow integers wrap, widths agree).</summary>
    private Value Fit(Value value, MemoryType memory)
    {
        value = value.Resolve();
        var type = memory.ValueType();
        if (value.Type == IrType.Int32 && type == IrType.Int32)
        {
            return memory switch
            {
                MemoryType.Int8 => Builder.Convert(ConvertKind.SignExtend8, type, value),
                MemoryType.UInt8 => Builder.Convert(ConvertKind.ZeroExtend8, type, value),
                MemoryType.Int16 => Builder.Convert(ConvertKind.SignExtend16, type, value),
                MemoryType.UInt16 => Builder.Convert(ConvertKind.ZeroExtend16, type, value),
                _ => value,
            };
        }

        return (value.Type, type) switch
        {
            _ when value.Type == type => value,
            (IrType.Float32, IrType.Float64) or (IrType.Float64, IrType.Float32) => Builder.Convert(ConvertKind.FloatResize, type, value),
            (IrType.Int32, IrType.Int64) => Builder.Convert(ConvertKind.SignExtend32, type, value),
            (IrType.Int64, IrType.Int32) => Builder.Convert(ConvertKind.Truncate, type, value),
            _ when value.IsConstant && value.Imm == 0 => _context.Function.Const(type, 0),
            _ => throw KernelError.At(Site, $"using a {value.Type} as {type}", "Convert it with Interop.FloatAsInt or Interop.IntAsFloat."),
        };
    }

    private Operand Coerce(Operand operand, Type type)
    {
        if (operand is not ValueOperand { Parts.Length: 1 } value || !Shape(type).IsPrimitive || type.IsByRef || type.IsPointer)
        {
            return operand is ValueOperand plain ? plain with { Type = type } : operand;
        }

        return new ValueOperand(type, [Fit(value.Single, Shape(type).Parts[0].Memory)]);
    }

    private Operand LoadArgument(int index) => _argumentPlaces[index] is { } place ? ReadPlace(place) : _boundArguments[index]!;

    private Operand ArgumentAddress(int index) => _argumentPlaces[index] ?? _boundArguments[index]!;

    private void StoreArgument(int index, Operand value)
    {
        if (_argumentPlaces[index] is not { } place)
        {
            throw KernelError.At(Site, "assigning to a by-reference parameter variable", "Use a ref local.");
        }

        WritePlace(place, value);
    }

    private Operand LoadLocal(int index)
    {
        var local = _locals[index];
        return local.Alias ?? ReadPlace(LocalPlace(local));
    }

    private void StoreLocal(int index, Operand value)
    {
        var local = _locals[index];
        if (Parts(value) is not null)
        {
            WritePlace(LocalPlace(local), value);
            return;
        }

        if (local.Alias is not null && local.Alias != value)
        {
            throw KernelError.At(Site, "a reference variable that refers to different variables", "Use separate ref locals.");
        }

        local.Alias = value;
    }

    private PlaceOperand LocalPlace(LocalSlot local) => local.Place ??= NewPlace(local.Type);

    private void LoadField(FieldInfo field)
    {
        var target = _stack.Pop();
        var (start, shape, offset) = FieldOf(target, field);
        _stack.Push(target switch
        {
            ValueOperand value => ToOperand(field.FieldType, value.Parts[start..(start + shape.Parts.Length)]),
            PlaceOperand place => ReadPlace(new PlaceOperand(field.FieldType, place.Start + start)),
            AddressOperand address => LoadMemory(Builder.PtrAdd(address.Pointer, offset), field.FieldType),
            _ => throw KernelError.At(Site, $"the field {field.Name} of a reference type", "Kernels take views, primitives and structs only."),
        });
    }

    private void LoadFieldAddress(FieldInfo field)
    {
        var target = _stack.Pop();
        var (start, _, offset) = FieldOf(target, field);
        _stack.Push(target switch
        {
            PlaceOperand place => new PlaceOperand(field.FieldType, place.Start + start),
            AddressOperand address => new AddressOperand(field.FieldType, Builder.PtrAdd(address.Pointer, offset)),
            ValueOperand value => Materialize(ToOperand(field.FieldType, value.Parts[start..(start + Shape(field.FieldType).Parts.Length)])),
            _ => throw KernelError.At(Site, $"the address of field {field.Name}", "Kernels take views, primitives and structs only."),
        });
    }

    private void StoreField(FieldInfo field)
    {
        var value = _stack.Pop();
        var target = _stack.Pop();
        var (start, _, offset) = FieldOf(target, field);
        switch (target)
        {
            case PlaceOperand place:
                WritePlace(new PlaceOperand(field.FieldType, place.Start + start), value);
                break;
            case AddressOperand address:
                StoreMemory(Builder.PtrAdd(address.Pointer, offset), field.FieldType, value);
                break;
            default:
                throw KernelError.At(Site, $"an assignment to field {field.Name} of a reference type or a copy", "Assign to a local struct or to an element of a view.");
        }
    }

    private (int Start, TypeShape Shape, int Offset) FieldOf(Operand target, FieldInfo field)
    {
        if (target is ValueOperand or PlaceOperand or AddressOperand && field.DeclaringType is { IsValueType: true })
        {
            // The operand's own type knows the instantiation; the field's may be an open one.
            var owner = target.Type.IsValueType && Shape(target.Type) is { IsPrimitive: false } shape && target.Type == field.DeclaringType ? shape : Shape(field.DeclaringType);
            return owner.Field(field);
        }

        throw KernelError.At(Site, $"the field {field.Name} of {field.DeclaringType}", "Kernels cannot touch objects; pass values and views.");
    }

    private void LoadStaticField(FieldInfo field)
    {
        // C# keeps the delegates that it makes of static lambdas and methods in fields.
        if (typeof(Delegate).IsAssignableFrom(field.FieldType))
        {
            throw KernelError.At(Site, "a delegate", KernelError.NoDelegates);
        }

        if (!field.IsInitOnly && !field.IsLiteral)
        {
            throw KernelError.At(Site, $"the mutable static field {field.DeclaringType?.Name}.{field.Name}", "Make it const or static readonly, or pass it as a parameter.");
        }

        if (!field.FieldType.IsValueType)
        {
            throw KernelError.At(Site, $"the static field {field.DeclaringType?.Name}.{field.Name} of reference type", "Pass a view as a parameter.");
        }

        var parts = new List<Value>();
        FlattenConstant(field.GetValue(null)!, field.FieldType, parts);
        _stack.Push(ToOperand(field.FieldType, [.. parts]));
    }

    private void FlattenConstant(object value, Type type, List<Value> parts)
    {
        if (TypeShape.Primitive(type) is { } memory)
        {
            parts.Add(Constant(memory, value));
            return;
        }

        foreach (var field in type.GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic).OrderBy(f => f.MetadataToken))
        {
            FlattenConstant(field.GetValue(value)!, field.FieldType, parts);
        }
    }

    /// <summary>A boxed primitive as a constant.</summary>
    private Value Constant(MemoryType memory, object value) => memory switch
    {
        MemoryType.Float32 => _context.Function.Float(IrType.Float32, (float)value),
        MemoryType.Float64 => _context.Function.Float(IrType.Float64, (double)value),
        MemoryType.Pointer => _context.Function.Const(IrType.Pointer, 0),
        _ => _context.Function.Const(memory.ValueType(), value switch
        {
            bool b => b ? 1 : 0,
            char c => c,
            ulong u => (long)u,
            nint n => n,
            Enum e => System.Convert.ToInt64(e, null),
            _ => System.Convert.ToInt64(value, null),
        }),
    };

    private Operand LoadMemory(Value pointer, Type type) => ToOperand(type,
        [.. Shape(type).Parts.Select(p => Builder.Load(Builder.PtrAdd(pointer, p.Offset), p.Memory))]);

    private void StoreMemory(Value pointer, Type type, Operand operand)
    {
        var parts = Shape(type).Parts;
        var values = Parts(operand) ?? throw KernelError.At(Site, "storing the address of a variable in memory", "Store values only.");
        for (var i = 0; i < parts.Length; i++)
        {
            var value = parts[i].Type == IrType.Int32 && values[i].Type == IrType.Int32 ? values[i] : Fit(values[i], parts[i].Memory);
            Builder.Store(Builder.PtrAdd(pointer, parts[i].Offset), value, parts[i].Memory);
        }
    }

    /// <summary>What a reference points at.</summary>
    private Operand Dereference(Operand reference, Type type) => reference switch
    {
        PlaceOperand place when place.Type == type || Shape(place.Type).Parts.SequenceEqual(Shape(type).Parts) => ReadPlace(place with { Type = type }),
        PlaceOperand place => throw KernelError.At(Site, $"reading a {place.Type} as {type}", "Convert the value instead of its address."),
        AddressOperand address => LoadMemory(address.Pointer, type),
        _ => throw KernelError.At(Site, "reading through an object reference", "Kernels cannot touch objects; pass values and views."),
    };

    private void Assign(Operand reference, Type type, Operand value)
    {
        switch (reference)
        {
            case PlaceOperand place:
                WritePlace(place.Type.IsEnum || type.IsPrimitive ? place : place with { Type = type }, value);
                break;
            case AddressOperand address:
                StoreMemory(address.Pointer, type, value);
                break;
            default:
                throw KernelError.At(Site, "writing through an object reference", "Kernels cannot touch objects; pass values and views.");
        }
    }

    /// <summary>Gives a value an address, for a method that takes it by reference.</summary>
    private PlaceOperand Materialize(Operand value)
    {
        var place = NewPlace(value is AddressOperand ? value.Type.MakePointerType() : value.Type);
        WritePlace(place, value);
        return place;
    }

    private Operand Zero(Type type) => ToOperand(type, [.. Shape(type).Parts.Select(p => _context.Function.Const(p.Type, 0))]);
}
