using R1Cloud.Hub;
using R1Cloud.Shared.Storage;

namespace R1Cloud.GpuJob.Commands;

/// <summary>What a command's arguments name on the Hub, <c>hf:ORG/NAME[@REVISION]</c>, brought to this machine.</summary>
/// <param name="context">Tells how far it is.</param>
internal sealed class HubArguments(CommandStreams context)
{
    private readonly Dictionary<string, string> brought = new(StringComparer.Ordinal);

    /// <summary>The Hub that the environment names.</summary>
    public HubReader Reader { get; } = HubReader.FromEnvironment(context.Variable, new HubLines(context.Error, "from"));

    /// <summary>A model's folder; others than the Hub's are what they are.</summary>
    /// <param name="folder">A folder, or a name.</param>
    /// <param name="weights">Whether the weights are needed.</param>
    public async Task<string> FolderAsync(string folder, bool weights = true)
    {
        if (!HubName.Is(folder)) return folder;
        if (brought.TryGetValue(folder, out var known)) return known;
        return brought[folder] = await Reader.ModelFolderAsync(await Reader.PinModelAsync(HubName.Parse(folder)), weights);
    }

    /// <summary>The files of data sets, by the names that they are shown by.</summary>
    /// <param name="files">Files and names.</param>
    public async Task<IReadOnlyList<(string Shown, string File)>> FilesAsync(IEnumerable<string> files)
    {
        var found = new List<(string, string)>();
        foreach (var file in files)
        {
            if (!HubName.Is(file)) found.Add((file, file));
            else foreach (var each in await Reader.PinDataAsync(HubName.Parse(file))) found.Add((each.ToString(),
                await Reader.DataFileAsync(each)));
        }
        return found;
    }
}
