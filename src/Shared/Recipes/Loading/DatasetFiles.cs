using R1Cloud.Shared.Recipes.Reading;
using R1Cloud.Shared.Recipes.Tasks;
using R1Cloud.Shared.Storage;

namespace R1Cloud.Shared.Recipes.Loading;

/// <summary>
/// The files of a recipe's data sets: relative paths become full ones, seen from the file that says them, and where the recipe is a file
/// here they are read, so that what is wrong with a row is known before anything runs.
/// </summary>
internal sealed class DatasetFiles(RecipeProblems problems, RecipeFiles paths, IDatasetReader? reader)
{
    private readonly Dictionary<string, TaskBounds> bounds = [];

    /// <summary>What was found out about the data sets that could be read, by task.</summary>
    public IReadOnlyDictionary<string, TaskBounds> Bounds => bounds;

    /// <summary>The recipe with full paths.</summary>
    public Recipe Resolve(Recipe recipe)
    {
        if (!recipe.Tasks.Values.OfType<DatasetTask>().Any()) return recipe;
        var tasks = new OrderedDictionary<string, TaskRecipe>();
        foreach (var (name, task) in recipe.Tasks)
            tasks.Add(name, task is DatasetTask dataset ? Resolve($"tasks.{name}", name, dataset) : task);
        return recipe with { Tasks = tasks };
    }

    private DatasetTask Resolve(string path, string name, DatasetTask task)
    {
        var resolved = task with
        {
            Files = Full($"{path}.files", task.Files),
            HeldOutFiles = Full($"{path}.heldOutFiles", task.HeldOutFiles),
            Against = Full($"{path}.against", task.Against),
            Difficulty = task.Difficulty is { PassRates: { } rates } difficulty
                ? difficulty with { PassRates = One($"{path}.difficulty.passRates", rates) } : task.Difficulty,
        };
        if (resolved.Difficulty is { } limits && limits.Above >= limits.Below && !problems.Concern($"{path}.difficulty"))
            Add($"{path}.difficulty.above", $"{limits.Above} is not allowed", $"below difficulty.below, {limits.Below}");
        if (resolved.Pairs is not null && !resolved.HasPairs() && !problems.Concern($"{path}.layout"))
            Add($"{path}.pairs", $"has no meaning with layout {Words(resolved.Layout)}", "left out: only the layout preferences has pairs");
        if (reader is null || !paths.AreHere || problems.Concern(path) || HasReplaced(path)) return resolved;
        if (resolved.AllFiles().Any(file => BlobReference.Is(file) || (HubName.Is(file) && paths.Hub is null))) CheckLocal(path, resolved);
        else Check(path, name, resolved);
        return resolved;
    }

    // Rows of files that others will take the places of.
    private bool HasReplaced(string path) => ((string[])["files", "heldOutFiles", "against", "difficulty.passRates"]).Any(field =>
        paths.WillBeReplaced($"{path}.{field}"));

    // The data set as a whole is known to the workers alone. But what is here will be pushed to where its other files are: rows, and
    // nothing else.
    private void CheckLocal(string path, DatasetTask task)
    {
        foreach (var file in task.AllFiles().Where(file => !BlobReference.Is(file) && !HubName.Is(file)).Distinct())
        {
            foreach (var problem in reader!.ProblemsOf(file)) Add(FieldOf(path, task, file), problem.ToString(), "rows");
        }
    }

    private void Check(string path, string name, DatasetTask task)
    {
        if (Fetched(path, task) is not { } here) return;
        try
        {
            var facts = reader!.Read(task, file => here.GetValueOrDefault(file, file));
            var asked = TextCharacters.Of([facts.PromptCharacters, task.Template.Replace("{prompt}", "", StringComparison.Ordinal)]);
            bounds[name] = new(facts.Training, facts.HeldOut, PromptTokens: 0, ExampleTokens: 0)
            {
                PromptCharacters = asked,
                Alphabet = task.Layout == DatasetLayout.Completions ? TextCharacters.Of([facts.CompletionCharacters, asked]) : null,
            };
        }
        catch (DatasetException e)
        {
            foreach (var problem in e.Problems)
                Add(FieldOf(path, task, problem.File), problem.ToString(), $"rows of the layout {Words(task.Layout)}");
        }
    }

    // Where on this machine the files of the Hub are; null where one cannot be had.
    private Dictionary<string, string>? Fetched(string path, DatasetTask task)
    {
        var here = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var file in task.AllFiles().Where(HubName.Is).Distinct())
        {
            try
            {
                here[file] = paths.Hub!.Ask(hub => hub.DataFileAsync(HubName.Parse(file)));
            }
            catch (Exception e) when (e is BadInputException or StorageException)
            {
                Add(FieldOf(path, task, file), e.Message, "a file that the Hub gives");
                return null;
            }
        }
        return here;
    }

    private IReadOnlyList<string> Full(string path, IReadOnlyList<string> files) => paths.FullAll(path, files);

    private string One(string path, string file)
    {
        var all = Full(path, [file]);
        if (all.Count > 1) Add(path, $"\"{file}\" means {all.Count} files", $"one file, such as {all[0]}");
        return all[0];
    }

    private void Add(string path, string message, string allowed) => paths.Add(path, message, allowed);

    private static string FieldOf(string path, DatasetTask task, string file) =>
        task.HeldOutFiles.Contains(file) ? $"{path}.heldOutFiles" : task.Against.Contains(file)
            ? $"{path}.against" : task.Difficulty?.PassRates == file ? $"{path}.difficulty.passRates" : $"{path}.files";

    private static string Words(DatasetLayout layout) => System.Text.Json.JsonSerializer.Serialize(layout, R1Json.Options).Trim('"');
}
