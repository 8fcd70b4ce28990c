namespace IlgpuSeg.Data;

/// <summary>
/// Brings a component's rows to the picture's width and height. Halved components are interpolated with a triangle filter
/// (weights 3/4 and 1/4 to the two nearest samples, in each halved direction), others repeat their samples.
/// </summary>
internal sealed class JpegUpsampler
{
    private readonly JpegComponent _component;
    private readonly JpegFrame _frame;
    private readonly bool _halvedAcross, _halvedDown, _smooth;
    private readonly int[] _column; // for repeated samples: the source column of each output column
    private readonly int[] _blend;
    private readonly byte[] _row;

    public JpegUpsampler(JpegComponent component, JpegFrame frame)
    {
        _component = component;
        _frame = frame;
        _halvedAcross = component.H * 2 == frame.MaxH;
        _halvedDown = component.V * 2 == frame.MaxV;
        bool fullAcross = component.H == frame.MaxH, fullDown = component.V == frame.MaxV;
        // The horizontal filter needs a neighbour on either side to be worth it.
        _smooth = (_halvedAcross && component.Width > 2 && (fullDown || _halvedDown)) || (fullAcross && _halvedDown);
        bool repeats = !_smooth && !(fullAcross && fullDown);
        _column = repeats ? Enumerable.Range(0, frame.Width).Select(x => x * component.H / frame.MaxH).ToArray() : [];
        _blend = new int[_smooth ? component.Width : 0];
        _row = new byte[repeats || _smooth ? 2 * component.Width + frame.Width : 0];
    }

    /// <summary>The component's samples for a row of the picture; valid until the next call.</summary>
    public ReadOnlySpan<byte> Row(int y)
    {
        if (!_smooth)
        {
            var source = SourceRow(y * _component.V / _frame.MaxV);
            if (_column.Length == 0)
                return source;
            for (int x = 0; x < _column.Length; x++)
                _row[x] = source[_column[x]];
            return _row;
        }
        if (!_halvedAcross)
            BlendRows(y, final: true);
        else if (_halvedDown)
            DoubleBlended(y);
        else
            DoubleRow(SourceRow(y));
        return _row;
    }

    private ReadOnlySpan<byte> SourceRow(int row)
    {
        row = Math.Clamp(row, 0, _component.Height - 1);
        return _component.Samples.AsSpan(row * _component.Stride, _component.Width);
    }

    /// <summary>Three parts of the nearer row and one of the farther; finished (two bits off) or kept for the horizontal step.</summary>
    private void BlendRows(int y, bool final)
    {
        var near = SourceRow(y / 2);
        var far = SourceRow(y / 2 + ((y & 1) == 0 ? -1 : 1));
        int rounding = 1 + (y & 1); // alternating, so that no row drifts up or down
        for (int x = 0; x < near.Length; x++)
        {
            int sum = 3 * near[x] + far[x];
            if (final)
                _row[x] = (byte)((sum + rounding) >> 2);
            else
                _blend[x] = sum;
        }
    }

    private void DoubleRow(ReadOnlySpan<byte> source)
    {
        int last = source.Length - 1;
        for (int x = 0; x <= last; x++)
        {
            int near = 3 * source[x];
            _row[2 * x] = (byte)((near + source[Math.Max(x - 1, 0)] + 1) >> 2);
            _row[2 * x + 1] = (byte)((near + source[Math.Min(x + 1, last)] + 2) >> 2);
        }
        _row[0] = source[0];
        _row[2 * last + 1] = source[last];
    }

    private void DoubleBlended(int y)
    {
        BlendRows(y, final: false);
        int last = _blend.Length - 1;
        for (int x = 0; x <= last; x++)
        {
            int near = 3 * _blend[x];
            _row[2 * x] = (byte)((near + _blend[Math.Max(x - 1, 0)] + 8) >> 4);
            _row[2 * x + 1] = (byte)((near + _blend[Math.Min(x + 1, last)] + 7) >> 4);
        }
    }
}
