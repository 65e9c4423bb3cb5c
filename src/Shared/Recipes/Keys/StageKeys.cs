using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using R1Cloud.Shared.Recipes.Rewards;
using R1Cloud.Shared.Recipes.Tasks;

namespace R1Cloud.Shared.Recipes.Keys;

/// <summary>Keys of a recipe's stages.</summary>
public static class StageKeys
{
    /// <summary>Computes them.</summary>
    /// <param name="recipe">The recipe, as it is carried out (<see cref="Recipe.Expand"/>).</param>
    /// <param name="contents">What stands for the content of each of <see cref="Files"/>; null when it is not known.</param>
    /// <param name="dated">The model folders (see <see cref="TemplateFolders"/>) whose chat templates ask for the date; null for
    /// none.</param>
    /// <param name="threads">The CPU threads that workers compute with, on which the last bits of sums depend; null where nobody
    /// says.</param>
    /// <param name="forked">Where the run goes on that another one began; null where it begins by itself.</param>
    /// <returns>By the stages' names.</returns>
    public static IReadOnlyDictionary<string, StageKey> Of(Recipe recipe, IReadOnlyDictionary<string, string?> contents,
        IReadOnlySet<string>? dated = null, int? threads = null, ForkedKeys? forked = null)
    {
        var keys = new Dictionary<string, StageKey>(StringComparer.Ordinal);
        foreach (var (name, stage) in recipe.Stages)
        {
            if (forked?.Known.TryGetValue(name, out var known) == true)
            {
                keys[name] = known;
                continue;
            }
            var settings = new CanonicalSettings(recipe, contents.GetValueOrDefault);
            var inputs = recipe.InputsOf(name);
            var basis = CanonicalSettings.Object(
            [
                ("inputs", KeysOf(inputs, keys)),
                ("name", Value(name)), ("numerics", Value(TrainerNumerics.Version)), ("seed", Value(recipe.Seed)),
                    ("settings", settings.Of(stage)),
            ]);
            if (stage is EvaluateStage evaluate) basis["rewards"] = Rewards(recipe, evaluate.Evaluation, keys);
            if (IsDated(recipe, stage.Prompts(), dated)) basis["templateDate"] = recipe.TemplateDate;
            if (stage.Generates()) Sampled(basis, recipe);
            if (stage is not ImportStage) Computed(basis, threads);
            if (forked?.Stage == name) basis["start"] = forked.Start;
            var unknown = settings.Unknown ?? inputs.Select(input => keys[input].UnknownFile).FirstOrDefault(file => file is not null);
            keys[name] = new()
            {
                Result = unknown is null ? Hash(basis) : null,
                Evaluation = unknown is null && stage.YieldsModel() && recipe.Evaluation is { } evaluation
                    ? Evaluation(recipe, evaluation, name, Hash(basis), keys, contents, dated, threads) : null,
                Basis = JsonSerializer.SerializeToElement(basis),
                UnknownFile = unknown,
            };
        }
        return keys;
    }

    /// <summary>The folders of models that are asked through their chat templates.</summary>
    public static IReadOnlyCollection<string> TemplateFolders(Recipe recipe)
    {
        ArgumentNullException.ThrowIfNull(recipe);
        return [.. recipe.Stages.SelectMany(stage => stage.Value.Prompts().Concat(Measured(recipe, stage.Key)))
            .Select(prompt => FolderOf(recipe, prompt)).OfType<string>().Distinct()];
    }

    private static IEnumerable<(PromptRecipe Prompt, string? Model)> Measured(Recipe recipe, string name) =>
        recipe.Evaluation is { } evaluation && recipe.Stages[name].YieldsModel()
            ? evaluation.All().Select(benchmark => (benchmark.Value.Prompt, (string?)name)) : [];

    private static bool IsDated(Recipe recipe, IEnumerable<(PromptRecipe Prompt, string? Model)> prompts, IReadOnlySet<string>? dated) =>
        dated is { Count: > 0 } && prompts.Any(prompt => FolderOf(recipe, prompt) is { } folder && dated.Contains(folder));

