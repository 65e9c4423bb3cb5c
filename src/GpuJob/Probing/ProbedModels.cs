using R1Cloud.GpuJob.Models;

namespace R1Cloud.GpuJob.Probing;

/// <summary>The shapes that are measured: those of models that people train, with fresh weights.</summary>
internal static class ProbedModels
{
    /// <summary>All of them, the smallest first.</summary>
    public static IReadOnlyList<(string Name, ModelConfig Config)> All { get; } =
    [
        ("0.74M", Shape(128, 4, 4, 2, 32, 352, 24, tied: true)), // the quickstart's
        ("4.7M", Shape(256, 6, 8, 4, 32, 704, 512, tied: false)),
        ("51M", Shape(768, 8, 12, 4, 64, 2048, 512, tied: false)),
        ("135M", Shape(576, 30, 9, 3, 64, 1536, 49_152, tied: true)), // SmolLM2
        ("0.5B", Shape(896, 24, 14, 2, 64, 4864, 151_936, tied: true)), // Qwen2.5
        ("1.5B", Shape(1536, 28, 12, 2, 128, 8960, 151_936, tied: true)),
        ("7B", Shape(3584, 28, 28, 4, 128, 18_944, 152_064, tied: false)),
    ];

    private static ModelConfig Shape(
        int hidden, int layers, int heads, int kvHeads, int headDim, int intermediate, int vocabulary, bool tied) =>
        new()
        {
            ModelType = "llama", HiddenSize = hidden, Layers = layers, Heads = heads, KvHeads = kvHeads, HeadDim = headDim,
            IntermediateSize = intermediate, VocabularySize = vocabulary, TieWordEmbeddings = tied, MaxPositions = 1024,
        };
}
