using R1Cloud.Shared;
using R1Cloud.Shared.Recipes.Tasks;
using R1Cloud.Shared.Storage;

namespace R1Cloud.LocalHost.Push;

/// <summary>Something to push.</summary>
/// <param name="Named">What the user calls it.</param>
/// <param name="Path">The file or folder on this machine.</param>
/// <param name="Called">What it is called in storage; null for the path's own name.</param>
internal sealed record PushSource(string Named, string Path, string? Called);

/// <summary>What is to be pushed, on this machine: what is named on the Hub is fetched first.</summary>
/// <param name="hub">The Hub.</param>
internal sealed class PushSources(IHubReader hub)
{
    /// <summary>Brings all.</summary>
    /// <param name="paths">Files, folders and names on the Hub.</param>
    /// <param name="datasets">Whether those names are data sets; one with a configuration is in any case.</param>
    /// <param name="cancellation">Stops; what came stays in the Hub's cache.</param>
    /// <exception cref="BadInputException">A name cannot be had.</exception>
    public async Task<IReadOnlyList<PushSource>> OfAsync(IReadOnlyList<string> paths, bool datasets, CancellationToken cancellation)
    {
        var sources = new List<PushSource>();
        foreach (var path in paths)
        {
            if (!HubName.Is(path)) sources.Add(new(path, path, null));
            else if (HubName.Parse(path) is var name && (datasets || (name.Config ?? name.File) is not null))
            {
                foreach (var file in await hub.PinDataAsync(name, cancellation))
                    sources.Add(new(file.ToString(), await hub.DataFileAsync(file, cancellation), Path.GetFileName(file.File)));
            }
            else
            {
                var model = await hub.PinModelAsync(name, cancellation);
                sources.Add(new(model.ToString(), await hub.ModelFolderAsync(model, weights: true, cancellation),
                    name.Repository.Split('/')[1]));
            }
        }
        return sources;
    }
}
