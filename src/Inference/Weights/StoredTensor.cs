namespace R1Cloud.Inference.Weights;

/// <summary>One tensor of a file.</summary>
/// <param name="TypeName">Element type by the format's name, as F32.</param>
/// <param name="Shape">Dimensions; empty for a scalar.</param>
/// <param name="Offset">First byte in the file.</param>
/// <param name="Bytes">Length in bytes.</param>
public sealed record StoredTensor(string TypeName, long[] Shape, long Offset, long Bytes)
{
    /// <summary>Whether the bytes are 8-bit floats.</summary>
    public bool IsFloat8 => TypeName == SafetensorsFormat.Float8;

    /// <summary>Whether it can become a weight.</summary>
    public bool IsFloatingPoint => IsFloat8
        || TypeName is SafetensorsFormat.Float32 or SafetensorsFormat.Float16 or SafetensorsFormat.BFloat16 or "F64";
}
