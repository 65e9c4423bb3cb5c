using static TorchSharp.torch;

namespace R1Cloud.GpuJob.Weights;

/// <summary>The element types of safetensors files as torch has them.</summary>
internal static class StoredTypes
{
    private static readonly (string Name, ScalarType Type)[] Types =
    [
        ("F64", ScalarType.Float64), (SafetensorsFormat.Float32, ScalarType.Float32), (SafetensorsFormat.Float16, ScalarType.Float16),
        (SafetensorsFormat.BFloat16, ScalarType.BFloat16), ("I64", ScalarType.Int64), ("I32", ScalarType.Int32),
        ("I16", ScalarType.Int16), ("I8", ScalarType.Int8), ("U8", ScalarType.Byte), ("BOOL", ScalarType.Bool),
        (SafetensorsFormat.Float8, ScalarType.Byte), // read as bytes, for torch here has no name for them: see Float8
    ];

    extension(StoredTensor stored)
    {
        /// <summary>Its element type; of 8-bit floats that of their bytes.</summary>
        public ScalarType Type => Types.First(entry => entry.Name == stored.TypeName).Type;
    }

    /// <summary>The name of an element type, as config.json spells it.</summary>
    public static string ConfigName(ScalarType type) => type.ToString().ToLowerInvariant();

    /// <summary>The name of an element type.</summary>
    /// <exception cref="NotSupportedException">The format has none for it.</exception>
    public static string NameOf(ScalarType type) =>
        Types.FirstOrDefault(entry => entry.Type == type).Name ?? throw new NotSupportedException(
            $"safetensors: element type {type} is not supported; supported are {SafetensorsFormat.Supported}.");
}
