using System.Buffers.Binary;
using System.Text.Json;
using R1Cloud.GpuJob.Numerics;
using static TorchSharp.torch;

namespace R1Cloud.GpuJob.Weights;

/// <summary>Writes safetensors files. The same tensors give the same bytes: names in ordinal order, a header padded to 8 bytes.</summary>
internal static class SafetensorsWriter
{
    /// <summary>Writes a file; an existing one is replaced. Not flushed to the disk: what must survive is uploaded.</summary>
    /// <param name="path">The file.</param>
    /// <param name="tensors">Tensors by name, from any device; they are copied to the CPU, and converted, one at a time.</param>
    /// <param name="typeOf">The element type that a tensor is stored in; null for its own.</param>
    /// <param name="metadata">Free text for <c>__metadata__</c>; <c>format: pt</c> is added as readers expect it.</param>
    public static void Write(string path, IEnumerable<(string Name, Tensor Tensor)> tensors,
        IReadOnlyDictionary<string, string>? metadata = null, Func<(string Name, Tensor Tensor), ScalarType>? typeOf = null)
    {
        using var file = new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.None, 1 << 16);
        Write(file, tensors, metadata, typeOf);
    }

    /// <summary>Writes to a stream; see above.</summary>
    /// <exception cref="ArgumentException">Two tensors have the same name, or one is called <c>__metadata__</c>.</exception>
    /// <exception cref="NotSupportedException">The format has no name for an element type.</exception>
    public static void Write(Stream stream, IEnumerable<(string Name, Tensor Tensor)> tensors,
        IReadOnlyDictionary<string, string>? metadata = null, Func<(string Name, Tensor Tensor), ScalarType>? typeOf = null)
    {
        var sorted = tensors.OrderBy(tensor => tensor.Name, StringComparer.Ordinal).ToArray();
        for (var i = 0; i < sorted.Length; i++)
        {
            if (sorted[i].Name == SafetensorsFormat.Metadata || (i > 0 && sorted[i].Name == sorted[i - 1].Name))
            {
                throw new ArgumentException($"The name '{sorted[i].Name}' is taken.", nameof(tensors));
            }
        }

        typeOf ??= entry => entry.Tensor.dtype;
        WriteSorted(stream, [.. sorted.Select(entry => new StreamedTensor(entry.Name, StoredTypes.NameOf(typeOf(entry)),
            entry.Tensor.shape, target => WriteContent(target, entry.Tensor, typeOf(entry))))], metadata);
    }

    /// <summary>Writes tensors that bring their content themselves, when it is their turn.</summary>
    public static void Write(Stream stream, IEnumerable<StreamedTensor> tensors) =>
        WriteSorted(stream, [.. tensors.OrderBy(tensor => tensor.Name, StringComparer.Ordinal)], null);

    private static void WriteSorted(Stream stream, IReadOnlyList<StreamedTensor> tensors, IReadOnlyDictionary<string, string>? metadata)
    {
        var header = Header(tensors, metadata);
        Span<byte> prefix = stackalloc byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(prefix, (ulong)header.Length);
        stream.Write(prefix);
        stream.Write(header);
        foreach (var tensor in tensors) tensor.Write(stream);
    }

    private static byte[] Header(IReadOnlyList<StreamedTensor> tensors, IReadOnlyDictionary<string, string>? metadata)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteStartObject(SafetensorsFormat.Metadata);
            var entries = new SortedDictionary<string, string>(StringComparer.Ordinal) { ["format"] = "pt" };
            foreach (var (key, value) in metadata ?? new Dictionary<string, string>()) entries[key] = value;
            foreach (var (key, value) in entries) json.WriteString(key, value);
            json.WriteEndObject();

            long offset = 0;
            foreach (var tensor in tensors)
            {
                var end = offset + (tensor.Shape.Aggregate(1L, (product, size) => product * size) * SafetensorsFormat.SizeOf(tensor.Type));
                json.WriteStartObject(tensor.Name);
                json.WriteString("dtype", tensor.Type);
                json.WriteStartArray("shape");
                foreach (var dimension in tensor.Shape) json.WriteNumberValue(dimension);
                json.WriteEndArray();
                json.WriteStartArray("data_offsets");
                json.WriteNumberValue(offset);
                json.WriteNumberValue(end);
                json.WriteEndArray();
                json.WriteEndObject();
                offset = end;
            }
            json.WriteEndObject();
        }
        while (buffer.Length % 8 != 0) buffer.WriteByte((byte)' ');
        return buffer.ToArray();
    }

    private static unsafe void WriteContent(Stream stream, Tensor tensor, ScalarType type)
    {
        const int Piece = 1 << 24;
        using var scope = NewDisposeScope();
        var content = tensor.detach().to(type).cpu().contiguous();
        var start = TensorMemory.Pointer(content);
        var length = content.numel() * content.ElementSize;
        for (var at = 0L; at < length; at += Piece) stream.Write(new ReadOnlySpan<byte>(start + at, (int)Math.Min(Piece, length - at)));
    }
}

/// <summary>A tensor that writes its own content.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Type">Its element type by the format's name.</param>
/// <param name="Shape">Its shape.</param>
/// <param name="Write">Writes its content, so many bytes as type and shape say.</param>
internal sealed record StreamedTensor(string Name, string Type, IReadOnlyList<long> Shape, Action<Stream> Write);
