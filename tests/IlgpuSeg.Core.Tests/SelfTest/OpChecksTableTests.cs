using IlgpuSeg.SelfTest;

namespace IlgpuSeg.Tests.SelfTest;

/// <summary>The page of checks holds every operation, with the allowed errors of the code. ILGPUSEG_WRITE_OP_CHECKS=1 writes it anew.</summary>
public class OpChecksTableTests
{
    [Fact]
    public void ThePageIsOfThisCode()
    {
        if (Environment.GetEnvironmentVariable("ILGPUSEG_WRITE_OP_CHECKS") == "1") OpChecksTable.Write();
        var page = OpChecksTable.Read();
        Assert.Equal(OpCases.All.Select(c => c.Name), page.Keys);
        foreach (var opCase in OpCases.All)
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
