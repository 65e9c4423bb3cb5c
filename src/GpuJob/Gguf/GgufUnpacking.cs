using System.Runtime.InteropServices;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using R1Cloud.GpuJob.Weights;
using R1Cloud.Shared;

namespace R1Cloud.GpuJob.Gguf;

/// <summary>Makes a folder in Hugging Face's layout of a GGUF file, a few rows at a time.</summary>
internal static class GgufUnpacking
{
    private const int Piece = 1 << 22;

    private static readonly JsonSerializerOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>
    /// Writes configuration, weights and tokenizer. Numbers that stand by themselves keep their type; quantised ones become float32, which
    /// holds what they stand for exactly.
    /// </summary>
    /// <param name="path">The file.</param>
    /// <param name="folder">The folder; it is created.</param>
    /// <param name="weights">Whether the weights are wanted; configuration and tokenizer tell much without.</param>
    /// <exception cref="BadInputException">The file is torn, or holds what is not read here.</exception>
    public static void Unpack(string path, string folder, bool weights = true)
    {
        using var file = GgufFile.Open(path);
        var shape = new GgufShape(file);
        Directory.CreateDirectory(folder);
        var tensors = file.Tensors.Values.Where(tensor => tensor.Name != "rope_freqs.weight")
            .Select(tensor => Streamed(file, shape, tensor)).ToList();
        if (weights)
        {
            using var target = File.Create(Path.Combine(folder, "model.safetensors"));
            SafetensorsWriter.Write(target, tensors);
        }
        var types = tensors.Select(tensor => tensor.Type).Distinct().ToList();
        Save("config.json", shape.Configuration(types is ["BF16"] ? "bfloat16" : types is ["F16"] ? "float16" : "float32"));
        foreach (var (name, content) in GgufTokenizer.Files(file)) Save(name, content);

        void Save(string name, JsonObject content) =>
            File.WriteAllBytes(Path.Combine(folder, name), JsonSerializer.SerializeToUtf8Bytes(content, Plain));
    }

    private static StreamedTensor Streamed(GgufFile file, GgufShape shape, GgufTensor tensor)
    {
        var name = GgufArchitecture.NameHere(tensor.Name)
            ?? throw file.Error($"tensor '{tensor.Name}' has no place in {shape.Architecture.ClassName}");
        var heads = shape.Architecture.PairsApart ? GgufArchitecture.RotatedHeads(name, shape.Heads, shape.KvHeads) : null;
        // A bias is one row: its numbers are what is reordered.
        if (heads is { } count && (tensor.Shape.Count == 1 ? tensor.Columns : tensor.Rows) != (long)count * shape.HeadDim)
        {
            throw file.Error(
                $"tensor '{tensor.Name}' has the shape {string.Join(" × ", tensor.Shape)}; its heads make {count} × {shape.HeadDim} rows");
        }
        return new(name, tensor.Type.Plain ?? "F32", tensor.Shape,
            stream => Write(file, tensor, heads is null ? null : shape.HeadDim, stream));
    }

    private static void Write(GgufFile file, GgufTensor tensor, int? headDim, Stream stream)
    {
        var (rows, rowBytes) = tensor.Shape.Count == 1 && headDim is not null && tensor.Type.Numbers == 1
            ? (tensor.Columns, (long)tensor.Type.Bytes) : (tensor.Rows, tensor.RowBytes);
        var columns = rowBytes / tensor.Type.Bytes * tensor.Type.Numbers;
        var most = headDim is not null ? 1 : Math.Max(1, Piece / rowBytes);
        var bytes = new byte[Math.Min(most, rows) * rowBytes];
        var values = new float[tensor.Type.Plain is null ? Math.Min(most, rows) * columns : 0];
        for (var row = 0L; row < rows; row += most)
        {
            var count = Math.Min(most, rows - row);
            var source = bytes.AsSpan(0, (int)(count * rowBytes));
            file.Read(tensor.Start + ((headDim is { } size ? GgufArchitecture.RowThere(row, size) : row) * rowBytes), source);
            if (tensor.Type.Plain is not null)
            {
                stream.Write(source);
                continue;
            }
            var numbers = values.AsSpan(0, (int)(count * columns));
            tensor.Type.Read(source, numbers);
            stream.Write(MemoryMarshal.AsBytes(numbers));
        }
    }
}
