using R1Cloud.Hub.Wire;

namespace R1Cloud.Hub.Splits;

/// <summary>A configuration of a data set.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Splits">Its splits, each with the files that hold it, in order.</param>
/// <param name="IsDefault">Whether it is meant where none is named.</param>
internal sealed record DataConfig(string Name, IReadOnlyList<(string Name, IReadOnlyList<string> Files)> Splits, bool IsDefault = false)
{
    private const string Usual = "default";

    /// <summary>The files of one configuration and split.</summary>
    /// <param name="configs">All there are.</param>
    /// <param name="what">What errors call the data set.</param>
    /// <param name="config">The configuration; null takes the only one, or the default.</param>
    /// <param name="split">The split; null takes the only one: nobody learns from a test set that was never named.</param>
    /// <exception cref="HubException">There is no such one, or several are meant; those there are are listed.</exception>
    public static IReadOnlyList<string> FilesOf(IReadOnlyList<DataConfig> configs, string what, string? config, string? split)
    {
        var found = config is not null ? configs.FirstOrDefault(each => each.Name == config)
            : configs.Count == 1 ? configs[0]
            : configs.FirstOrDefault(each => each.IsDefault) ?? configs.FirstOrDefault(each => each.Name == Usual);
        if (found is null)
            throw new HubException(HubProblem.MissingFile, config is null
                ? $"{what} has several configurations: name one of {Listed(configs.Select(each => each.Name))}."
                : $"{what} has no configuration '{config}': there are {Listed(configs.Select(each => each.Name))}.");
        var names = found.Splits.Select(each => each.Name);
        if (split is null && found.Splits.Count != 1)
            throw new HubException(HubProblem.MissingFile,
                $"{what} has several splits: name one of {Listed(names.Select(name => $"{found.Name}/{name}"))}.");
        return found.Splits.FirstOrDefault(each => each.Name == (split ?? each.Name)).Files
            ?? throw new HubException(HubProblem.MissingFile,
                $"{what} has no split '{split}' in its configuration '{found.Name}': there are {Listed(names)}.");
    }

    private static string Listed(IEnumerable<string> names) => names.Take(30).ToList() is { Count: > 0 } some ? string.Join(", ", some)
        : "none";
}
