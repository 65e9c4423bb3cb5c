using LLama;
using LLama.Common;
using LLama.Native;

namespace R1Cloud.LlamaCpp.Tests;

/// <summary>A GGUF file in llama.cpp itself, its cache in float32.</summary>
internal sealed class LlamaCppModel : IDisposable
{
    private readonly LLamaWeights weights;
    private readonly LLamaContext context;

    static LlamaCppModel() => NativeLibraryConfig.All.WithLogCallback((level, message) =>
    {
        if (level == LLamaLogLevel.Error) Console.Error.Write(message);
    });

    public LlamaCppModel(string path)
    {
        var parameters = new ModelParams(path)
        {
            ContextSize = 512, GpuLayerCount = 0, Threads = 2, BatchThreads = 2, FlashAttention = false,
            TypeK = GGMLType.GGML_TYPE_F32, TypeV = GGMLType.GGML_TYPE_F32,
        };
        weights = LLamaWeights.LoadFromFile(parameters);
        context = weights.CreateContext(parameters);
    }

    public int[] Tokenize(string text) => [.. context.Tokenize(text, addBos: false, special: true).Select(token => (int)token)];

    /// <summary>The logits behind a prompt, and what follows greedily.</summary>
    public (float[] Logits, int[] Tokens) Continue(IReadOnlyList<int> prompt, int count)
    {
        context.NativeHandle.MemoryClear();
        var batch = new LLamaBatch();
        for (var i = 0; i < prompt.Count; i++) batch.Add((LLamaToken)prompt[i], i, LLamaSeqId.Zero, i == prompt.Count - 1);
        context.Decode(batch).ShouldBe(DecodeResult.Ok);
        float[]? first = null;
        var tokens = new int[count];
        for (var i = 0; i < count; i++)
        {
            var logits = context.NativeHandle.GetLogitsIth(-1).ToArray();
            first ??= logits;
            tokens[i] = Array.IndexOf(logits, logits.Max());
            batch.Clear();
            batch.Add((LLamaToken)tokens[i], prompt.Count + i, LLamaSeqId.Zero, true);
            context.Decode(batch).ShouldBe(DecodeResult.Ok);
        }
        return (first!, tokens);
    }

    public void Dispose()
    {
        context.Dispose();
        weights.Dispose();
    }
}
