using Parquet.Meta;

namespace R1Cloud.Datasets;

/// <summary>
/// What a Parquet file may become in memory, by its own size: a few bytes can claim, or unpack to, any number of rows. Checked on what the
/// file says of itself before it is read, and on the text that its rows share while it is.
/// </summary>
/// <param name="length">The file's bytes.</param>
internal sealed class ParquetBounds(long length)
{
    private const long BaseValues = 1_000_000, ValuesPerByte = 256;
    private const long BaseBytes = 64L << 20, BytesPerByte = 200;
    private const int Tail = 8;
    private static readonly byte[] Magic = "PAR1"u8.ToArray();
    private long text;

    private long MostValues => BaseValues + (ValuesPerByte * length);

    private long MostBytes => BaseBytes + (BytesPerByte * length);

    /// <summary>Holds the footer's sizes to its bytes, before a reader believes them.</summary>
    /// <exception cref="InvalidDataException">It is no Parquet file, or claims more than it has.</exception>
    public static void CheckFooter(Stream stream)
    {
        if (stream.Length < 12) throw new InvalidDataException("it is too short");
        var tail = new byte[Tail];
        stream.Seek(-Tail, SeekOrigin.End);
        stream.ReadExactly(tail);
        if (!tail.AsSpan(4).SequenceEqual(Magic)) throw new InvalidDataException("it does not end with PAR1");
        var size = BitConverter.ToUInt32(tail);
        if (size > stream.Length - 12) throw new InvalidDataException($"its footer claims {size} bytes of {stream.Length}");
        stream.Seek(-Tail - (long)size, SeekOrigin.End);
        new ThriftScan(stream, stream.Length - Tail).Pass();
        stream.Seek(0, SeekOrigin.Begin);
    }

    /// <summary>Holds numbers of rows and values, and the sizes of pages, to the bounds.</summary>
    /// <exception cref="InvalidDataException">They are not in the bounds, or contradict each other.</exception>
    public void Check(FileMetaData metadata, Stream stream)
    {
        long values = 0, bytes = 0;
        foreach (var group in metadata.RowGroups)
        {
            if (group.NumRows < 0) throw new InvalidDataException($"it claims {group.NumRows} rows");
            Add(ref values, group.NumRows, MostValues, "rows");
            foreach (var column in group.Columns.Select(column => column.MetaData).OfType<ColumnMetaData>())
            {
                if (column.NumValues < 0) throw new InvalidDataException($"it claims {column.NumValues} values");
                Add(ref values, column.NumValues, MostValues, "values");
                CheckPages(column, stream, ref bytes);
            }
        }
    }

    /// <summary>Counts text that a row takes, which rows of the file may share.</summary>
    /// <exception cref="InvalidDataException">It is more than the bounds allow.</exception>
    public void AddText(int size) => Add(ref text, size, MostBytes, "bytes of text");

    private void CheckPages(ColumnMetaData column, Stream stream, ref long bytes)
    {
        var at = column.DictionaryPageOffset is > 0 and var dictionary && dictionary < column.DataPageOffset ? dictionary
            : column.DataPageOffset;
        var end = at + column.TotalCompressedSize;
        if (at < 0 || column.TotalCompressedSize < 0 || end > length) throw new InvalidDataException("a column ends behind its end");
        while (at < end)
        {
            stream.Seek(at, SeekOrigin.Begin);
            var header = new ThriftScan(stream, length).Pass();
            if (!header.TryGetValue(2, out var unpacked) || !header.TryGetValue(3, out var packed) || unpacked < 0 || packed < 0
                || stream.Position + packed > length) throw new InvalidDataException("a page has no sizes that can be");
            Add(ref bytes, unpacked, MostBytes, "bytes");
            at = stream.Position + packed;
        }
    }

    private void Add(ref long sum, long more, long most, string what)
    {
        if (more > most - sum) throw new InvalidDataException(
            $"it unpacks to more than {most} {what}, the most that are read from a file of {length} bytes: write it as JSON lines, or less packed");
        sum += more;
    }
}
