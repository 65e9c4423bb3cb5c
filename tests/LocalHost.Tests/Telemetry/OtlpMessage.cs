using System.Buffers.Binary;
using System.Text;

namespace R1Cloud.LocalHost.Tests.Telemetry;

/// <summary>A protobuf message read field by field, as far as OTLP needs it; fields have the protocol's numbers.</summary>
internal sealed class OtlpMessage
{
    private readonly List<(int Field, ulong Number, byte[]? Bytes)> fields = [];

    public OtlpMessage(ReadOnlySpan<byte> data)
    {
        while (data.Length > 0)
        {
            var key = Varint(ref data);
            var field = (int)(key >> 3);
            switch (key & 7)
            {
                case 0: fields.Add((field, Varint(ref data), null)); break;
                case 1: fields.Add((field, BinaryPrimitives.ReadUInt64LittleEndian(data), null)); data = data[8..]; break;
                case 2:
                    var length = (int)Varint(ref data);
                    fields.Add((field, 0, data[..length].ToArray()));
                    data = data[length..];
                    break;
                case 5: fields.Add((field, BinaryPrimitives.ReadUInt32LittleEndian(data), null)); data = data[4..]; break;
                default: throw new InvalidDataException($"wire type {key & 7}");
            }
        }
    }

    public IEnumerable<OtlpMessage> All(int field) => fields.Where(item => item.Field == field).Select(item => new OtlpMessage(item.Bytes));

    public OtlpMessage? One(int field) => All(field).FirstOrDefault();

    public string Text(int field) => Encoding.UTF8.GetString(Bytes(field));

    public string Hex(int field) => Convert.ToHexStringLower(Bytes(field));

    public ulong Number(int field) => fields.FirstOrDefault(item => item.Field == field).Number;

    /// <summary>Attributes (lists of key and value) whose values are texts.</summary>
    public Dictionary<string, string> Attributes(int field) =>
        All(field).DistinctBy(item => item.Text(1)).ToDictionary(item => item.Text(1), item => item.One(2)?.Text(1) ?? "");

    private byte[] Bytes(int field) => fields.FirstOrDefault(item => item.Field == field).Bytes ?? [];

    private static ulong Varint(ref ReadOnlySpan<byte> data)
    {
        ulong value = 0;
        for (var shift = 0; ; shift += 7)
        {
            var next = data[0];
            data = data[1..];
            value |= (ulong)(next & 127) << shift;
            if (next < 128) return value;
        }
    }
}
