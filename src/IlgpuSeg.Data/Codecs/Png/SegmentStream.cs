namespace IlgpuSeg.Data;

/// <summary>Several pieces of memory read as one stream.</summary>
internal sealed class SegmentStream(IReadOnlyList<ArraySegment<byte>> segments) : Stream
{
    private int _segment;
    private int _offset;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override int Read(Span<byte> buffer)
    {
        while (_segment < segments.Count)
        {
            var rest = segments[_segment].AsSpan(_offset);
            if (rest.Length > 0)
            {
                int taken = Math.Min(rest.Length, buffer.Length);
                rest[..taken].CopyTo(buffer);
                _offset += taken;
                return taken;
            }
            _segment++;
            _offset = 0;
        }
        return 0;
    }

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}
