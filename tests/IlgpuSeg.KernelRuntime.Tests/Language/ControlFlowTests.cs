using ILGPU;

namespace IlgpuSeg.KernelRuntime.Tests.Language;

/// <summary>Branches, loops and returns that differ from lane to lane.</summary>
public sealed class ControlFlowTests : LanguageTest
{
    private static readonly int[] Pool = RandomInts(1, 997, 60);

    [Fact]
    public void NestedIfs() => Agree<int, int>(NestedIfsKernel, Pool);

    [Fact]
    public void LoopsWithBreakAndContinue() => Agree<int, int>(BreakAndContinueKernel, Pool);

    [Fact]
    public void ReturnsInTheMiddle() => Agree<int, int>(EarlyReturnsKernel, Pool, 2);

    [Fact]
    public void DenseSwitch() => Agree<int, int>(DenseSwitchKernel, Pool);

    [Fact]
    public void SparseSwitch() => Agree<int, int>(SparseSwitchKernel, Pool);

    [Fact]
    public void SwitchInALoopWithReturns() => Agree<int, int>(MachineKernel, Pool);

    [Fact]
    public void EndlessLoopsThatBreak() => Agree<int, int>(CollatzKernel, Pool);

    [Fact]
    public void ReturnsOutOfNestedLoops() => Agree<int, int>(NestedReturnsKernel, Pool);

    [Fact]
    public void ShortCircuitsGuardLoads() => Agree<int, int>(ShortCircuitKernel, Pool);

    [Fact]
    public void ConditionalExpressions() => Agree<int, int>(ConditionalKernel, Pool);

    [Fact]
    public void DoWhileWithContinue() => Agree<int, int>(DoWhileKernel, Pool);

    [Fact]
    public void LoopsThatSwapTheirVariables() => Agree<int, int>(GreatestDivisorKernel, Pool);

    [Fact]
    public void ResultsOfMethodsWithManyReturns() => Agree<int, int>(ClassifyKernel, Pool);

    [Fact]
    public void UniformLoopsAroundVaryingOnes() => Agree<int, int>(UniformOutsideKernel, Pool);

    [Fact]
    public void JumpsBackAndForth() => Agree<int, int>(GotoKernel, Pool);

    [Fact]
    public void StoresInDivergentBranches() => Agree<int, int>(StoresKernel, Pool, 3);

    [Fact]
    public void DivisionsGuardedByABranch() => Agree<int, int>(GuardedDivisionKernel, Pool);

    [Fact]
    public void ConstantTripLoopsWithVaryingExits() => Agree<int, int>(UnrolledExitKernel, Pool);

    private static void NestedIfsKernel(ArrayView<int> x, ArrayView<int> y, int n)
    {
        var i = Grid.GlobalIndex.X;
        if (i >= n)
            return;
        var v = x[i];
        var r = 1;
        if (v > 0)
        {
            r += v;
            if ((v & 1) == 0)
            {
                if (v > 30)
                    r *= 3;
                else
                    r -= x[n - 1 - i];
            }
            else if (i % 3 == 0)
            {
                r ^= 0x55;
            }
        }
        else if (v < -20)
        {
            r = x[(i + 1) % n];
            if (r > v)
                r = -r;
        }

        y[i] = r;
    }

    private static void BreakAndContinueKernel(ArrayView<int> x, ArrayView<int> y, int n)
    {
        var i = Grid.GlobalIndex.X;
        if (i >= n)
            return;
        var sum = 0;
        for (var k = 0; k < (x[i] & 15); k++)
        {
            if ((k + i) % 3 == 0)
                continue;
            if (sum > 100)
                break;
            for (var m = k; m > 0; m -= 2)
            {
                if (m == 5)
                    break;
                sum += m * x[(i + m) % n];
            }
        }

        y[i] = sum;
    }

    private static void EarlyReturnsKernel(ArrayView<int> x, ArrayView<int> y, int n)
    {
        var i = Grid.GlobalIndex.X;
        if (i >= n)
            return;
        var v = x[i];
        if (v < 0)
            return;
        y[i] = v;
        if (v > 40)
        {
            y[n + i] = -1;
            return;
        }

        for (var k = 0; k < v; k++)
        {
            if (k * k > v)
                return;
            y[n + i] = k;
        }
    }

    private static void DenseSwitchKernel(ArrayView<int> x, ArrayView<int> y, int n)
    {
        var i = Grid.GlobalIndex.X;
        if (i >= n)
            return;
        int r;
        switch (x[i] & 7)
        {
            case 0:
                r = i;
                break;
            case 1:
            case 2:
                r = x[i] * 2;
                break;
            case 3:
                return;
            case 4:
                r = x[n - 1];
                goto case 5;
            case 5:
                r = 7 - x[i];
                break;
            default:
                r = -1;
                break;
        }

        y[i] = r;
    }

    private static void SparseSwitchKernel(ArrayView<int> x, ArrayView<int> y, int n)
    {
        var i = Grid.GlobalIndex.X;
        if (i >= n)
            return;
        y[i] = x[i] switch
        {
            -50 => 1,
            -7 or 7 => i,
            12 => x[0],
            > 30 and < 50 => 4,
            int.MaxValue => 5,
            _ => x[i] + 1,
        };
    }

    private static void MachineKernel(ArrayView<int> x, ArrayView<int> y, int n)
    {
        var i = Grid.GlobalIndex.X;
        if (i >= n)
            return;
        var state = x[i] & 3;
        var steps = 0;
        var sum = 0;
        while (true)
        {
            steps++;
            switch (state)
            {
                case 0:
                    sum += x[(i + steps) % n];
                    state = sum & 3;
                    if (steps > 9)
                        goto default;
                    continue;
                case 1:
                    sum -= 3;
                    state = 2;
                    break;
                case 2:
                    state = steps > 12 ? 3 : 0;
                    break;
                default:
                    y[i] = sum + (steps << 16);
                    return;
            }

            sum ^= steps;
        }
    }

