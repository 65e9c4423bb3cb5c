using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using R1Cloud.Shared.Recipes.CrossRules;
using R1Cloud.Shared.Recipes.Effects;
using R1Cloud.Shared.Recipes.Reading;
using R1Cloud.Shared.Recipes.Tasks;
using R1Cloud.Shared.Storage;

namespace R1Cloud.Shared.Recipes.Loading;

/// <summary>A recipe that is ready to run.</summary>
/// <param name="Recipe">The recipe, everything inherited filled in.</param>
/// <param name="ResolvedJson">The same as one line of JSON without <c>extends</c>: every field in a fixed order, stages and tasks in
/// theirs.</param>
/// <param name="Hash">SHA-256 of <paramref name="ResolvedJson"/>, 64 hexadecimal digits: equal hashes are equal runs.</param>
public sealed record LoadedRecipe(Recipe Recipe, string ResolvedJson, string Hash)
{
    /// <summary>What is worth knowing of it, such as fields of older recipes that mean nothing any more.</summary>
    public IReadOnlyList<RecipeProblem> Notes { get; init; } = [];

    /// <summary>The hash's first 12 digits.</summary>
    public string ShortHash => Hash[..12];
}

/// <summary>Reads recipes: JSON with comments and trailing commas, inheritance, and every check that needs no worker.</summary>
public static class RecipeLoader
{
    private const int MaxBytes = 1 << 20;

    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Reads a file; what it extends may be files beside it.</summary>
    /// <param name="path">The recipe. Problems name it as given here.</param>
    /// <param name="datasets">Reads the data sets that it names.</param>
    /// <param name="hub">Brings what it names on the Hub; null where nobody does, and only commits may be named.</param>
    /// <param name="replaced">
    /// Fields, as paths, that will get other values: what they name here is not looked for, it may be out of reach.
    /// </param>
    /// <exception cref="RecipeException">It cannot be read or run; every problem is listed.</exception>
    public static LoadedRecipe LoadFile(string path, IDatasetReader datasets, IHubReader? hub = null,
        IReadOnlyCollection<string>? replaced = null)
    {
        var problems = new RecipeProblems();
        var text = ReadText(path, problems, new Location(path, 1, 1), "", ScalarNode.Quote(path));
        return Load(text, path, Path.GetFullPath(path), path, problems, own: null, datasets, hub, replaced);
    }

    /// <summary>Reads a text; it may extend presets but no files.</summary>
    /// <param name="json">The recipe.</param>
    /// <param name="name">What problems call it.</param>
    /// <param name="own">What the recipe itself sets, as paths, where the rest is inherited; null for everything.</param>
    /// <param name="hub">Looks up what it names on the Hub; null where nobody does, and only commits may be named.</param>
    /// <exception cref="RecipeException">It cannot be run; every problem is listed.</exception>
    public static LoadedRecipe Parse(string json, string name, IReadOnlyCollection<string>? own = null, IHubReader? hub = null)
    {
        ArgumentNullException.ThrowIfNull(json);
        var problems = new RecipeProblems();
        if (json.Length > MaxBytes) problems.Add(new(name, 1, 1), "", "", "too large", $"at most {MaxBytes} characters");
        return Load(json, name, name, null, problems, own, datasets: null, hub);
    }

    /// <summary>A file's text, or null with a problem added.</summary>
    internal static string? ReadText(string path, RecipeProblems problems, Location at, string field, string shown)
    {
        string? problem;
        try
        {
            if (Directory.Exists(path)) problem = "is a folder";
            else if (File.Exists(path) && LocalFiles.Stat(path).Length > MaxBytes) problem = "is too large";
            else return Utf8.GetString(File.ReadAllBytes(path));
        }
        catch (DecoderFallbackException e)
        {
            problem = $"is not UTF-8 text (byte {e.Index})";
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            problem = "does not exist";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            problem = $"cannot be read: {e.Message}";
        }
        problems.Add(at, field, shown, $"file {path} {problem}", $"a JSON file in UTF-8 of at most {MaxBytes} bytes");
        return null;
    }

    private static int Count(StageRecipe stage) => stage switch
    {
        DistillStage distill => distill.Students.Count,
        RlStage { Controls.Count: var controls } => 1 + controls,
        _ => 1,
    };

    private static LoadedRecipe Load(string? text, string name, string identity, string? file, RecipeProblems problems,
        IReadOnlyCollection<string>? own, IDatasetReader? datasets, IHubReader? hub, IReadOnlyCollection<string>? replaced = null)
    {
        var root = text is null ? null : RecipeReader.Read(name, text, problems);
        if (root is null) problems.ThrowIfAny();
        root = new RecipeInheritance(problems).Resolve(root!, identity, file);
        BenchmarkDefaults.Fill(root, problems);
        var recipe = new RecipeBinder(problems).Bind(root).Deserialize<Recipe>(R1Json.Options)!;
        if (recipe.Stages.Values.Sum(Count) > RecipeReader.MostMembers)
        {
            problems.Refuse(root.At, "stages", "{…}", "too many stages",
                $"at most {RecipeReader.MostMembers}, each student and each control counted");
        }
        if (new SettingsWithoutEffect(problems, root, own).Check(recipe))
            recipe = new RecipeBinder(new RecipeProblems()).Bind(root).Deserialize<Recipe>(R1Json.Options)!;
        var paths = new RecipeFiles(problems, root, file, hub, replaced ?? []);
        var tasks = new DatasetFiles(problems, paths, datasets);
        var models = new ModelFolders(problems, paths);
        recipe = models.Resolve(tasks.Resolve(recipe));
        new RecipeCrossRules(recipe, root, problems, tasks.Bounds, models.MaxPositions).Check();
        problems.ThrowIfAny();
        var canonical = JsonSerializer.Serialize(recipe, R1Json.Options);
        return new(recipe, canonical,
            Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(canonical)))) { Notes = problems.Notes };
    }
}
