using System.Text.Json;
using R1Cloud.Shared.Recipes.Reading;
using R1Cloud.Shared.Storage;

namespace R1Cloud.Shared.Recipes.Loading;

/// <summary>
/// The model folders that a recipe imports: relative paths become full ones, and folders that are here are looked at. Tensors are left to
/// the job.
/// </summary>
internal sealed class ModelFolders(RecipeProblems problems, RecipeFiles paths)
{
    private const string Config = "config.json", Weights = "model.safetensors", Index = "model.safetensors.index.json",
        Tokenizer = "tokenizer.json";

    private readonly Dictionary<string, int> positions = [];

    /// <summary>The longest sequence of each import stage's model, as far as its folder is here.</summary>
    public IReadOnlyDictionary<string, int> MaxPositions => positions;

    /// <summary>The recipe with full paths.</summary>
    public Recipe Resolve(Recipe recipe)
    {
        if (!recipe.Stages.Values.OfType<ImportStage>().Any()) return recipe;
        var stages = new OrderedDictionary<string, StageRecipe>();
        foreach (var (name, stage) in recipe.Stages) stages.Add(name, stage is ImportStage import ? Resolve(name, import) : stage);
        return recipe with { Stages = stages };
    }

    private ImportStage Resolve(string name, ImportStage stage)
    {
        var path = $"stages.{name}.path";
        if (problems.Concern($"stages.{name}")) return stage;
        var resolved = stage with { Path = paths.Full(path, stage.Path) };
        if (!paths.AreHere || problems.Concern(path) || BlobReference.Is(resolved.Path)) return resolved;
        if (Problem(resolved.Path, out var longest) is { } problem)
            paths.Add(path, problem,
                $"a folder with {Config}, {Weights} (or shards and their {Index}) and {Tokenizer}; model_type one "
                + $"of {string.Join(", ", KnownNames.Architectures)}");
        else positions[name] = longest;
        return resolved;
    }

    private static string? Problem(string folder, out int longest)
    {
        longest = 0;
        if (!Directory.Exists(folder)) return $"there is no folder {folder}";
        var config = Path.Combine(folder, Config);
        try
        {
            if (!File.Exists(config)) return $"{folder} has no {Config}";
            if (File.Exists(Path.Combine(folder, "reward_model.json")))
                return $"{folder} is a reward model (it has reward_model.json): it scores responses and writes none";
            using var content = RegularFile.OpenRead(config);
            using var json = JsonDocument.Parse(content, new() { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true });
            if (json.RootElement.ValueKind != JsonValueKind.Object) return $"{config} is no JSON object";
            var type = json.RootElement.TryGetProperty("model_type", out var field) ? field.ToString() : "";
            if (!KnownNames.Architectures.Contains(type)) return $"{config}: model_type '{type}' is not supported";
            if (!json.RootElement.TryGetProperty("max_position_embeddings", out var most) || most.ValueKind != JsonValueKind.Number
                || !most.TryGetInt32(out longest) || longest < 1)
                return $"{config}: max_position_embeddings is missing or no whole number above 0";
        }
        catch (Exception e) when (e is JsonException or IOException or UnauthorizedAccessException)
        {
            return $"{config} cannot be read: {e.Message}";
        }
        if (!File.Exists(Path.Combine(folder, Weights)) && !File.Exists(Path.Combine(folder, Index)))
            return $"{folder} has neither {Weights} nor {Index}";
        return File.Exists(Path.Combine(folder, Tokenizer)) ? null : $"{folder} has no {Tokenizer}";
    }
}
