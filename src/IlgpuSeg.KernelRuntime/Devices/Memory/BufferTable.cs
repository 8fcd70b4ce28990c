using ILGPU.Runtime;

namespace IlgpuSeg.KernelRuntime.Devices;

/// <summary>
/// Gives every live buffer a handle, so that a view, which is a plain value, can name its buffer and a launch can tell a live
/// buffer from a disposed one with one compare.
/// </summary>
/// <remarks>
/// A handle is a slot number in its low and the slot's generation in its high half; the generation grows when a buffer is
/// disposed, so that old handles never match again. Handle 0 stands for "no buffer".
/// </remarks>
internal static class BufferTable
{
    private static readonly Lock Gate = new();
    private static readonly Stack<int> FreeSlots = new();
    private static Slot[] s_slots = new Slot[256];
    private static int s_used = 1;

    private struct Slot
    {
        public MemoryBuffer? Buffer;
        public int Generation;
    }

    public static long Register(MemoryBuffer buffer)
    {
        lock (Gate)
        {
            if (!FreeSlots.TryPop(out int slot))
            {
                slot = s_used++;
                if (slot == s_slots.Length)
                    Array.Resize(ref s_slots, slot * 2);
            }
            s_slots[slot].Buffer = buffer;
            return (uint)slot | ((long)s_slots[slot].Generation << 32);
        }
    }

    public static void Release(long handle)
    {
        lock (Gate)
        {
            ref Slot slot = ref s_slots[(int)handle];
            slot.Buffer = null;
            slot.Generation++;
            FreeSlots.Push((int)handle);
        }
    }

    /// <summary>The live buffer of a handle; null for handle 0 and for disposed buffers.</summary>
    public static MemoryBuffer? Find(long handle)
    {
        Slot[] slots = Volatile.Read(ref s_slots);
        int index = (int)handle;
        if ((uint)index >= (uint)slots.Length)
            return null;
        ref Slot slot = ref slots[index];
        MemoryBuffer? buffer = slot.Buffer;
        return buffer is not null && buffer.Handle == handle ? buffer : null;
    }
}
