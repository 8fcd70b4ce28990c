using System.Numerics;

namespace IlgpuSeg.KernelRuntime.Tests.PtxEmulator;

/// <summary>d = f(a), lane by lane, on the operands' bits.</summary>
internal sealed class Map1(int target, Source a, Func<ulong, ulong> function) : DataInstruction
{
    protected override void Execute(Warp warp, uint lanes)
    {
        var x = a.Read(warp, lanes);
        var row = warp.Row(target);
        for (var rest = lanes; rest != 0; rest &= rest - 1)
        {
            var lane = BitOperations.TrailingZeroCount(rest);
            row[lane] = function(x[lane]);
        }

        warp.SetDefined(target, lanes);
    }
}

/// <summary>d = f(a, b). Where <paramref name="undefined"/> holds, d has no value afterwards and must not be read.</summary>
internal sealed class Map2(int target, Source a, Source b, Func<ulong, ulong, ulong> function, Func<ulong, ulong, bool>? undefined = null)
    : DataInstruction
{
    protected override void Execute(Warp warp, uint lanes)
    {
        var x = a.Read(warp, lanes);
        var y = b.Read(warp, lanes);
        var row = warp.Row(target);
        var none = 0u;
        for (var rest = lanes; rest != 0; rest &= rest - 1)
        {
            var lane = BitOperations.TrailingZeroCount(rest);
            if (undefined is not null && undefined(x[lane], y[lane]))
                none |= 1u << lane;
            else
                row[lane] = function(x[lane], y[lane]);
        }

        warp.SetDefined(target, lanes & ~none);
        warp.SetUndefined(target, none);
    }
}

/// <summary>d = f(a, b, c).</summary>
internal sealed class Map3(int target, Source a, Source b, Source c, Func<ulong, ulong, ulong, ulong> function) : DataInstruction
{
    protected override void Execute(Warp warp, uint lanes)
    {
        var x = a.Read(warp, lanes);
        var y = b.Read(warp, lanes);
        var z = c.Read(warp, lanes);
        var row = warp.Row(target);
        for (var rest = lanes; rest != 0; rest &= rest - 1)
        {
            var lane = BitOperations.TrailingZeroCount(rest);
            row[lane] = function(x[lane], y[lane], z[lane]);
        }

        warp.SetDefined(target, lanes);
    }
}

/// <summary>d = f(a, b, c, e).</summary>
internal sealed class Map4(int target, Source a, Source b, Source c, Source e, Func<ulong, ulong, ulong, ulong, ulong> function)
    : DataInstruction
{
    protected override void Execute(Warp warp, uint lanes)
    {
        var x = a.Read(warp, lanes);
        var y = b.Read(warp, lanes);
        var z = c.Read(warp, lanes);
        var row = warp.Row(target);
        var u = e.Read(warp, lanes);
        for (var rest = lanes; rest != 0; rest &= rest - 1)
        {
            var lane = BitOperations.TrailingZeroCount(rest);
            row[lane] = function(x[lane], y[lane], z[lane], u[lane]);
        }

        warp.SetDefined(target, lanes);
    }
}
