using System.Text.Json;
using R1Cloud.Hub.Cache;
using R1Cloud.Hub.Wire;

namespace R1Cloud.Hub;

/// <summary>
/// The files of a model's repository that make up the model: other formats of the same weights, pictures and the like stay where they are.
/// </summary>
/// <param name="client">Asks the Hub.</param>
internal sealed class HubModels(HubClient client)
{
    private const string Weights = "model.safetensors", Index = "model.safetensors.index.json", Adapter = "adapter_model.safetensors";
    private const string Templates = "additional_chat_templates";

    private static readonly string[] Companions = [".json", ".txt", ".model", ".jinja"];

    /// <summary>Brings them into the cache.</summary>
    /// <param name="repository">The repository.</param>
    /// <param name="commit">The commit.</param>
    /// <param name="weights">Whether the weights are needed.</param>
    /// <param name="progress">Told of what came.</param>
    /// <param name="cancellation">Stops; what came stays.</param>
    /// <returns>The folder.</returns>
    /// <exception cref="HubException">They cannot be had.</exception>
    public async Task<string> FetchAsync(HubRepository repository, string commit, bool weights, IProgress<HubProgress>? progress,
        CancellationToken cancellation)
    {
        var files = await client.FilesAsync(repository, commit, cancellation);
        var folder = await client.FetchAsync(repository, commit, [.. files.Where(IsCompanion)], null, cancellation);
        return weights ? await client.FetchAsync(repository, commit, await WeightsOfAsync(repository, files, folder, cancellation),
            progress,
            cancellation) : folder;
    }

    private static bool IsCompanion(HubFile file) => file.Path.Split('/') switch
    {
        [var name] => Companions.Contains(Path.GetExtension(name)) || name.StartsWith("LICENSE", StringComparison.Ordinal),
        [Templates, var name] => name.EndsWith(".jinja", StringComparison.Ordinal),
        _ => false,
    };

    private static async Task<IReadOnlyList<HubFile>> WeightsOfAsync(HubRepository repository, IReadOnlyList<HubFile> files, string folder,
        CancellationToken cancellation)
    {
        var byName = files.ToDictionary(file => file.Path, StringComparer.Ordinal);
        if (byName.ContainsKey(Index))
        {
            var names = await ShardsAsync(Path.Combine(folder, Index), repository, cancellation);
            return names.FirstOrDefault(name => !byName.ContainsKey(name)) is { } missing
                ? throw new HubException(HubProblem.MissingFile, $"{repository}: {Index} names '{missing}', which is not there.")
                : [.. names.Select(name => byName[name])];
        }
        if (byName.TryGetValue(Weights, out var whole) || byName.TryGetValue(Adapter, out whole)) return [whole];
        var others = files.Select(file => file.Path).Where(path =>
            Path.GetExtension(path) is ".bin" or ".pt" or ".pth" or ".gguf" or ".safetensors");
        throw new HubException(HubProblem.MissingFile, $"{repository} has neither {Weights} nor {Index}"
            + (others.FirstOrDefault() is { } other ? $", but '{other}', which is not read: convert it to safetensors." : "."));
    }

    private static async Task<IReadOnlyList<string>> ShardsAsync(string index, HubRepository repository, CancellationToken cancellation)
    {
        try
        {
            await using var content = File.OpenRead(index);
            using var json = await JsonDocument.ParseAsync(content, cancellationToken: cancellation);
            return [.. json.RootElement.GetProperty("weight_map").EnumerateObject().Select(entry => entry.Value.GetString()!).Distinct()
                .Order(StringComparer.Ordinal)];
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException)
        {
            throw new HubException(HubProblem.Refused, $"{repository}: {Index} is none: {e.Message}", e);
        }
    }
}
