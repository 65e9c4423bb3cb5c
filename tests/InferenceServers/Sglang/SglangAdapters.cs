using System.Text.Json.Nodes;
using R1Cloud.GpuJob.Models;

namespace R1Cloud.InferenceServers.Sglang;

/// <summary>
/// Adapters by name. As recorded: the same name again is refused, the third sends the least recently used away, and a name that is not held
/// any more is read again from its old path when it is asked for.
/// </summary>
/// <param name="options">How the server was started.</param>
internal sealed class SglangAdapters(StandInOptions options) : IDisposable
{
    private const int MostLoaded = 2;

    private readonly List<(string Name, string Path)> loaded = [];
    private readonly Dictionary<string, string> remembered = new(StringComparer.Ordinal);
    private readonly Dictionary<string, ServedModel> models = new(StringComparer.Ordinal);

    /// <summary>Those that are held, the least recently used first.</summary>
    public IReadOnlyList<(string Name, string Path)> Loaded => loaded;

    /// <summary>Loads one.</summary>
    public (int Status, JsonObject Answer) Load(string name, string path)
    {
        if (loaded.Any(adapter => adapter.Name == name)) return Refuse($"Failed to load LoRA adapter {name} because it is already loaded");
        if (!Directory.Exists(path))
            return Refuse($"Repo id must be in the form 'repo_name' or 'namespace/repo_name': '{path}'. Use `repo_type` argument if "
                + "needed.");
        var rank = LoraConfig.Load(path).Rank;
        if (rank > options.MaxRank)
            return Refuse($"LoRA adapter {name} with rank {rank} is incompatible with the current LoRA memory pool configuration. Please "
                + "ensure that the LoRA adapter's rank is within the configured `--max-lora-rank` and that the target modules are included "
                + "in `--lora-target-modules`.");
        Hold(name, path);
        return (200, Answer(true, "", loaded));
    }

    /// <summary>Lets one go.</summary>
    public (int Status, JsonObject Answer) Unload(string name)
    {
        if (!remembered.ContainsKey(name))
            return (400, Answer(false, $"LoRA with name {name} does not exist. Loaded LoRAs: odict_keys(["
                + $"{string.Join(", ", loaded.Select(adapter => $"'{adapter.Name}'"))}])", null));
        loaded.RemoveAll(adapter => adapter.Name == name);
        return (200, Answer(true, "", loaded));
    }

    /// <summary>Why a completion cannot have it; null where it can.</summary>
    public string? Refusal(string name) => options.MaxRank is null
        ? $"LoRA adapter '{name}' was requested, but LoRA is not enabled. Please launch the server with --enable-lora flag and preload "
            + "adapters using --lora-paths or /load_lora_adapter endpoint."
        : remembered.ContainsKey(name) ? null
        : $"Got LoRA adapter that has never been loaded: {name}\nAll loaded adapters: dict_keys(["
            + $"{string.Join(", ", loaded.Select(adapter => $"'{adapter.Name}'"))}]).";

    /// <summary>The base's weights with an adapter.</summary>
    public ServedModel Model(string name, string baseFolder)
    {
        if (loaded.All(adapter => adapter.Name != name)) Hold(name, remembered[name]);
        var key = $"{baseFolder}\n{remembered[name]}";
        if (!models.TryGetValue(key, out var model))
            models[key] = model = new ServedModel(baseFolder, options.Type, options.Faults, remembered[name]);
        return model;
    }

    private void Hold(string name, string path)
    {
        remembered[name] = path;
        loaded.Add((name, path));
        if (loaded.Count > MostLoaded) loaded.RemoveAt(0);
    }

    private (int, JsonObject) Refuse(string why) => (400, Answer(false, why, loaded));

    private static JsonObject Answer(bool success, string message, IEnumerable<(string Name, string Path)>? held) => new()
    {
        ["rid"] = null, ["http_worker_ipc"] = null, ["success"] = success, ["error_message"] = message,
        ["loaded_adapters"] = held is null ? null
            : new JsonObject(held.Select(adapter => KeyValuePair.Create(adapter.Name, (JsonNode?)adapter.Path))),
    };

    public void Dispose()
    {
        foreach (var model in models.Values) model.Dispose();
    }
}
