using R1Cloud.Pipeline.Options;
using R1Cloud.Shared.Recipes.Loading;
using R1Cloud.Shared.Recipes.Reading;
using R1Cloud.Shared.Storage;

namespace R1Cloud.Pipeline.Api;

/// <summary>
/// Which files of this machine a recipe that comes over HTTP may name: regular files of known kinds, and folders of models, below the
/// folders that the host's user named, and no more of them than can be read. They are looked at here and not opened.
/// </summary>
/// <param name="options">The folders and limits.</param>
internal sealed class LocalFileDoor(PipelineOptions options)
{
    /// <summary>Refuses a recipe that names others.</summary>
    /// <param name="recipe">The recipe.</param>
    /// <param name="name">What problems call it.</param>
    /// <param name="known">Files that a run may name since another one did before.</param>
    /// <exception cref="RecipeException">It does; every problem is listed.</exception>
    public void Check(LoadedRecipe recipe, string name, IReadOnlySet<string>? known = null)
    {
        var named = LocalPaths.Find(recipe.ResolvedJson).DistinctBy(local => local.Path).Where(local => known?.Contains(local.Path) != true)
            .ToList();
        var problems = new RecipeProblems(); // which ends the look when there are many
        if (!options.LocalFiles)
        {
            foreach (var local in named)
            {
                problems.Add(Problem(name, local, $"'{local.Path}' is on some machine's disk, which the workers do not see",
                    "blob:PATH in the run's storage; `r1 push` copies a file there, `r1 start --storage` does so by itself"));
            }
            problems.ThrowIfAny();
            return;
        }

        var look = new LocalFileLook([.. options.LocalFolders.Select(RealPath.Of)], options.LocalFolders);
        var all = new List<((string Field, string Path) Local, long Bytes)>();
        foreach (var local in named)
        {
            var found = look.At(local.Path, IsModel(local.Field));
            if (found.Problem is null) all.Add((local, found.Bytes));
            else problems.Add(Problem(name, local, found.Problem, found.Allowed));
        }
        problems.ThrowIfAny();
        foreach (var (isModel, most) in new[] { (false, options.MaxLocalDataBytes), (true, options.MaxLocalModelBytes) })
        {
            var files = all.Where(item => IsModel(item.Local.Field) == isModel).ToList();
            if (files.Sum(item => (decimal)item.Bytes) <= most) continue;
            var largest = files.MaxBy(item => item.Bytes);
            problems.Add(Problem(name, largest.Local,
                $"the files that the recipe names are too large to read, this one the largest ({largest.Bytes} bytes)",
                $"at most {most} bytes in all"));
        }
        problems.ThrowIfAny();
    }

    private static bool IsModel(string field) => field.StartsWith("stages.", StringComparison.Ordinal);

    private static RecipeProblem Problem(string name, (string Field, string Path) local, string message, string allowed) =>
        new(name, 1, 1, local.Field, $"\"{local.Path}\"", message, allowed);
}
