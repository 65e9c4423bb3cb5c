using System.Text.Json;
using R1Cloud.Shared.Storage;
using static TorchSharp.torch;

namespace R1Cloud.GpuJob.Weights;

/// <summary>A model folder's weights: one file, or shards named by an index.</summary>
internal sealed class SafetensorsModel : IDisposable
{
    /// <summary>The weights in one file.</summary>
    public const string SingleFile = "model.safetensors";

    /// <summary>Which shard holds which tensor.</summary>
    public const string IndexFile = "model.safetensors.index.json";

    private readonly Dictionary<string, SafetensorsReader> shards = new(StringComparer.Ordinal);
    private readonly Dictionary<string, SafetensorsReader> byTensor = new(StringComparer.Ordinal);

    private SafetensorsModel()
    {
    }

    /// <summary>The tensors by name.</summary>
    public IEnumerable<KeyValuePair<string, StoredTensor>> Tensors => byTensor.Select(pair => KeyValuePair.Create(pair.Key, pair.Value.Tensors[pair.Key]));

    /// <summary>The names of the files, the index included.</summary>
    public IReadOnlyList<string> Files { get; private set; } = [];

    /// <summary>Looks a tensor up.</summary>
    public StoredTensor? Find(string name) => byTensor.TryGetValue(name, out var shard) ? shard.Tensors[name] : null;

    /// <summary>A tensor's content in its stored type, on the CPU, in the caller's scope.</summary>
    public Tensor Read(string name) => byTensor[name].Read(name);

    /// <summary>Copies a tensor's content into one of as many elements, converting.</summary>
    public void CopyTo(string name, Tensor target) => byTensor[name].CopyTo(name, target);

    /// <summary>The types that weights are stored in, that of most bytes first.</summary>
    public IReadOnlyList<string> Types =>
    [
        .. byTensor.Select(pair => pair.Value.Tensors[pair.Key]).GroupBy(stored => stored.IsFloat8 ? SafetensorsFormat.Float8 : SafetensorsFormat.NameOf(stored.Type))
            .OrderByDescending(group => group.Sum(stored => stored.Bytes)).Select(group => group.Key),
    ];

    /// <summary>Opens a folder's weights; the index wins where both are there.</summary>
    /// <exception cref="WeightsFormatException">Neither is there, or something is torn or malformed.</exception>
    public static SafetensorsModel Open(string folder)
    {
        string index = Path.Combine(folder, IndexFile), single = Path.Combine(folder, SingleFile);
        var model = new SafetensorsModel();
        try
        {
            if (File.Exists(index)) model.OpenShards(folder, index);
            else if (File.Exists(single)) model.OpenSingle(single);
            else throw new WeightsFormatException(single, null, $"there is no such file, and no {IndexFile} beside it.");
            return model;
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    private void OpenSingle(string path)
    {
        var reader = shards[SingleFile] = new SafetensorsReader(path);
        foreach (var name in reader.Tensors.Keys) byTensor[name] = reader;
        Files = [SingleFile];
    }

    private void OpenShards(string folder, string index)
    {
        Dictionary<string, string> map;
        try
        {
            using var document = JsonDocument.Parse(File.ReadAllBytes(index));
            map = document.RootElement.GetProperty("weight_map").Deserialize<Dictionary<string, string>>()!;
        }
        catch (Exception error) when (error is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            throw new WeightsFormatException(index, null, $"has no weight_map of tensor names to file names: {error.Message}");
        }
        foreach (var (name, file) in map)
        {
            if (!SafePath.IsName(file) || file.Contains('/', StringComparison.Ordinal) || !File.Exists(Path.Combine(folder, file))) throw new WeightsFormatException(index, name, $"its shard '{file}' is missing.");
            if (!shards.TryGetValue(file, out var reader)) reader = shards[file] = new SafetensorsReader(Path.Combine(folder, file));
            if (!reader.Tensors.ContainsKey(name)) throw new WeightsFormatException(Path.Combine(folder, file), name, "is not in the file that the index names.");
            byTensor[name] = reader;
        }
        Files = [IndexFile, .. shards.Keys.Order(StringComparer.Ordinal)];
    }

    public void Dispose()
    {
        foreach (var shard in shards.Values) shard.Dispose();
    }
}
