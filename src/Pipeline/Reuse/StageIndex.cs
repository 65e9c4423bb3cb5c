using System.Text.Json;
using Microsoft.Extensions.Logging;
using R1Cloud.Pipeline.Model;
using R1Cloud.Shared;
using R1Cloud.Shared.Recipes.Keys;
using R1Cloud.Shared.Storage;

namespace R1Cloud.Pipeline.Reuse;

/// <summary>A finished stage.</summary>
/// <param name="RunId">The run that made it.</param>
/// <param name="Label">The stage's label there.</param>
/// <param name="Result">What it yields, without its measurement.</param>
/// <param name="Content">A hash of its model and data.</param>
/// <param name="Inputs">The same of the stages that it was made from, by name.</param>
internal sealed record StageEntry(string RunId, string Label, StageResult Result, string Content,
    IReadOnlyDictionary<string, string> Inputs);

/// <summary>A measurement.</summary>
/// <param name="RunId">The run that made it.</param>
/// <param name="Label">The stage's label there.</param>
/// <param name="Content">A hash of the model that was measured.</param>
/// <param name="Result">What it yields.</param>
internal sealed record EvaluationEntry(string RunId, string Label, string Content, EvaluationResult Result);

/// <summary>What the last stage of a name was made from.</summary>
internal sealed record LastStageEntry(JsonElement Basis);

/// <summary>
/// Finished stages and measurements of all runs by their keys. The last one to finish has the entry: of equal ones any will do.
/// </summary>
internal sealed partial class StageIndex(IBlobStore blobs, ILogger<StageIndex> log)
{
    /// <summary>The stage of a key, or null.</summary>
    public Task<StageEntry?> FindStageAsync(string key, CancellationToken cancellation) =>
        ReadAsync<StageEntry>(BlobLayout.StageEntry(key), cancellation);

    /// <summary>The measurement of a key, or null.</summary>
    public Task<EvaluationEntry?> FindEvaluationAsync(string key, CancellationToken cancellation) =>
        ReadAsync<EvaluationEntry>(BlobLayout.EvaluationEntry(key), cancellation);

    /// <summary>What the last finished stage of that name, in a recipe of that name, was made from; null when there was none.</summary>
    public async Task<JsonElement?> FindLastAsync(string recipe, string stage, CancellationToken cancellation) =>
        (await ReadAsync<LastStageEntry>(BlobLayout.LastStage(recipe, stage), cancellation))?.Basis;

    /// <summary>Enters a stage.</summary>
    public async Task AddAsync(string recipe, string stage, StageKey key, StageEntry entry, CancellationToken cancellation)
    {
        await blobs.WriteJsonAsync(BlobLayout.StageEntry(key.Result!), entry, cancellation);
        await blobs.WriteJsonAsync(BlobLayout.LastStage(recipe, stage), new LastStageEntry(key.Basis), cancellation);
    }

    /// <summary>Enters a measurement.</summary>
    public Task AddAsync(string key, EvaluationEntry entry, CancellationToken cancellation) =>
        blobs.WriteJsonAsync(BlobLayout.EvaluationEntry(key), entry, cancellation);

    // An entry that another version wrote is none: the stage runs, and writes its own.
    private async Task<T?> ReadAsync<T>(string path, CancellationToken cancellation)
        where T : class
    {
        try
        {
            return await blobs.TryReadJsonAsync<T>(path, cancellation);
        }
        catch (StorageException e) when (e is NewerFormException || e.InnerException is JsonException)
        {
            LogUnreadable(e, path);
            return null;
        }
    }

    [LoggerMessage(EventId = 1601, Level = LogLevel.Warning, Message = "Index entry {Path} cannot be read and is passed over")]
    private partial void LogUnreadable(Exception exception, string path);
}
