using System.Reflection;
using System.Reflection.Emit;

namespace IlgpuSeg.KernelRuntime.Devices;

/// <summary>Where the runtime puts the fields of value types, and how large those are.</summary>
internal static class FieldLayout
{
    /// <summary>The offset of an instance field of a value type in bytes.</summary>
    public static int OffsetOf(FieldInfo field)
    {
        var method = new DynamicMethod("OffsetOf", typeof(int), null, typeof(FieldLayout).Module, skipVisibility: true);
        ILGenerator il = method.GetILGenerator();
        LocalBuilder value = il.DeclareLocal(field.DeclaringType!);
        il.Emit(OpCodes.Ldloca, value);
        il.Emit(OpCodes.Ldflda, field);
        il.Emit(OpCodes.Conv_U);
        il.Emit(OpCodes.Ldloca, value);
        il.Emit(OpCodes.Conv_U);
        il.Emit(OpCodes.Sub);
        il.Emit(OpCodes.Conv_I4);
        il.Emit(OpCodes.Ret);
        return (int)method.Invoke(null, null)!;
    }

    /// <summary>The size of a type in bytes.</summary>
    public static int SizeOf(Type type)
    {
        var method = new DynamicMethod("SizeOf", typeof(int), null, typeof(FieldLayout).Module, skipVisibility: true);
        ILGenerator il = method.GetILGenerator();
        il.Emit(OpCodes.Sizeof, type);
        il.Emit(OpCodes.Ret);
        return (int)method.Invoke(null, null)!;
    }
}
