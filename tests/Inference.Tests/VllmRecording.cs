using System.Text.Json;
using R1Cloud.Testing;

namespace R1Cloud.Inference.Tests;

/// <summary>One recorded call of a real vLLM.</summary>
internal static class VllmRecording
{
    public const string Root = "data/vllm";

    public static JsonElement Body(string name)
    {
        using var document = JsonDocument.Parse(File.ReadAllText(Fixtures.Shared($"{Root}/{name}.json")));
        return document.RootElement.GetProperty("response").GetProperty("body").Clone();
    }
}
