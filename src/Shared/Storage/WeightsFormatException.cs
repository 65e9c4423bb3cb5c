namespace R1Cloud.Shared.Storage;

/// <summary>A weights file is torn or malformed.</summary>
/// <param name="file">The file.</param>
/// <param name="tensor">The tensor concerned, or null.</param>
/// <param name="problem">What is wrong.</param>
public sealed class WeightsFormatException(string file, string? tensor, string problem)
    : FormatException(tensor is null ? $"{file}: {problem}" : $"{file}: tensor '{tensor}': {problem}")
{
    /// <summary>The file.</summary>
    public string File { get; } = file;

    /// <summary>The tensor concerned, or null.</summary>
    public string? Tensor { get; } = tensor;
}
