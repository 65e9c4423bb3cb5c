using System.Text.Json;
using R1Cloud.Testing;

namespace R1Cloud.GpuJob.Tests;

/// <summary>Numbers that public implementations gave (see Oracles/README.md).</summary>
internal static class Oracles
{
    /// <summary>The folder of this suite's sources.</summary>
    public static string TestsFolder => Repository.PathOf("tests", "GpuJob.Tests");

    public static string Model(string name) => Repository.PathOf("tests", "GpuJob.Tests", "Oracles", "models", name);

    public static JsonElement Json(string path) =>
        JsonSerializer.Deserialize<JsonElement>(File.ReadAllBytes(Repository.PathOf("tests", "GpuJob.Tests", "Oracles", path)));

    /// <summary>Folders of models with logits, losses, gradients and greedy continuations: whatever is there is tested.</summary>
    public static TheoryData<string> Models =>
        Having("golden.json", folder => Json($"models/{folder}/golden.json").TryGetProperty("greedy", out _));

    /// <summary>Folders of models stored in 16 bits, with logits in both kinds of arithmetic.</summary>
    public static TheoryData<string> HalfModels => Having("golden.safetensors", folder =>
    {
        using var golden = new SafetensorsReader(Path.Combine(Model(folder), "golden.safetensors"));
        return golden.Tensors.ContainsKey("logits_bf16_arithmetic.0");
    });

    /// <summary>Folders of LoRA adapters.</summary>
    public static TheoryData<string> LoraAdapters => Having("adapter_config.json", _ => true);

    /// <summary>Folders of models whose file is there.</summary>
    public static TheoryData<string> ModelsWith(string file) => Having(file, _ => true);

    /// <summary>The cases of all files in rl/ whose names begin so.</summary>
    public static IEnumerable<JsonElement> Cases(string prefix) =>
        Files(prefix).SelectMany(file => Json($"rl/{file}").GetProperty("cases").EnumerateArray());

    /// <summary>The files in rl/ whose names begin so, in order.</summary>
    public static IEnumerable<string> Files(string prefix) =>
        Directory.GetFiles(Path.Combine(TestsFolder, "Oracles", "rl"), prefix + "*.json").Select(file => Path.GetFileName(file))
            .Order(StringComparer.Ordinal);

    private static TheoryData<string> Having(string file, Func<string, bool> and) =>
        [.. Directory.GetDirectories(Model("")).Where(folder => File.Exists(Path.Combine(folder, file)))
            .Select(folder => Path.GetFileName(folder)).Where(and).Order(StringComparer.Ordinal)];
}
