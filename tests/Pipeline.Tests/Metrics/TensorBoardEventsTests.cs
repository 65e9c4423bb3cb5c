using System.Buffers.Binary;
using System.Text;
using R1Cloud.Pipeline.Metrics;
using R1Cloud.Shared.Metrics;

namespace R1Cloud.Pipeline.Tests.Metrics;

public class TensorBoardEventsTests
{
    private static readonly DateTimeOffset Time = DateTimeOffset.FromUnixTimeMilliseconds(1_700_000_000_250);

    [Fact]
    public void FileVersion_Decoded_SaysBrainEvent2()
    {
        var record = Records(TensorBoardEvents.FileVersion(Time)).ShouldHaveSingleItem();

        var fields = Fields(record);
        BitConverter.ToDouble(fields[0].Bytes).ShouldBe(1_700_000_000.25);
        fields[0].Number.ShouldBe(1);
        (fields[1].Number, Encoding.UTF8.GetString(fields[1].Bytes)).ShouldBe((3, "brain.Event:2"));
    }

    [Fact]
    public void Scalars_Decoded_HoldStepTimeAndValues()
    {
        var row = new MetricsRow("r1-zero", 300, Time,
            new Dictionary<string, double> { ["reward/mean"] = 1.25, ["kl"] = -0.5, ["lr"] = double.NaN });

        var fields = Fields(Records(TensorBoardEvents.Scalars(row)).ShouldHaveSingleItem());

        fields.Select(field => field.Number).ShouldBe([1, 2, 5]);
        BitConverter.ToDouble(fields[0].Bytes).ShouldBe(1_700_000_000.25);
        fields[1].Varint.ShouldBe(300UL);
        var scalars = Fields(fields[2].Bytes).Select(value =>
        {
            value.Number.ShouldBe(1);
            var parts = Fields(value.Bytes);
            parts.Select(part => part.Number).ShouldBe([1, 2]);
            return (Encoding.UTF8.GetString(parts[0].Bytes), BitConverter.ToSingle(parts[1].Bytes));
        });
        scalars.ShouldBe([("kl", -0.5f), ("lr", float.NaN), ("reward/mean", 1.25f)]);
    }

    [Fact]
    public void Records_Appended_StayApart()
    {
        var file = new MemoryStream();
        file.Write(TensorBoardEvents.FileVersion(Time));
        for (var step = 1; step <= 5; step++)
            file.Write(TensorBoardEvents.Scalars(new("s", step, Time, new Dictionary<string, double> { ["loss"] = 1.0 / step })));

        Records(file.ToArray()).Count.ShouldBe(6);
    }

    [Fact]
    public void MaskedCrc_OfTheStandardsVector_IsTheMaskedStandardValue()
    {
        // RFC 3720, B.4: the CRC-32C of 32 zero bytes is 0x8A9136AA.
        const uint Crc = 0x8A9136AA;
        TensorBoardEvents.MaskedCrc32C(new byte[32]).ShouldBe(unchecked(((Crc >> 15) | (Crc << 17)) + 0xA282EAD8));
    }

    // Reads TFRecord frames, checking both checksums with a bitwise CRC-32C of its own.
    private static List<byte[]> Records(byte[] file)
    {
        var records = new List<byte[]>();
        for (var at = 0; at < file.Length;)
        {
            var length = (int)BinaryPrimitives.ReadUInt64LittleEndian(file.AsSpan(at));
            BinaryPrimitives.ReadUInt32LittleEndian(file.AsSpan(at + 8)).ShouldBe(Masked(file.AsSpan(at, 8)));
            var data = file.AsSpan(at + 12, length).ToArray();
            BinaryPrimitives.ReadUInt32LittleEndian(file.AsSpan(at + 12 + length)).ShouldBe(Masked(data));
            records.Add(data);
            at += 12 + length + 4;
        }
        return records;
    }

    private static uint Masked(ReadOnlySpan<byte> data)
    {
        var crc = uint.MaxValue;
        foreach (var b in data)
        {
            crc ^= b;
            for (var bit = 0; bit < 8; bit++) crc = (crc & 1) != 0 ? (crc >> 1) ^ 0x82F63B78 : crc >> 1;
        }
        crc = ~crc;
        return ((crc >> 15) | (crc << 17)) + 0xA282EAD8;
    }

    // Reads the fields of a protobuf message.
    private static List<(int Number, ulong Varint, byte[] Bytes)> Fields(byte[] message)
    {
        var fields = new List<(int, ulong, byte[])>();
        var at = 0;
        while (at < message.Length)
        {
            var tag = Varint();
            var (number, type) = ((int)(tag >> 3), tag & 7);
            switch (type)
            {
                case 0: fields.Add((number, Varint(), [])); break;
                case 1: fields.Add((number, 0, Take(8))); break;
                case 2: fields.Add((number, 0, Take((int)Varint()))); break;
                case 5: fields.Add((number, 0, Take(4))); break;
                default: throw new InvalidDataException($"Wire type {type}.");
            }
        }
        return fields;

        ulong Varint()
        {
            ulong value = 0;
            for (var shift = 0; ; shift += 7)
            {
                value |= (ulong)(message[at] & 0x7F) << shift;
                if (message[at++] < 0x80) return value;
            }
        }

        byte[] Take(int length)
        {
            at += length;
            return message[(at - length)..at];
        }
    }
}
