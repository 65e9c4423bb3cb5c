using R1Cloud.Shared.Storage;

namespace R1Cloud.Shared.Recipes.Tasks;

/// <summary>What brings models and data sets from the Hub, where a program can: contracts know no protocols.</summary>
/// <remarks>
/// All throw <see cref="BadInputException"/> where the name cannot be had, and <see cref="StorageException"/> where it cannot now; the
/// message says why, and what helps.
/// </remarks>
public interface IHubReader
{
    /// <summary>A model's name with the commit that it means today.</summary>
    /// <param name="name">The name; a revision that is a commit already stays.</param>
    /// <param name="cancellation">Stops.</param>
    Task<HubName> PinModelAsync(HubName name, CancellationToken cancellation = default);

    /// <summary>The files that a data set's name means today, each with its commit.</summary>
    /// <param name="name">The name: a configuration and a split may be left out where there is one, or a default.</param>
    /// <param name="cancellation">Stops.</param>
    Task<IReadOnlyList<HubName>> PinDataAsync(HubName name, CancellationToken cancellation = default);

    /// <summary>A folder of this machine with a model's files in Hugging Face layout.</summary>
    /// <param name="model">The model, with its commit.</param>
    /// <param name="weights">Whether its weights are needed; else configuration, tokenizer and templates alone.</param>
    /// <param name="cancellation">Stops; what was fetched stays.</param>
    Task<string> ModelFolderAsync(HubName model, bool weights, CancellationToken cancellation = default);

    /// <summary>A file of this machine with a data set's file.</summary>
    /// <param name="file">The file, with its commit.</param>
    /// <param name="cancellation">Stops; what was fetched stays.</param>
    Task<string> DataFileAsync(HubName file, CancellationToken cancellation = default);
}
