using System.Text;

namespace R1Cloud.GpuJob.Gguf;

/// <summary>A tensor of a GGUF file that is written.</summary>
/// <param name="Name">Its name there.</param>
/// <param name="Type">How its numbers are stored.</param>
/// <param name="Shape">Its shape, the slowest dimension first.</param>
/// <param name="Values">Gives its numbers, the rows one after the other, when it is its turn.</param>
internal sealed record PackedTensor(string Name, GgufType Type, IReadOnlyList<long> Shape, Action<Action<ReadOnlySpan<float>>> Values);

/// <summary>Writes GGUF of version 3.</summary>
internal sealed class GgufWriter
{
    private const int Alignment = 32;

    private readonly List<(string Key, Action<BinaryWriter> Write)> metadata = [];

    /// <summary>Adds a text.</summary>
    public void Add(string key, string value) => Add(key, 8, writer => Text(writer, value));

    /// <summary>Adds a whole number.</summary>
    public void Add(string key, int value) => Add(key, 4, writer => writer.Write((uint)value));

    /// <summary>Adds a number.</summary>
    public void Add(string key, float value) => Add(key, 6, writer => writer.Write(value));

    /// <summary>Adds a switch.</summary>
    public void Add(string key, bool value) => Add(key, 7, writer => writer.Write(value));

    /// <summary>Adds a list of texts.</summary>
    public void Add(string key, IReadOnlyList<string> values) => AddList(key, 8, values, Text);

    /// <summary>Adds a list of whole numbers.</summary>
    public void Add(string key, IReadOnlyList<int> values) => AddList(key, 5, values, (writer, value) => writer.Write(value));

    /// <summary>Adds a list of numbers.</summary>
    public void Add(string key, IReadOnlyList<float> values) => AddList(key, 6, values, (writer, value) => writer.Write(value));

    /// <summary>Writes the file.</summary>
    /// <param name="stream">Where to.</param>
    /// <param name="tensors">The tensors, in their order.</param>
    public void Write(Stream stream, IReadOnlyList<PackedTensor> tensors)
    {
        using var writer = new BinaryWriter(stream, Encoding.UTF8, leaveOpen: true);
        writer.Write("GGUF"u8);
        writer.Write(3u);
        writer.Write((ulong)tensors.Count);
        writer.Write((ulong)metadata.Count);
        foreach (var (key, write) in metadata)
        {
            Text(writer, key);
            write(writer);
        }
        var offset = 0L;
        foreach (var tensor in tensors)
        {
            Text(writer, tensor.Name);
            writer.Write((uint)tensor.Shape.Count);
            foreach (var size in tensor.Shape.Reverse()) writer.Write((ulong)size);
            writer.Write(tensor.Type.Id);
            writer.Write((ulong)offset);
            offset = Aligned(offset + Bytes(tensor));
        }
        writer.Flush();
        Pad(stream);
        foreach (var tensor in tensors)
        {
            tensor.Values(values =>
            {
                var blocks = new byte[values.Length / tensor.Type.Numbers * tensor.Type.Bytes];
                tensor.Type.Write!(values, blocks);
                stream.Write(blocks);
            });
            Pad(stream);
        }
    }

    private static long Bytes(PackedTensor tensor) =>
        tensor.Shape.Aggregate(1L, (product, size) => product * size) / tensor.Type.Numbers * tensor.Type.Bytes;

    private static long Aligned(long offset) => (offset + Alignment - 1) / Alignment * Alignment;

    private static void Pad(Stream stream) => stream.Write(new byte[Aligned(stream.Position) - stream.Position]);

    private static void Text(BinaryWriter writer, string value)
    {
        var bytes = Encoding.UTF8.GetBytes(value);
        writer.Write((ulong)bytes.Length);
        writer.Write(bytes);
    }

    private void Add(string key, uint type, Action<BinaryWriter> write) => metadata.Add((key, writer =>
    {
        writer.Write(type);
        write(writer);
    }));

    private void AddList<T>(string key, uint type, IReadOnlyList<T> values, Action<BinaryWriter, T> write) => Add(key, 9, writer =>
    {
        writer.Write(type);
        writer.Write((ulong)values.Count);
        foreach (var value in values) write(writer, value);
    });
}
