using IlgpuSeg.Core.Tests.Serialization;
using IlgpuSeg.Nn.Weights;
using IlgpuSeg.Serialization;

namespace IlgpuSeg.Nn.Tests.Weights;

public sealed class PyTorchFuzzTests
{
    private static readonly string[] Tokens =
    [
        "cos\nsystem\n", "R", "Q", "(", "t", "e", "u", "0", "2", "h\0", "q\0", "\u0080\u0002", "X\u00ff\u00ff\u00ff\u007f", "j\u00ff\u00ff\u00ff\u00ff",
        "PK\u0001\u0002", "PK\u0003\u0004", "PK\u0005\u0006", "\u00ff\u00ff\u00ff\u00ff", "\0\0\0\0\0\0\0\0", ".", "ccollections\nOrderedDict\n",
    ];

    /// <summary>Reads everything that the file offers; returns whether it was accepted.</summary>
    private static bool ReadAll(byte[] bytes)
    {
        try
        {
            using var file = PyTorchFile.FromBytes(bytes, "fuzz");
            foreach (var entry in file.Entries)
                Assert.Equal(entry.Length, entry.ToDoubles().LongLength);
            return true;
        }
        catch (WeightFileException e)
        {
            Assert.Equal("fuzz", e.File);
            Assert.DoesNotContain(e.Message, char.IsControl);
            return false;
        }
    }

    [Theory]
    [InlineData("zip.pth", 5_000)]
    [InlineData("legacy.pth.tar", 5_000)]
    [InlineData("module_half.pth.tar", 2_000)]
    [InlineData("malicious.pth", 1_000)]
    public void Damaged_files_give_the_formats_own_exception_and_no_large_allocation(string name, int count)
    {
        byte[] original = File.ReadAllBytes(PyTorchFileTests.Fixture(name));
        var mutator = new FileMutator(name.Length, Tokens);
        int accepted = 0;
        for (int i = 0; i < count; i++)
        {
            byte[] bytes = mutator.Mutate(original);
            long before = GC.GetAllocatedBytesForCurrentThread();
            accepted += ReadAll(bytes) ? 1 : 0;
            long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            // A broadcast view may legally repeat its storage up to a limit of 2^20 elements, 8 MB as double.
            Assert.True(allocated < 12_000_000, $"file {i} made the reader allocate {allocated} bytes");
        }
        Assert.InRange(accepted, name == "malicious.pth" ? 0 : 10, count * 3 / 4);
    }
}
