using System.Collections;
using System.Text.RegularExpressions;

namespace IlgpuSeg.Kernels.Tests.Ptx;

/// <summary>One instruction of emitted text: what it is, and which registers it writes and reads.</summary>
internal sealed record PtxInstruction(string Mnemonic, string[] Targets, string[] Sources, string? Jump, bool IsGuarded)
{
    public bool Is(string start) => Mnemonic.StartsWith(start, StringComparison.Ordinal);
}

/// <summary>
/// Emitted text taken apart, for questions that ptxas would answer on a GPU machine: what its inner loops consist of, and how many registers
/// are alive at once.
/// </summary>
internal sealed partial class PtxListing
{
    private readonly List<PtxInstruction> _instructions = [];
    private readonly Dictionary<string, int> _labels = [];

    public PtxListing(string text)
    {
        foreach (var line in text[text.IndexOf(".entry", StringComparison.Ordinal)..].Split('\n').Select(l => l.Trim()))
        {
            if (Label().Match(line) is { Success: true } label)
                _labels[label.Groups[1].Value] = _instructions.Count;
            else if (Code().Match(line) is { Success: true } code)
                _instructions.Add(Parse(code.Groups[1].Value, code.Groups[2].Value, code.Groups[3].Value));
        }
    }

    public IReadOnlyList<PtxInstruction> Instructions => _instructions;

    /// <summary>The instructions of every loop that holds no other.</summary>
    public IEnumerable<IReadOnlyList<PtxInstruction>> InnerLoops
    {
        get
        {
            var jumps = _instructions.Select((i, at) => (From: at, To: i.Jump is { } name ? _labels[name] : int.MaxValue)).Where(j => j.To <= j.From).ToList();
            return jumps.Where(j => !jumps.Exists(o => o != j && o.To >= j.To && o.From <= j.From)).Select(j => _instructions[j.To..(j.From + 1)]);
        }
    }

    /// <summary>
    /// The largest number of 32-bit registers alive at once (64-bit ones count twice, predicates have a file of their own), in the order
    /// of the text. Parameters are not counted: the hardware reads them from constant memory where they are used.
    /// </summary>
    public int LiveRegisters()
    {
        var free = _instructions.Where(i => i.Is("ld.param") || (i.Is("cvta.to.global") && i.Targets.SequenceEqual(i.Sources)))
            .SelectMany(i => i.Targets).ToHashSet();
        var numbers = _instructions.SelectMany(i => i.Targets.Concat(i.Sources)).Distinct().Where(r => !free.Contains(r))
            .Select((name, number) => (name, number)).ToDictionary(p => p.name, p => p.number);
        int[] weights = [.. numbers.OrderBy(p => p.Value).Select(p => p.Key.StartsWith("%p", StringComparison.Ordinal) ? 0 : p.Key[2] == 'd' ? 2 : 1)];
        int[][] targets = [.. _instructions.Select(i => Numbers(i.Targets))], sources = [.. _instructions.Select(i => Numbers(i.Sources))];
        // A guarded instruction defines its target for those that read it under the same guard, unless another one came before.
        var first = new Dictionary<int, int>();
        for (var at = 0; at < targets.Length; at++)
            foreach (var number in targets[at]) first.TryAdd(number, at);
        var entering = _instructions.ConvertAll(_ => new BitArray(weights.Length));
        var most = 0;
        for (var changed = true; changed;)
        {
            changed = false;
            most = 0;
            for (var at = _instructions.Count - 1; at >= 0; at--)
            {
                var instruction = _instructions[at];
                var live = new BitArray(weights.Length);
                if (at + 1 < _instructions.Count && (instruction.IsGuarded || !(instruction.Is("ret") || instruction.Is("bra"))))
                    live.Or(entering[at + 1]);
                if (instruction.Jump is { } target) live.Or(entering[_labels[target]]);
                foreach (var number in targets[at])
                    if (!instruction.IsGuarded || first[number] == at) live[number] = false;
                foreach (var number in sources[at]) live[number] = true;
                most = Math.Max(most, Enumerable.Range(0, weights.Length).Sum(i => live[i] ? weights[i] : 0));
                if (!live.Cast<bool>().SequenceEqual(entering[at].Cast<bool>()))
                {
                    entering[at] = live;
                    changed = true;
                }
            }
        }

        return most;

        int[] Numbers(string[] registers) => [.. registers.Where(numbers.ContainsKey).Select(r => numbers[r])];
    }

    private static PtxInstruction Parse(string guard, string mnemonic, string operands)
    {
        var writes = !(mnemonic.StartsWith("st.", StringComparison.Ordinal) || mnemonic.StartsWith("red.", StringComparison.Ordinal)
            || mnemonic.StartsWith("cp.", StringComparison.Ordinal) || mnemonic is "bra" or "ret" || mnemonic.StartsWith("bar.sync", StringComparison.Ordinal));
        var first = !writes ? 0 : operands.StartsWith('{') ? operands.IndexOf('}') + 1 : operands.IndexOf(',') is >= 0 and var comma ? comma : operands.Length;
        return new(mnemonic, Registers(operands[..first]), [.. Registers(guard), .. Registers(operands[first..])],
            mnemonic == "bra" ? operands : null, guard.Length > 0);
    }

    private static string[] Registers(string text) => [.. Register().Matches(text).Select(m => m.Value)];

    [GeneratedRegex(@"^(\w+):$")]
    private static partial Regex Label();

    [GeneratedRegex(@"^(@!?%p\d+ )?([a-z][\w.:]*)(?:\s+(.*))?;$")]
    private static partial Regex Code();

    [GeneratedRegex(@"%(?:p|h|r|rd|f|fd)\d+")]
    private static partial Regex Register();
}
