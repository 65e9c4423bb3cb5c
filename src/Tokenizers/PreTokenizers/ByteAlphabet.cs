using System.Text;

namespace R1Cloud.Tokenizers.PreTokenizers;

/// <summary>
/// GPT-2's alphabet: 256 visible characters for 256 bytes. Printable Latin-1 stands for itself, the rest is moved to U+0100 and up.
/// </summary>
internal static class ByteAlphabet
{
    /// <summary>One above the highest character.</summary>
    public const int Limit = 0x144;

    private static readonly char[] Characters = Make();
    private static readonly short[] Bytes = Invert(Characters);

    /// <summary>The byte of a character, or -1.</summary>
    public static int ByteOf(char character) => character < Limit ? Bytes[character] : -1;

    /// <summary>Writes a text's UTF-8 in the alphabet.</summary>
    /// <returns>The number of characters written.</returns>
    public static int Write(ReadOnlySpan<char> text, Span<char> mapped)
    {
        Span<byte> rented = text.Length <= 256 ? stackalloc byte[768] : new byte[Encoding.UTF8.GetMaxByteCount(text.Length)];
        var count = Encoding.UTF8.GetBytes(text, rented);
        for (var i = 0; i < count; i++) mapped[i] = Characters[rented[i]];
        return count;
    }

    private static char[] Make()
    {
        var characters = new char[256];
        var moved = 0x100;
        for (var value = 0; value < 256; value++)
            characters[value] = value is (>= '!' and <= '~') or (>= 0xA1 and <= 0xAC) or >= 0xAE ? (char)value : (char)moved++;
        return characters;
    }

    private static short[] Invert(char[] characters)
    {
        var bytes = new short[Limit];
        Array.Fill(bytes, (short)-1);
        for (var value = 0; value < 256; value++) bytes[characters[value]] = (short)value;
        return bytes;
    }
}
