namespace R1Cloud.Datasets;

/// <summary>
/// Passes over a structure in Thrift's compact protocol without building anything, so that sizes that a file claims are held to the bytes
/// that it has before a reader allocates them.
/// </summary>
/// <param name="stream">The bytes.</param>
/// <param name="end">Where they end in the stream.</param>
internal sealed class ThriftScan(Stream stream, long end)
{
    private const int MaxDepth = 32;

    private enum Kind
    {
        Stop, True, False, Byte, Short, Int, Long, Double, Binary, List, Set, Map, Struct,
    }

    /// <summary>Passes over a structure.</summary>
    /// <returns>Its whole numbers of 32 bits, by field.</returns>
    /// <exception cref="InvalidDataException">A size in it is larger than what follows, or it is no such structure.</exception>
    public Dictionary<int, int> Pass() => Structure(0);

    private Dictionary<int, int> Structure(int depth)
    {
        if (depth > MaxDepth) throw new InvalidDataException("its metadata are nested too deeply");
        var numbers = new Dictionary<int, int>();
        for (var field = 0; ;)
        {
            var header = Byte();
            var kind = (Kind)(header & 15);
            if (kind == Kind.Stop) return numbers;
            field = header >> 4 is var delta and > 0 ? field + delta : (int)ZigZag();
            if (kind == Kind.Int) numbers[field] = (int)ZigZag();
            else if (kind is not (Kind.True or Kind.False)) Value(kind, depth);
        }
    }

    private void Value(Kind kind, int depth)
    {
        switch (kind)
        {
            case Kind.True or Kind.False or Kind.Byte: Byte(); break;
            case Kind.Short or Kind.Int or Kind.Long: ZigZag(); break;
            case Kind.Double: Skip(8); break;
            case Kind.Binary: Skip(Count(Unsigned())); break;
            case Kind.List or Kind.Set:
                var list = Byte();
                for (var left = Count(list >> 4 is 15 ? Unsigned() : (ulong)(list >> 4)); left > 0; left--)
                    Value((Kind)(list & 15), depth + 1);
                break;
            case Kind.Map:
                if (Count(Unsigned()) is var pairs and > 0)
                {
                    for (var kinds = Byte(); pairs > 0; pairs--)
                    {
                        Value((Kind)(kinds >> 4), depth + 1);
                        Value((Kind)(kinds & 15), depth + 1);
                    }
                }
                break;
            case Kind.Struct: Structure(depth + 1); break;
            default: throw new InvalidDataException("its metadata hold a type that is not known");
        }
    }

    // Each item takes a byte at least.
    private long Count(ulong claimed) => claimed <= (ulong)Math.Max(0, end - stream.Position) ? (long)claimed
        : throw new InvalidDataException(
            $"its metadata claim {claimed} items or bytes where {Math.Max(0, end - stream.Position)} bytes are left");

    private void Skip(long bytes)
    {
        if (bytes > end - stream.Position) throw new InvalidDataException("its metadata end too early");
        stream.Seek(bytes, SeekOrigin.Current);
    }

    private int Byte() => stream.Position < end && stream.ReadByte() is var read and >= 0 ? read
        : throw new InvalidDataException("its metadata end too early");

    private long ZigZag() => Unsigned() is var value && (value & 1) == 0 ? (long)(value >> 1) : ~(long)(value >> 1);

    private ulong Unsigned()
    {
        var value = 0UL;
        for (var shift = 0; shift < 70; shift += 7)
        {
            var next = Byte();
            value |= (ulong)(next & 127) << shift;
            if (next < 128) return value;
        }
        throw new InvalidDataException("its metadata hold a number that does not end");
    }
}
