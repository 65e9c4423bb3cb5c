using System.Buffers.Binary;
using System.Numerics;
using System.Text;
using R1Cloud.Shared;
using R1Cloud.Shared.Metrics;

namespace R1Cloud.Pipeline.Metrics;

/// <summary>
/// Writes TensorBoard event files: TFRecord frames (length, masked CRC-32C of the length, data, masked CRC-32C of the data), each holding a
/// protobuf <c>tensorflow.Event</c>. Frames can be appended to an append blob at any time; a file must begin with
/// <see cref="FileVersion"/>.
/// </summary>
public static class TensorBoardEvents
{
    /// <summary>The record that every event file begins with: <c>file_version = "brain.Event:2"</c>.</summary>
    public static byte[] FileVersion(DateTimeOffset wallTime)
    {
        var version = new MemoryStream();
        WriteDouble(version, 1, Seconds(wallTime));
        WriteBytes(version, 3, "brain.Event:2"u8);
        return Frame(version.ToArray());
    }

    /// <summary>One record with a scalar for each figure of a step.</summary>
    public static byte[] Scalars(MetricsRow row)
    {
        var summary = new MemoryStream();
        foreach (var (name, value) in row.Values.OrderBy(pair => pair.Key, StringComparer.Ordinal))
        {
            var scalar = new MemoryStream();
            WriteBytes(scalar, 1, Encoding.UTF8.GetBytes(name));
            WriteFloat(scalar, 2, (float)value);
            WriteBytes(summary, 1, scalar.ToArray());
        }

        var record = new MemoryStream();
        WriteDouble(record, 1, Seconds(row.WallTime));
        WriteTag(record, 2, 0);
        WriteVarint(record, (ulong)row.Step);
        WriteBytes(record, 5, summary.ToArray());
        return Frame(record.ToArray());
    }

    /// <summary>A TFRecord frame around data.</summary>
    internal static byte[] Frame(ReadOnlySpan<byte> data)
    {
        var frame = new byte[12 + data.Length + 4];
        BinaryPrimitives.WriteUInt64LittleEndian(frame, (ulong)data.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(frame.AsSpan(8), MaskedCrc32C(frame.AsSpan(0, 8)));
        data.CopyTo(frame.AsSpan(12));
        BinaryPrimitives.WriteUInt32LittleEndian(frame.AsSpan(12 + data.Length), MaskedCrc32C(data));
        return frame;
    }

    /// <summary>CRC-32C, rotated and shifted as TFRecord asks so that a CRC of data that holds CRCs stays sound.</summary>
    internal static uint MaskedCrc32C(ReadOnlySpan<byte> data)
    {
        var crc = uint.MaxValue;
        foreach (var b in data) crc = BitOperations.Crc32C(crc, b);
        return BitOperations.RotateRight(~crc, 15) + 0xA282EAD8;
    }

    private static double Seconds(DateTimeOffset time) => Instants.Between(DateTimeOffset.UnixEpoch, time).TotalSeconds;

    private static void WriteTag(MemoryStream to, int field, int wireType) => WriteVarint(to, (ulong)((field << 3) | wireType));

    private static void WriteVarint(MemoryStream to, ulong value)
    {
        for (; value >= 0x80; value >>= 7) to.WriteByte((byte)(value | 0x80));
        to.WriteByte((byte)value);
    }

    private static void WriteDouble(MemoryStream to, int field, double value)
    {
        WriteTag(to, field, 1);
        Span<byte> bytes = stackalloc byte[8];
        BinaryPrimitives.WriteDoubleLittleEndian(bytes, value);
        to.Write(bytes);
    }

    private static void WriteFloat(MemoryStream to, int field, float value)
    {
        WriteTag(to, field, 5);
        Span<byte> bytes = stackalloc byte[4];
        BinaryPrimitives.WriteSingleLittleEndian(bytes, value);
        to.Write(bytes);
    }

    private static void WriteBytes(MemoryStream to, int field, ReadOnlySpan<byte> value)
    {
        WriteTag(to, field, 2);
        WriteVarint(to, (ulong)value.Length);
        to.Write(value);
    }
}
