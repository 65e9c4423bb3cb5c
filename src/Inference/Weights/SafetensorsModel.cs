using System.Text.Json.Nodes;
using R1Cloud.Shared;
using R1Cloud.Shared.Storage;

namespace R1Cloud.Inference.Weights;

/// <summary>A model folder's weights: one file, or shards named by an index.</summary>
public sealed class SafetensorsModel : IDisposable
{
    /// <summary>The weights in one file.</summary>
    public const string SingleFile = "model.safetensors";

    /// <summary>Which shard holds which tensor.</summary>
    public const string IndexFile = "model.safetensors.index.json";

    private readonly Dictionary<string, SafetensorsReader> shards = new(StringComparer.Ordinal);
    private readonly Dictionary<string, SafetensorsReader> byTensor = new(StringComparer.Ordinal);

    private SafetensorsModel(string folder) => Folder = folder;

    /// <summary>The folder.</summary>
    public string Folder { get; }

    /// <summary>The tensors by name.</summary>
    public IEnumerable<KeyValuePair<string, StoredTensor>> Tensors =>
        byTensor.Select(pair => KeyValuePair.Create(pair.Key, pair.Value.Tensors[pair.Key]));

    /// <summary>The names of the files, the index included.</summary>
    public IReadOnlyList<string> Files { get; private set; } = [];

    /// <summary>Looks a tensor up.</summary>
    public StoredTensor? Find(string name) => byTensor.TryGetValue(name, out var shard) ? shard.Tensors[name] : null;

    /// <summary>The file that holds a tensor.</summary>
    /// <exception cref="KeyNotFoundException">There is none of that name.</exception>
    public SafetensorsReader FileOf(string name) => byTensor[name];

    /// <summary>The types that weights are stored in, that of most bytes first.</summary>
    public IReadOnlyList<string> Types =>
    [
        .. byTensor.Select(pair => pair.Value.Tensors[pair.Key])
            .GroupBy(stored => stored.TypeName)
            .OrderByDescending(group => group.Sum(stored => stored.Bytes)).Select(group => group.Key),
    ];

    /// <summary>Whether two tensors have the same content, byte by byte.</summary>
    public bool SameBytes(string one, string other) => SafetensorsReader.SameBytes(byTensor[one], one, byTensor[other], other);

    /// <summary>Looks at every floating-point number of the files.</summary>
    /// <exception cref="WeightsFormatException">One is not finite; the message names its tensor.</exception>
    public void RequireFinite()
    {
        foreach (var reader in shards.Values)
        {
            if (reader.FindNotFinite() is { } name)
                throw new WeightsFormatException(reader.FullName, name, "holds a number that is not finite (NaN or ∞).");
        }
    }

    /// <summary>Opens a folder's weights.</summary>
    /// <exception cref="WeightsFormatException">There are none, both a single file and an index of others are there, or something is torn
    /// or malformed.</exception>
    /// <exception cref="BadInputException">A file is a Git LFS pointer, or the index is no JSON object.</exception>
    public static SafetensorsModel Open(string folder)
    {
        string index = Path.Combine(folder, IndexFile), single = Path.Combine(folder, SingleFile);
        var model = new SafetensorsModel(folder);
        try
        {
            if (File.Exists(index)) model.OpenShards(folder, index);
            if (File.Exists(index) && File.Exists(single) && !model.shards.ContainsKey(SingleFile))
                throw new WeightsFormatException(index, null,
                    $"names other files, and there is a {SingleFile} beside it: remove the one or the other.");
            if (File.Exists(index)) return model;
            if (File.Exists(single)) model.OpenSingle(single);
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
        if (ModelFile.ParseObject(ModelFile.Read(index), index)["weight_map"] is not JsonObject { Count: > 0 } map)
            throw new WeightsFormatException(index, null, "has no weight_map of tensor names to file names.");
        foreach (var (name, node) in map)
        {
            if (node is not JsonValue value || !value.TryGetValue<string>(out var file))
                throw new WeightsFormatException(index, name, $"its shard is {node?.ToJsonString() ?? "null"}, but must be a file's name.");
            if (!SafePath.IsName(file) || file.Contains('/', StringComparison.Ordinal) || !File.Exists(Path.Combine(folder, file)))
                throw new WeightsFormatException(index, name, $"its shard '{file}' is missing.");
            if (!shards.TryGetValue(file, out var reader)) reader = shards[file] = new SafetensorsReader(Path.Combine(folder, file));
            if (!reader.Tensors.ContainsKey(name))
                throw new WeightsFormatException(Path.Combine(folder, file), name, "is not in the file that the index names.");
            byTensor[name] = reader;
        }
        foreach (var (file, reader) in shards)
        {
            if (reader.Tensors.Keys.FirstOrDefault(name => !byTensor.TryGetValue(name, out var shard) || shard != reader) is { } unnamed)
                throw new WeightsFormatException(Path.Combine(folder, file), unnamed, $"is in the file, but {IndexFile} does not say so.");
        }
        Files = [IndexFile, .. shards.Keys.Order(StringComparer.Ordinal)];
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var shard in shards.Values) shard.Dispose();
    }
}
