using System.Collections;
using System.Globalization;

namespace R1Cloud.Tokenizers.Unicode;

/// <summary>What normalisation needs of the Unicode Character Database: read from the resource <c>normalization.txt</c>.</summary>
internal sealed class UnicodeTables
{
    private readonly Dictionary<int, byte> classes = [];

    private UnicodeTables()
    {
    }

    /// <summary>One step of each canonical decomposition, Hangul apart.</summary>
    public Dictionary<int, int[]> Canonical { get; } = [];

    /// <summary>One step of each compatibility decomposition.</summary>
    public Dictionary<int, int[]> Compatible { get; } = [];

    /// <summary>The pairs that compose.</summary>
    public Dictionary<(int First, int Second), int> Compositions { get; } = [];

    /// <summary>UTF-16 units of which NFC may change a text.</summary>
    public BitArray Changing { get; } = new(0x10000);

    /// <summary>UTF-16 units of which NFKC may change a text.</summary>
    public BitArray ChangingCompatibly { get; private set; } = new(0x10000);

    /// <summary>UTF-16 units of which NFD or NFKD may change a text.</summary>
    public BitArray Decomposing { get; } = new(0x10000);

    /// <summary>The canonical combining class; 0 is a starter.</summary>
    public byte Class(int point) => point < 0x300 ? (byte)0 : classes.GetValueOrDefault(point);

    /// <summary>Reads the tables.</summary>
    public static UnicodeTables Load()
    {
        var tables = new UnicodeTables();
        using var resource = typeof(UnicodeTables).Assembly.GetManifestResourceStream("R1Cloud.Tokenizers.Unicode.normalization.txt")
            ?? throw new InvalidOperationException("The resource normalization.txt is missing.");
        using var reader = new StreamReader(resource);
        while (reader.ReadLine() is { } line)
        {
            if (line is ['#', ..]) continue;
            var fields = line.Split(' ');
            tables.Add(fields[0][0],
                [.. fields[1..].Select(field => int.Parse(field, NumberStyles.HexNumber, CultureInfo.InvariantCulture))], fields[^1]);
        }
        tables.MarkHangul();
        tables.ChangingCompatibly = new BitArray(tables.Changing).Or(tables.Decomposing);
        return tables;
    }

    private void Add(char kind, int[] points, string last)
    {
        switch (kind)
        {
            case 'c':
                for (var point = points[0]; point <= points[1]; point++)
                {
                    classes[point] = byte.Parse(last, CultureInfo.InvariantCulture);
                    Mark(Changing, point);
                    Mark(Decomposing, point);
                }
                break;
            case 'k':
                Compatible[points[0]] = points[1..];
                Mark(Decomposing, points[0]);
                break;
            default:
                Canonical[points[0]] = points[1..];
                Mark(Decomposing, points[0]);
                if (kind == 'x') Mark(Changing, points[0]);
                else Compositions[(points[1], points[2])] = points[0];
                // What can be the second of a pair may go into the character before it.
                if (kind == 'd') Mark(Changing, points[2]);
                break;
        }
    }

    private void MarkHangul()
    {
        for (var jamo = 0x1161; jamo <= 0x11FF; jamo++) Changing[jamo] = true;
        for (var syllable = 0xAC00; syllable <= 0xD7A3; syllable++) Decomposing[syllable] = true;
    }

    // Marks the unit that gives a code point away: itself, or its high surrogate.
    private static void Mark(BitArray units, int point) => units[point < 0x10000 ? point : 0xD800 + ((point - 0x10000) >> 10)] = true;
}
