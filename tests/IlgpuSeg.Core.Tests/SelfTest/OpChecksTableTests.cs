using IlgpuSeg.SelfTest;

namespace IlgpuSeg.Tests.SelfTest;

/// <summary>The page of checks holds every operation, with the allowed errors of the code; see there for how it is written.</summary>
public class OpChecksTableTests
{
    [Fact]
    public void ThePageIsOfThisCode()
    {
        if (Environment.GetEnvironmentVariable("ILGPUSEG_WRITE_OP_CHECKS") is { Length: > 0 } which) OpChecksTable.Write(all: which == "all");
        var page = OpChecksTable.Read();
        var cases = OpCases.All.Where(c => page.ContainsKey(c.Name)).ToArray();
        Assert.Equal(page.Keys, cases.Select(c => c.Name));
        // A new variant of an operation may wait for the next run of the page; a new operation may not.
        Assert.Equal([], OpCases.All.Select(c => c.Op).Except(cases.Select(c => c.Op)));
        foreach (var opCase in cases)
        {
            var passes = opCase.Draw(1, CaseSize.One).IsDifferentiable ? new[] { "forward", "backward", "gradcheck" } : ["forward"];
            Assert.Equal(passes, page[opCase.Name].Keys);
            foreach (var (pass, (seen, allowed)) in page[opCase.Name])
            {
                Assert.True(OpChecksTable.Allowed(opCase, pass) == allowed, $"{opCase.Name}, {pass}: the page allows {allowed}; write it anew.");
                Assert.True(seen <= allowed, $"{opCase.Name}, {pass}: the page saw {seen}, which is more than {allowed}.");
            }
        }
    }
}
