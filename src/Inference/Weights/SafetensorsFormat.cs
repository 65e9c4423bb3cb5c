namespace R1Cloud.Inference.Weights;

/// <summary>
/// The safetensors layout: 8 bytes little-endian header length, a JSON header padded with spaces to 8 bytes, then the tensors' bytes
/// (row-major, little-endian) without gaps. Element types by their names in the header.
/// </summary>
public static class SafetensorsFormat
{
    /// <summary>The header entry for free text.</summary>
    public const string Metadata = "__metadata__";

    /// <summary>Longest header accepted, as in the reference implementation.</summary>
    public const long MaxHeaderBytes = 100_000_000;

    /// <summary>8-bit floats with 4 exponent bits and a scale a block, as DeepSeek-V3 is published.</summary>
    public const string Float8 = "F8_E4M3";

    /// <summary>32-bit floats.</summary>
    public const string Float32 = "F32";

    /// <summary>16-bit floats with float32's range.</summary>
    public const string BFloat16 = "BF16";

    /// <summary>16-bit floats.</summary>
    public const string Float16 = "F16";

    private static readonly (string Name, int Size)[] Types =
    [
        ("F64", 8), (Float32, 4), (Float16, 2), (BFloat16, 2), ("I64", 8), ("I32", 4), ("I16", 2), ("I8", 1), ("U8", 1), ("BOOL", 1),
        (Float8, 1),
    ];

    /// <summary>The supported names, for messages.</summary>
    public static string Supported => string.Join(", ", Types.Select(type => type.Name));

    /// <summary>The size in bytes of a type's elements.</summary>
    public static bool TryGetSize(string name, out int size)
    {
        var found = Types.FirstOrDefault(entry => entry.Name == name);
        size = found.Size;
        return found.Name is not null;
    }

    /// <summary>Bytes of an element by its type's name.</summary>
    /// <exception cref="NotSupportedException">The format has no such type.</exception>
    public static int SizeOf(string name) =>
        TryGetSize(name, out var size)
        ? size : throw new NotSupportedException($"safetensors: element type {name} is not supported; supported are {Supported}.");
}
