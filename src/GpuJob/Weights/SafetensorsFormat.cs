using static TorchSharp.torch;

namespace R1Cloud.GpuJob.Weights;

/// <summary>
/// The safetensors layout: 8 bytes little-endian header length, a JSON header padded with spaces to 8 bytes, then the tensors' bytes
/// (row-major, little-endian) without gaps. Element types by their names in the header.
/// </summary>
internal static class SafetensorsFormat
{
    /// <summary>The header entry for free text.</summary>
    public const string Metadata = "__metadata__";

    /// <summary>Longest header accepted, as in the reference implementation.</summary>
    public const long MaxHeaderBytes = 100_000_000;

    /// <summary>
    /// 8-bit floats with 4 exponent bits; read as bytes, for torch here has no name for them. See <see cref="Weights.Float8"/>.
    /// </summary>
    public const string Float8 = "F8_E4M3";

    private static readonly (string Name, ScalarType Type, int Size)[] Types =
    [
        ("F64", ScalarType.Float64, 8), ("F32", ScalarType.Float32, 4), ("F16", ScalarType.Float16, 2), ("BF16", ScalarType.BFloat16, 2),
        ("I64", ScalarType.Int64, 8), ("I32", ScalarType.Int32, 4), ("I16", ScalarType.Int16, 2), ("I8", ScalarType.Int8, 1),
        ("U8", ScalarType.Byte, 1), ("BOOL", ScalarType.Bool, 1), (Float8, ScalarType.Byte, 1),
    ];

    /// <summary>The supported names, for messages.</summary>
    public static string Supported => string.Join(", ", Types.Select(type => type.Name));

    /// <summary>The element type and its size in bytes of a name.</summary>
    public static bool TryGet(string name, out ScalarType type, out int size)
    {
        var found = Types.FirstOrDefault(entry => entry.Name == name);
        (type, size) = (found.Type, found.Size);
        return found.Name is not null;
    }

    /// <summary>Bytes of an element by its type's name.</summary>
    public static int SizeOf(string name) =>
        TryGet(name, out _, out var size)
        ? size : throw new NotSupportedException($"safetensors: element type {name} is not supported; supported are {Supported}.");

    /// <summary>The name of an element type, as config.json spells it.</summary>
    public static string ConfigName(ScalarType type) => type.ToString().ToLowerInvariant();

    /// <summary>The name of an element type.</summary>
    /// <exception cref="NotSupportedException">The format has none for it.</exception>
    public static string NameOf(ScalarType type) =>
        Types.FirstOrDefault(entry => entry.Type == type).Name
            ?? throw new NotSupportedException($"safetensors: element type {type} is not supported; supported are {Supported}.");
}