    // Training leaves a model's templates as they are: they are those of the folder that it comes from.
    private static string? FolderOf(Recipe recipe, (PromptRecipe Prompt, string? Model) asked)
    {
        if (asked.Prompt.Template != "chat") return null;
        for (var name = asked.Model; name is not null && recipe.Stages.TryGetValue(name, out var stage); name = stage.From)
        {
            if (stage is ImportStage import) return import.Path;
        }
        return null;
    }

    /// <summary>The data files that the recipe's stages and evaluation read.</summary>
    public static IReadOnlyCollection<string> Files(Recipe recipe)
    {
        var files = new SortedSet<string>(StringComparer.Ordinal);
        Walk(recipe, recipe.Stages.Values, file =>
        {
            files.Add(file);
            return "";
        });
        return files;
    }

    /// <summary>The tasks that a stage and its measurement may ask: those its key covers.</summary>
    public static IReadOnlyDictionary<string, TaskRecipe> Tasks(Recipe recipe, StageRecipe stage)
    {
        var names = Walk(recipe, [stage], _ => "").Tasks;
        return recipe.Tasks.Where(task => names.Contains(task.Key)).ToDictionary(task => task.Key, task => task.Value);
    }

    private static CanonicalSettings Walk(Recipe recipe, IEnumerable<StageRecipe> stages, Func<string, string?> contentOf)
    {
        var settings = new CanonicalSettings(recipe, contentOf);
        foreach (var stage in stages) settings.Of(stage);
        if (recipe.Evaluation is { } evaluation) settings.Of(evaluation);
        return settings;
    }

    private static string? Evaluation(
        Recipe recipe, EvaluationRecipe evaluation, string name, string stage, Dictionary<string, StageKey> earlier,
            IReadOnlyDictionary<string, string?> contents, IReadOnlySet<string>? dated, int? threads)
    {
        var judges = recipe.JudgesOf(evaluation, name);
        if (judges.Any(judge => earlier[judge].Result is null)) return null;
        var settings = new CanonicalSettings(recipe, contents.GetValueOrDefault);
        var basis = CanonicalSettings.Object(
            [("evaluation", settings.Of(evaluation)), ("rewardModels", KeysOf(judges, earlier)),
                ("rewards", Rewards(recipe, evaluation, earlier)), ("stage", Value(stage))]);
        if (IsDated(recipe, Measured(recipe, name), dated)) basis["templateDate"] = recipe.TemplateDate;
        Sampled(basis, recipe);
        Computed(basis, threads);
        return settings.Unknown is null ? Hash(basis) : null;
    }

    private static void Sampled(JsonObject basis, Recipe recipe)
    {
        if (recipe.Engine != SamplingEngine.Own) basis["engine"] = recipe.Engine.ToString();
    }

    private static void Computed(JsonObject basis, int? threads)
    {
        if (threads is { } count) basis["threads"] = count;
    }

    private static JsonObject KeysOf(IEnumerable<string> stages, Dictionary<string, StageKey> keys) =>
        CanonicalSettings.Object(stages.Select(stage => (stage, (JsonNode)Value(keys[stage].Result ?? "?"))));

    // The run's rewards as far as they judge: where a benchmark has none of its own, and a model's once its stage is done. A measurement
    // reports each function's score: weights have no part in it.
    private static JsonObject Rewards(Recipe recipe, EvaluationRecipe evaluation, Dictionary<string, StageKey> earlier) =>
        CanonicalSettings.Object(
        recipe.AllRewards()
            .Where(reward =>
                evaluation.TakesAllRewards() && ModelRewardCatalog.StageOf(reward.Key, reward.Value) is var model
                && (model is null || earlier.ContainsKey(model))).Select(reward =>
            (reward.Key,
                CanonicalSettings.Sorted(
                    JsonSerializer.SerializeToNode(new { reward.Value.Options, reward.Value.OnError }, R1Json.Options)!))));

    private static JsonValue Value<T>(T value) => JsonValue.Create(value)!;

    private static string Hash(JsonNode basis) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(basis.ToJsonString())));
}