    private static void CollatzKernel(ArrayView<int> x, ArrayView<int> y, int n)
    {
        var i = Grid.GlobalIndex.X;
        if (i >= n)
            return;
        var v = x[i] < 1 ? 1 : x[i];
        var steps = 0;
        while (true)
        {
            if (v == 1)
                break;
            v = (v & 1) == 0 ? v >> 1 : (3 * v) + 1;
            steps++;
        }

        y[i] = steps;
    }

    private static void NestedReturnsKernel(ArrayView<int> x, ArrayView<int> y, int n)
    {
        var i = Grid.GlobalIndex.X;
        if (i >= n)
            return;
        for (var a = 0; a < 5; a++)
        {
            for (var b = 0; b < (x[i] & 7); b++)
            {
                if (((a * b) + x[(i + b) % n]) % 11 == 4)
                {
                    y[i] = (a << 8) | b;
                    return;
                }
            }

            if (a == (i & 3) && x[i] > 25)
                return;
        }

        y[i] = -1;
    }

    private static void ShortCircuitKernel(ArrayView<int> x, ArrayView<int> y, int n)
    {
        var i = Grid.GlobalIndex.X;
        if (i < n && x[i] > -10 && (i == 0 || x[i - 1] < 20) && !(i + 1 < n && x[i + 1] == x[i]))
            y[i] = i > 0 && x[i - 1] > 0 || x[i] > 10 ? 1 : 2;
        else if (i < n)
            y[i] = 3;
    }

    private static void ConditionalKernel(ArrayView<int> x, ArrayView<int> y, int n)
    {
        var i = Grid.GlobalIndex.X;
        if (i >= n)
            return;
        var v = x[i];
        y[i] = (v > 0 ? v > 30 ? x[0] : i : v < -30 ? -v : x[n - 1]) + (v == 0 ? 1 : 100 / (v == 0 ? 1 : v));
    }

    private static void DoWhileKernel(ArrayView<int> x, ArrayView<int> y, int n)
    {
        var i = Grid.GlobalIndex.X;
        if (i >= n)
            return;
        var k = x[i] & 31;
        var r = 0;
        do
        {
            k--;
            if ((k & 3) == 1)
                continue;
            r = (r * 31) + k;
        }
        while (k > 0 && r < 1 << 24);
        y[i] = r;
    }

    private static void GreatestDivisorKernel(ArrayView<int> x, ArrayView<int> y, int n)
    {
        var i = Grid.GlobalIndex.X;
        if (i >= n)
            return;
        var (a, b) = (x[i] + 61, i + 1);
        while (b != 0)
            (a, b) = (b, a % b);
        y[i] = a;
    }

    private static void ClassifyKernel(ArrayView<int> x, ArrayView<int> y, int n)
    {
        var i = Grid.GlobalIndex.X;
        if (i < n)
            y[i] = Classify(x[i], i) * Classify(i, x[i]) + Classify(Classify(x[0], 1), x[i]);
    }

    private static int Classify(int v, int limit)
    {
        if (v < 0)
            return -1;
        for (var k = 2; k < limit; k++)
        {
            if (v % k == 0)
                return k;
            if (k * k > v)
                return 0;
        }

        return v > limit ? limit : v;
    }

    private static void UniformOutsideKernel(ArrayView<int> x, ArrayView<int> y, int n)
    {
        var i = Grid.GlobalIndex.X;
        var sum = 0;
        for (var k = 0; k < n; k++)
        {
            var v = x[k];
            if (v > 50)
                continue;
            if (v < -55)
                break;
            for (var m = 0; m < (i & 3); m++)
                sum += m * v;
        }

        if (i < n)
            y[i] = sum;
    }

    private static void GotoKernel(ArrayView<int> x, ArrayView<int> y, int n)
    {
        var i = Grid.GlobalIndex.X;
        if (i >= n)
            return;
        var k = x[i] & 15;
        var r = 0;
    again:
        if (k == 0)
            goto done;
        k--;
        if ((k & 1) == 0)
        {
            r += k;
            goto again;
        }

        r ^= i;
        if (r < 50)
            goto again;
    done:
        y[i] = r;
    }

    private static void StoresKernel(ArrayView<int> x, ArrayView<int> y, int n)
    {
        var i = Grid.GlobalIndex.X;
        if (i >= n)
            return;
        if (x[i] > 0)
        {
            y[i] = x[i];
            y[(2 * n) + n - 1 - i] = 1;
        }
        else
        {
            y[i + n] = -1;
            return;
        }

        if ((x[i] & 2) != 0)
            y[i] += y[(2 * n) + n - 1 - i];
    }

    private static void GuardedDivisionKernel(ArrayView<int> x, ArrayView<int> y, int n)
    {
        var i = Grid.GlobalIndex.X;
        if (i >= n)
            return;
        var d = x[i] & 3;
        y[i] = d != 0 && 100 / d > 40 ? 100 % d : x[i] < 0 ? -1 : 0;
    }

    private static void UnrolledExitKernel(ArrayView<int> x, ArrayView<int> y, int n)
    {
        var i = Grid.GlobalIndex.X;
        if (i >= n)
            return;
        var r = 0;
        for (var k = 0; k < 6; k++)
        {
            if (k == (x[i] & 7))
                break;
            if ((k + x[i]) % 4 == 1)
                continue;
            r += x[(i + k) % n] << k;
            if (r > 900)
            {
                y[i] = r;
                return;
            }
        }

        y[i] = ~r;
    }
}
