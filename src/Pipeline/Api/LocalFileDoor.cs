using R1Cloud.Pipeline.Options;
using R1Cloud.Shared.Recipes.Loading;
using R1Cloud.Shared.Recipes.Reading;
using R1Cloud.Shared.Storage;

namespace R1Cloud.Pipeline.Api;

/// <summary>
/// Which files of this machine a recipe that comes over HTTP may name: regular files of known kinds, and folders of models, below the folders
/// that the host's user named, and no more of them than can be read. They are looked at here and not opened.
/// </summary>
/// <param name="options">The folders and limits.</param>
internal sealed class LocalFileDoor(PipelineOptions options)
{
    /// <summary>Refuses a recipe that names others.</summary>
    /// <param name="recipe">The recipe.</param>
    /// <param name="name">What problems call it.</param>
    /// <exception cref="RecipeException">It does; every problem is listed.</exception>
    public void Check(LoadedRecipe recipe, string name)
    {
        var named = LocalPaths.Find(recipe.ResolvedJson).DistinctBy(local => local.Path).ToList();
        if (named.Count == 0) return;
        if (!options.LocalFiles)
        {
            throw new RecipeException([.. named.Select(local => Problem(name, local,
                $"'{local.Path}' is on some machine's disk, which the workers do not see",
                "blob:PATH in the run's storage; `r1 push` copies a file there, `r1 start --storage` does so by itself"))]);
        }

        var look = new LocalFileLook([.. options.LocalFolders.Select(RealPath.Of)], options.LocalFolders);
        var found = named.Select(local => (Local: local, IsModel: IsModel(local.Field), Found: look.At(local.Path, IsModel(local.Field))))
            .ToList();
        var problems = found.Where(item => item.Found.Problem is not null)
            .Select(item => Problem(name, item.Local, item.Found.Problem!, item.Found.Allowed)).ToList();
        if (problems.Count == 0)
        {
            foreach (var (isModel, most) in new[] { (false, options.MaxLocalDataBytes), (true, options.MaxLocalModelBytes) })
            {
                var all = found.Where(item => item.IsModel == isModel).ToList();
                if (all.Sum(item => (decimal)item.Found.Bytes) <= most) continue;
                var largest = all.MaxBy(item => item.Found.Bytes);
                problems.Add(Problem(name, largest.Local,
                    $"the files that the recipe names are too large to read, this one the largest ({largest.Found.Bytes} bytes)",
                    $"at most {most} bytes in all"));
            }
        }
        if (problems.Count > 0) throw new RecipeException(problems);
    }

    private static bool IsModel(string field) => field.StartsWith("stages.", StringComparison.Ordinal);

    private static RecipeProblem Problem(string name, (string Field, string Path) local, string message, string allowed) =>
        new(name, 1, 1, local.Field, $"\"{local.Path}\"", message, allowed);
}
