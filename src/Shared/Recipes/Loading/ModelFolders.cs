using System.Text.Json;
using R1Cloud.Shared.Recipes.Reading;
using R1Cloud.Shared.Recipes.Tasks;
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
        if (problems.Concern($"stages.{name}") || paths.WillBeReplaced(path)) return stage;
        var isOnTheHub = HubName.Is(stage.Path);
        var resolved = stage with { Path = isOnTheHub ? paths.PinnedModel(path, stage.Path) : paths.Full(path, stage.Path) };
        if (!paths.AreHere || problems.Concern(path) || BlobReference.Is(resolved.Path) || (isOnTheHub
            && paths.Hub is null)) return resolved;
        var longest = 0;
        if ((isOnTheHub ? OnTheHub(resolved.Path, out longest) : Problem(resolved.Path, weights: true, out longest)) is { } problem)
            paths.Add(path, problem,
                $"a folder with {Config}, {Weights} (or shards and their {Index}) and {Tokenizer}; model_type one "
                + $"of {string.Join(", ", KnownNames.Architectures)}; or a GGUF file");
        else if (longest > 0) positions[name] = longest;
        return resolved;
    }

    // Configuration and tokenizer are fetched to be looked at; the weights when the stage runs.
    private string? OnTheHub(string name, out int longest)
    {
        longest = 0;
        try
        {
            return Problem(paths.Hub!.Ask(hub => hub.ModelFolderAsync(HubName.Parse(name), weights: false)), weights: false,
                out longest);
        }
        catch (Exception e) when (e is BadInputException or StorageException)
        {
            return e.Message;
        }
    }

    private static string? Problem(string folder, bool weights, out int longest)
    {
        longest = 0;
        if (IsPacked(folder)) return null; // what it holds is looked at by gpujob check
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
        if (weights && !File.Exists(Path.Combine(folder, Weights)) && !File.Exists(Path.Combine(folder, Index)))
            return $"{folder} has neither {Weights} nor {Index}";
        return File.Exists(Path.Combine(folder, Tokenizer)) ? null : $"{folder} has no {Tokenizer}";
    }

    private static bool IsPacked(string path)
    {
        if (!File.Exists(path)) return false;
        try
        {
            Span<byte> magic = stackalloc byte[4];
            using var content = RegularFile.OpenRead(path);
            return content.ReadAtLeast(magic, 4, throwOnEndOfStream: false) == 4 && magic.SequenceEqual("GGUF"u8);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
