namespace IlgpuSeg.Data;

/// <summary>A small font of our own for captions: printable ASCII in cells of 5 x 8 dots, the lowest row for descenders.</summary>
internal static class BitmapFont
{
    public const int GlyphWidth = 5, GlyphHeight = 8, Advance = 6;

    /// <summary>For each character from the space on: eight rows of five dots, top row first, each row a base-32 digit.</summary>
    private static readonly string[] Glyphs = string.Join(
        ' ',
        "00000000 44444040 aa000000 aavavaa0 4fke5u40 pq248bj0 cik8lid0 44000000 24888420 84222480 0level00 044v4400",
        "00000448 000v0000 00000cc0 122488g0 ehjlphe0 4ck444v0 eh1248v0 v2421he0 26aiv220 vgu11he0 68guhhe0 v1244880",
        "ehhehhe0 ehhf12c0 0cc0cc00 0cc0c480 248g8420 00v0v000 84212480 eh124040 ehnlnge0 ehhvhhh0 uhhuhhu0 ehggghe0",
        "sihhhis0 vgguggv0 vgguggg0 ehgnhhf0 hhhvhhh0 e44444e0 72222ic0 hikokih0 ggggggv0 hrllhhh0 hppljjh0 ehhhhhe0",
        "uhhuggg0 ehhhlid0 uhhukih0 fgge11u0 v4444440 hhhhhhe0 hhhhaa40 hhhllrh0 hha4ahh0 hha44440 v1248gv0 e88888e0",
        "g8842210 e22222e0 4ah00000 0000000v 84000000 00e1fhf0 gguhhhu0 00fgggf0 11fhhhf0 00ehvgf0 68u88880 00fhhf1e",
        "gguhhhh0 40c444e0 206222ic ggikoki0 88888860 00ulllh0 00uhhhh0 00ehhhe0 00uhhugg 00fhhf11 00moggg0 00fge1u0",
        "88u88860 00hhhjd0 00hhha40 00hllla0 00ha4ah0 00hhhf1e 00v248v0 34484430 44444444 o44244o0 009li000").Split(' ');

    /// <summary>Whether a dot of a character is set; characters without a picture look like a question mark.</summary>
    public static bool Dot(char character, int x, int y)
    {
        int index = character - ' ';
        char digit = Glyphs[(uint)index < (uint)Glyphs.Length ? index : '?' - ' '][y];
        int row = digit <= '9' ? digit - '0' : digit - 'a' + 10;
        return (row >> (GlyphWidth - 1 - x) & 1) != 0;
    }

    /// <summary>Width of a text in pixels.</summary>
    public static int Measure(string text, int scale) => text.Length == 0 ? 0 : (text.Length * Advance - 1) * scale;
}
