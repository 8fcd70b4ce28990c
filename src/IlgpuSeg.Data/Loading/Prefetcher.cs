using System.Threading.Channels;

namespace IlgpuSeg.Data;

/// <summary>
/// Computes items ahead of their use, several at once, and delivers them in order. At most a fixed number is under way or
/// waiting; leaving the loop early stops the work.
/// </summary>
internal static class Prefetcher
{
    public static IEnumerable<T> Run<T>(int count, int ahead, Func<int, CancellationToken, T> make)
    {
        using var stop = new CancellationTokenSource();
        var queue = Channel.CreateBounded<Task<T>>(new BoundedChannelOptions(ahead) { SingleReader = true, SingleWriter = true });
        var producer = Task.Run(() => Produce(count, make, queue.Writer, stop.Token));
        try
        {
            while (queue.Reader.WaitToReadAsync().AsTask().GetAwaiter().GetResult())
            {
                while (queue.Reader.TryRead(out var item))
                    yield return item.GetAwaiter().GetResult();
            }
        }
        finally
        {
            stop.Cancel();
            producer.ContinueWith(_ => { }, TaskScheduler.Default).Wait();
            while (queue.Reader.TryRead(out var unused))
                unused.ContinueWith(_ => { }, TaskScheduler.Default).Wait();
        }
    }

    private static async Task Produce<T>(
        int count, Func<int, CancellationToken, T> make, ChannelWriter<Task<T>> queue, CancellationToken stop)
    {
        try
        {
            for (int i = 0; i < count && await queue.WaitToWriteAsync(stop).ConfigureAwait(false); i++)
            {
                int number = i;
                queue.TryWrite(Task.Run(() => make(number, stop), stop));
            }
        }
        catch (OperationCanceledException)
        {
            // The reader has left; what is under way sees the same token.
        }
        finally
        {
            queue.Complete();
        }
    }
}
