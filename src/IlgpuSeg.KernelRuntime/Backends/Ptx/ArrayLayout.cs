using IlgpuSeg.KernelRuntime.Ir;

namespace IlgpuSeg.KernelRuntime.Backends.Ptx;

/// <summary>
/// Where a kernel's arrays lie. Its shared arrays are one declared variable, in order, each at a multiple of 16 bytes:
/// <code>
/// up to 48 KB                            more
/// shared_memory:  array 0, array 1, ...  dynamic_memory:  array 0, array 1, ..., what the launch asked for
/// dynamic_memory: what the launch asked for
/// </code>
/// Local arrays are one variable of each thread in the same way.
/// </summary>
internal sealed class ArrayLayout
{
    public const string SharedName = "shared_memory", DynamicName = "dynamic_memory", LocalName = "local_memory";
    public const int Alignment = 16;

    private const int MaxStaticBytes = 48 * 1024;
    private const int BroadcastBytes = 8;

    private readonly Dictionary<Value, int> _offsets = [];

    public ArrayLayout(Function function)
    {
        var values = function.Values().ToList();
        foreach (var value in values)
        {
            switch (value.Op)
            {
                case Op.Shared:
                    _offsets[value] = SharedBytes;
                    SharedBytes += Padded(value.Imm);
                    break;
                case Op.Local:
                    _offsets[value] = LocalBytes;
                    LocalBytes += Padded(value.Imm);
                    break;
            }
        }

        if (values.Exists(v => v.Op == Op.GroupBroadcast))
        {
            BroadcastOffset = SharedBytes;
            SharedBytes += Padded(BroadcastBytes);
        }

        IsSharedDynamic = SharedBytes > MaxStaticBytes;
        UsesDynamic = IsSharedDynamic || values.Exists(v => v.Op == Op.DynamicShared);
    }

    public int SharedBytes { get; }

    public int LocalBytes { get; }

    /// <summary>The place through which threads of a group hand a value to all others.</summary>
    public int BroadcastOffset { get; }

    /// <summary>Whether the kernel's own arrays are too large to be declared and lie in front of the launch's dynamic memory.</summary>
    public bool IsSharedDynamic { get; }

    public bool UsesDynamic { get; }

    /// <summary>Bytes of dynamic memory in front of what the launch asked for.</summary>
    public int DynamicStart => IsSharedDynamic ? SharedBytes : 0;

    /// <summary>The name and offset of what a Shared, DynamicShared or Local value points to.</summary>
    public (string Name, int Offset) Place(Value value) => value.Op switch
    {
        Op.Local => (LocalName, _offsets[value]),
        Op.DynamicShared => (DynamicName, DynamicStart),
        _ => (IsSharedDynamic ? DynamicName : SharedName, _offsets[value]),
    };

    private static int Padded(long bytes) => checked((int)((bytes + Alignment - 1) & -Alignment));
}
