namespace R1Cloud.GpuJob.Models;

/// <summary>How an architecture's config.json speaks of the rotary embedding, and what it means where it is silent.</summary>
internal sealed record RopeDialect
{
    /// <summary>The field of the length trained, where it stands beside the rotary settings.</summary>
    public const string OriginalLength = "original_max_position_embeddings";

    /// <summary>Base of the frequencies.</summary>
    public double Theta { get; init; } = 10000;
    /// <summary>Whether sliding layers have settings of their own: <c>rope_parameters</c> by layer type, <c>rope_scaling</c> of the full
    /// ones.</summary>
    public bool ByLayerType { get; init; }
    /// <summary>The field of the sliding layers' base and what it is where a file is silent; null where it is that of the others.</summary>
    public (string Field, double Theta)? LocalTheta { get; init; }
    /// <summary>Whether a part of each head may stay as it is.</summary>
    public bool Partial { get; init; }
    /// <summary>The length trained where a file is silent; null where only scalings have one.</summary>
    public int? OriginalMaxPositions { get; init; }
    /// <summary>Kinds of scaling.</summary>
    public IReadOnlyList<string> Types { get; init; } = ["default", "linear", "llama3", "yarn"];
}

/// <summary>What a file says of the rotary embedding.</summary>
/// <param name="Rope">That of the layers.</param>
/// <param name="Local">That of sliding layers, where they have settings of their own; else null.</param>
/// <param name="RotatedShare">The share of a head that is rotated.</param>
/// <param name="OriginalMaxPositions">The length trained, where a file has it beside these settings.</param>
internal sealed record RopeSettings(RopeConfig Rope, RopeConfig? Local, double RotatedShare, int? OriginalMaxPositions)
{
    /// <summary>Width of the rotated part of a head.</summary>
    public static int Rotated(int headDim, double share) => (int)(headDim * share);
}
