using System.Buffers.Binary;
using System.Text;
using R1Cloud.Shared;

namespace R1Cloud.GpuJob.Gguf;

/// <summary>Reads a GGUF directory value by value. No length is believed before the file has so many bytes left.</summary>
internal sealed class GgufReader(string path, FileStream stream)
{
    private const int MostCharacters = 1 << 24;

    private static readonly UTF8Encoding Strict = new(false, throwOnInvalidBytes: true);

    /// <summary>Where it is.</summary>
    public long Position => stream.Position;

    /// <summary>An error of the file's.</summary>
    public BadInputException Error(string what) => new($"{path}: at byte {stream.Position}: {what}.");

    /// <summary>The first bytes.</summary>
    /// <exception cref="BadInputException">They are not GGUF's, or of a version that is not read.</exception>
    public void Magic()
    {
        if (!Bytes(4).AsSpan().SequenceEqual("GGUF"u8)) throw Error("it does not begin as GGUF does");
        var version = Number32();
        if (BinaryPrimitives.ReverseEndianness(version) is 2 or 3) throw Error("it is of a big-endian machine, which is not read");
        if (version is not (2 or 3)) throw Error($"it is GGUF of version {version}; read are 2 and 3");
    }

    /// <summary>A count.</summary>
    public int Count(string what, int most)
    {
        var count = Length64(what);
        return count <= most ? (int)count : throw Error($"it has {count} {what}; at most {most} are read");
    }

    /// <summary>A length.</summary>
    public long Length64(string what)
    {
        var length = BinaryPrimitives.ReadUInt64LittleEndian(Bytes(8));
        return length <= long.MaxValue ? (long)length : throw Error($"{what} is {length}");
    }

    /// <summary>Four bytes as a number.</summary>
    public uint Number32() => BinaryPrimitives.ReadUInt32LittleEndian(Bytes(4));

    /// <summary>A text.</summary>
    public string Text()
    {
        var length = Length64("a text's length");
        if (length > MostCharacters) throw Error($"a text of {length} bytes; at most {MostCharacters} are read");
        var bytes = Bytes((int)length);
        try
        {
            return Strict.GetString(bytes);
        }
        catch (DecoderFallbackException)
        {
            throw Error("a text is not UTF-8");
        }
    }

    /// <summary>A value with its type: a text, a flag, a long, a double, or a list of texts, longs or doubles.</summary>
    public object Value(string key)
    {
        var type = Number32();
        if (type != 9) return Scalar(key, type);
        var element = Number32();
        var count = Length64($"the list '{key}'");
        if (count > (stream.Length - stream.Position) / SmallestBytes(key, element))
            throw Error($"the list '{key}' has {count} entries, more than the file has bytes for");
        return element switch
        {
            8 => List(count, Text),
            6 or 12 => List(count, () => (double)Scalar(key, element)),
            7 => List(count, () => (bool)Scalar(key, element) ? 1L : 0),
            9 => throw Error($"'{key}' is a list of lists, which is not read"),
            _ => List(count, () => (long)Scalar(key, element)),
        };
    }

    private static T[] List<T>(long count, Func<T> read)
    {
        var list = new T[count];
        for (var i = 0; i < list.Length; i++) list[i] = read();
        return list;
    }

    private object Scalar(string key, uint type) => type switch
    {
        0 => (long)Bytes(1)[0],
        1 => (long)(sbyte)Bytes(1)[0],
        2 => (long)BinaryPrimitives.ReadUInt16LittleEndian(Bytes(2)),
        3 => (long)BinaryPrimitives.ReadInt16LittleEndian(Bytes(2)),
        4 => (long)Number32(),
        5 => (long)(int)Number32(),
        6 => (double)BinaryPrimitives.ReadSingleLittleEndian(Bytes(4)),
        7 => Bytes(1)[0] switch { 0 => false, 1 => true, var other => throw Error($"'{key}' is a flag of value {other}") },
        8 => Text(),
        10 => Length64($"'{key}'"),
        11 => BinaryPrimitives.ReadInt64LittleEndian(Bytes(8)),
        12 => BinaryPrimitives.ReadDoubleLittleEndian(Bytes(8)),
        _ => throw Error($"'{key}' is of type {type}, which there is not"),
    };

    private long SmallestBytes(string key, uint type) => type switch
    {
        0 or 1 or 7 => 1,
        2 or 3 => 2,
        4 or 5 or 6 => 4,
        8 or 9 or 10 or 11 or 12 => 8,
        _ => throw Error($"'{key}' is a list of type {type}, which there is not"),
    };

    private byte[] Bytes(int count)
    {
        if (count > stream.Length - stream.Position) throw Error($"the file ends within {count} bytes that are to be read: it is torn");
        var bytes = new byte[count];
        stream.ReadExactly(bytes);
        return bytes;
    }
}
