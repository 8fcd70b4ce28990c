using IlgpuSeg.Serialization;

namespace IlgpuSeg.Core.Tests.Serialization;

public sealed class SafeTensorsFuzzTests
{
    private static readonly string[] Tokens =
        ["{", "}", "[", "]", ",", ":", "\"", "\"dtype\":\"F64\"", "\"BOOL\"", "[0,8]", "{\"a\":", "null", "\\u0000", "\\ud800", "\\", "__metadata__"];

    private static readonly byte[] Original = SafeTensorsWriter.ToBytes(
        SafeTensorsTests.Sample(), new Dictionary<string, string> { ["mode"] = "train", ["lr"] = "0.01" });

    /// <summary>Reads everything that the file offers; returns whether it was accepted.</summary>
    private static bool ReadAll(Func<SafeTensorsFile> open)
    {
        try
        {
            using var file = open();
            foreach (var entry in file.Entries)
            {
                Assert.Equal(entry.Length, entry.ToDoubles().LongLength);
                Assert.Equal(entry.Length, entry.ToFloats().LongLength);
            }
            return true;
        }
        catch (WeightFileException e)
        {
            Assert.StartsWith("fuzz", Path.GetFileName(e.File));
            Assert.DoesNotContain(e.Message, char.IsControl);
            return false;
        }
    }

    [Fact]
    public void Ten_thousand_damaged_files_give_the_formats_own_exception_and_no_large_allocation()
    {
        var mutator = new FileMutator(20240, Tokens);
        int accepted = 0;
        for (int i = 0; i < 10_000; i++)
        {
            byte[] bytes = mutator.Mutate(Original);
            long before = GC.GetAllocatedBytesForCurrentThread();
            accepted += ReadAll(() => SafeTensorsFile.FromBytes(bytes, "fuzz")) ? 1 : 0;
            long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            Assert.True(allocated < 200_000, $"file {i} of {bytes.Length} bytes made the reader allocate {allocated} bytes");
        }
        // Damage to the tensors' bytes or to a name is not noticed; most damage to this header-heavy file is.
        Assert.InRange(accepted, 50, 6_000);
    }

    [Fact]
    public void Damaged_files_on_the_disk_are_refused_and_closed()
    {
        var mutator = new FileMutator(7, Tokens);
        string folder = Directory.CreateTempSubdirectory("safetensors").FullName;
        for (int i = 0; i < 300; i++)
        {
            string path = Path.Combine(folder, $"fuzz{i}.safetensors");
            File.WriteAllBytes(path, mutator.Mutate(Original));
            ReadAll(() => SafeTensorsFile.Open(path));
        }
        Directory.Delete(folder, recursive: true);
    }
}
