// Where a block tile of a product stands in the depth: both operands' offsets, advanced by additions only.
//
// The depth is cut twice: A's addresses jump from segment to segment (GemmShape), B's from inner part to inner part (GemmRight). A run is a
// stretch without a jump in either; a tile never crosses its end but is filled up with zeros there.
using System.Runtime.InteropServices;

namespace IlgpuSeg.Kernels;

/// <summary>What the block-tiled kernels need besides the shape.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct GemmBlocks
{
    /// <summary>Products in a run; divides the segments, and B's inner parts where there are several.</summary>
    public int RunLength;

    /// <summary>Block tiles along C's columns.</summary>
    public int TileColumns;

    /// <summary>1 if neighbours in A are neighbours in depth, 0 if they are neighbouring rows.</summary>
    public int DepthFirstA;

    /// <summary>1 if neighbours in B are neighbours in depth, 0 if they are neighbouring columns.</summary>
    public int DepthFirstB;

    /// <summary>1 if A's elements are copied four at once.</summary>
    public int QuadsA;

    /// <summary>1 if B's elements are copied four at once.</summary>
    public int QuadsB;

    /// <summary>1 if C's elements of an even and the next column always lie together at a multiple of their size.</summary>
    public int PairsC;

    /// <summary>Fills the struct up to a multiple of eight bytes.</summary>
    public int Unused;
}

/// <summary>The next tile's place in the depth; the same for all threads of a group.</summary>
internal struct GemmDepth
{
    /// <summary>Products before the tile.</summary>
    public int K;

    /// <summary>Where the run ends.</summary>
    public int RunEnd;

    /// <summary>Offset of the tile in A, without its row's.</summary>
    public int A;

    /// <summary>Offset of the tile in B, without its column's.</summary>
    public int B;

    private int end, segmentPlace, segmentInner, segmentOuter, innerPlace, mid, outer;

    /// <summary>The first tile of a launch's (and split's) part of the depth.</summary>
    /// <param name="batch">The third grid axis.</param>
    /// <param name="s">The product.</param>
    /// <param name="right">Where B lies.</param>
    /// <param name="runLength">See <see cref="GemmBlocks.RunLength"/>.</param>
    public static GemmDepth First(int batch, GemmShape s, GemmRight right, int runLength)
    {
        GemmDepth d;
        d.K = batch * s.Split + s.DepthStart;
        d.end = GemmTile.End(batch, d.K, s.Split, s.DepthCount, s.Depth);
        var segment = d.K / s.SegmentLength;
        d.segmentPlace = 0;
        d.segmentOuter = segment / s.SegmentsInner;
        d.segmentInner = segment - d.segmentOuter * s.SegmentsInner;
        var part = d.K / right.DepthInner;
        d.innerPlace = d.K - part * right.DepthInner;
        d.outer = part / right.DepthMid;
        d.mid = part - d.outer * right.DepthMid;
        d.RunEnd = d.K + runLength < d.end ? d.K + runLength : d.end;
        d.A = d.segmentOuter * s.SegmentOuter + d.segmentInner * s.SegmentInner;
        d.B = right.Start + d.outer * right.Outer + d.mid * right.Mid + d.innerPlace * right.Inner;
        return d;
    }

    /// <summary>Whether there is a tile.</summary>
    public static bool Exists(GemmDepth d) => d.K < d.end;

    /// <summary>The tile after this one.</summary>
    /// <param name="d">This one.</param>
    /// <param name="s">The product.</param>
    /// <param name="right">Where B lies.</param>
    /// <param name="runLength">See <see cref="GemmBlocks.RunLength"/>.</param>
    /// <param name="step">The depth of a tile.</param>
    public static GemmDepth Next(GemmDepth d, GemmShape s, GemmRight right, int runLength, int step)
    {
        d.K += step;
        d.A += step * s.AStep;
        d.B += step * right.Inner;
        if (d.K >= d.RunEnd)
        {
            d.K = d.RunEnd;
            d.RunEnd = d.K + runLength < d.end ? d.K + runLength : d.end;
            d.segmentPlace += runLength;
            if (d.segmentPlace >= s.SegmentLength)
            {
                d.segmentPlace = 0;
                d.segmentInner++;
                if (d.segmentInner == s.SegmentsInner)
                {
                    d.segmentInner = 0;
                    d.segmentOuter++;
                }
            }
            d.innerPlace += runLength;
            if (d.innerPlace >= right.DepthInner)
            {
                d.innerPlace = 0;
                d.mid++;
                if (d.mid == right.DepthMid)
                {
                    d.mid = 0;
                    d.outer++;
                }
            }
            d.A = d.segmentOuter * s.SegmentOuter + d.segmentInner * s.SegmentInner + d.segmentPlace * s.AStep;
            d.B = right.Start + d.outer * right.Outer + d.mid * right.Mid + d.innerPlace * right.Inner;
        }
        return d;
    }
}
