using System.Globalization;
using R1Cloud.Shared.Recipes.Reading;
using R1Cloud.Shared.Recipes.Tasks;

namespace R1Cloud.Shared.Recipes.CrossRules;

/// <summary>
/// The rules between fields: each is a small function, and each field it looks at silences it when that field has a problem already.
/// </summary>
internal sealed partial class RecipeCrossRules(Recipe recipe, ObjectNode tree, RecipeProblems problems,
    IReadOnlyDictionary<string, TaskBounds> datasets, IReadOnlyDictionary<string, int> imports)
{
    // With each student as a stage of its own.
    private readonly IReadOnlyDictionary<string, StageRecipe> stages = recipe.Expand().Stages;

    private readonly Dictionary<string, TaskBounds?> measured = [];

    private readonly Dictionary<string, ModelLimit?> models = [];

    private readonly bool hasRewards = recipe.AllRewards().Count > 0;

    /// <summary>The recipe.</summary>
    public Recipe Recipe => recipe;

    /// <summary>The recipe as it was written.</summary>
    public ObjectNode Tree => tree;

    /// <summary>Where errors go.</summary>
    public RecipeProblems Problems => problems;

    /// <summary>Runs every rule.</summary>
    public void Check()
    {
        foreach (var (name, task) in recipe.Tasks) CheckLanguages($"tasks.{name}", task);
        foreach (var (name, stage) in recipe.Stages)
        {
            var path = $"stages.{name}";
            CheckFrom($"{path}.from", name, stage.From);
            StageRules.Check(this, path, name, stage);
            foreach (var (field, rewards) in stage.RewardSets()) CheckWeights($"{path}.{field}", rewards);
            foreach (var (field, rewards) in stage.RewardSets()) CheckModelRewards($"{path}.{field}", rewards, Before(name), earlier: true);
        }
        CheckStages();
        CheckWorkers();
        if (recipe.Evaluation is null) return;
        CheckEvaluation("evaluation", recipe.Evaluation, null);
        foreach (var (at, benchmark) in BenchmarksOf("evaluation", recipe.Evaluation))
            CheckModelRewards($"{at}.rewards", benchmark.Rewards, recipe.Stages, earlier: false);
        foreach (var name in stages.Keys.Where(name => stages[name].YieldsModel()))
        {
            foreach (var (path, benchmark) in BenchmarksOf("evaluation", recipe.Evaluation)) CheckMeasured(path, benchmark, ModelOf(name));
        }
    }

    // How many devices auto and cuda are is the machine's matter.
    private void CheckWorkers()
    {
        var (device, spread) = (recipe.Workers.Device, recipe.Workers.DevicesPerReplica);
        var devices = device == "cpu" ? 1 : device.Contains(':', StringComparison.Ordinal) ? device.Split(',').Length : spread;
        Require(devices % spread == 0, "workers.devicesPerReplica", spread, $"a divisor of the devices of workers.device, {devices}",
            involved: "workers.device");
    }

    private void CheckLanguages(string path, TaskRecipe task)
    {
        var languages = task switch { NumberWordsTask sums => sums.Languages, RequestsTask requests => requests.Languages, _ => [] };
        Require(languages.Distinct().Count() == languages.Count, $"{path}.languages", "a language twice", "each language once");
    }

    public void CheckFrom(string path, string name, string? from)
    {
        if (from is null) return;
        var candidates = Before(name).SelectMany(earlier => earlier.Value.Models(earlier.Key)).ToList();
        var maker = ModelNames.StageOf(from);
        if (!recipe.Stages.ContainsKey(maker) && WasDropped("stages", maker)) return;
        Require(candidates.Contains(from), path, from,
            candidates.Count > 0
                ? $"an earlier stage that yields a model: {string.Join(", ", candidates)}"
                : "an earlier stage that yields a model, and there is none before this one",
            Spelling.DidYouMean(from, candidates), involved: ModelNames.IsStudent(from) ? [$"stages.{maker}.students"] : []);
    }

    public void CheckPrompt(string path, PromptRecipe prompt, ModelLimit? model)
    {
        Require(prompt.System is null || prompt.Template == "chat", $"{path}.system", prompt.System ?? "",
            $"left out with template {prompt.Template}: only chat has a system message", involved: $"{path}.template");
        Require(model?.Vocabulary is null || prompt.Template == "plain", $"{path}.template", prompt.Template,
            "plain: a pretrained model knows only the symbols of its task");
    }

    public void CheckWarmup(string path, OptimizerRecipe optimizer, int steps, string field) =>
        Require(optimizer.WarmupSteps <= steps, $"{path}.optimizer.warmupSteps", optimizer.WarmupSteps, $"at most {field}, {steps}",
            involved: $"{path}.{field}");

    public TaskBounds? CheckTask(string path, string name, string more = "")
    {
        if (!recipe.Tasks.ContainsKey(name) && WasDropped("tasks", name)) return null;
        Require(recipe.Tasks.ContainsKey(name), path, name,
            (recipe.Tasks.Count > 0
                ? $"a name in \"tasks\": {string.Join(", ", recipe.Tasks.Keys)}" : "a name in \"tasks\", which has none") + more,
            Spelling.DidYouMean(name, recipe.Tasks.Keys));
        return BoundsOf(name);
    }

    public void CheckLength(string path, SamplingRecipe sampling, string taskPath, string task, ModelLimit? model)
    {
        if (model is null || BoundsOf(task) is not { } bounds) return;
        Require((long)bounds.PromptTokens + sampling.MaxNewTokens <= model.Positions, $"{path}.sampling.maxNewTokens",
            sampling.MaxNewTokens,
            $"at most {Math.Max(0, model.Positions - bounds.PromptTokens)}: {model.Field}, {model.Positions}, less {bounds.PromptTokens} "
            + $"for the prompt",
            involved: [taskPath, $"tasks.{task}", model.Field]);
    }

    // Limits of a task with a wrong setting are not known.
    public TaskBounds? BoundsOf(string task)
    {
        if (problems.Concern($"tasks.{task}")) return null;
        if (!measured.TryGetValue(task, out var bounds))
            measured.Add(task, bounds = TaskBounds.Of(recipe.Tasks.GetValueOrDefault(task)) ?? datasets.GetValueOrDefault(task));
        return bounds;
    }

    public ModelLimit? ModelOf(string name)
    {
        if (!models.TryGetValue(name, out var model)) models.Add(name, model = FindModel(name));
        return model;
    }

    private ModelLimit? FindModel(string name)
    {
        while (stages.TryGetValue(name, out var stage))
        {
            if (stage is PretrainStage pretrain)
                return new($"stages.{name}.model.maxPositions", pretrain.Model.MaxPositions, VocabularyOf(name, pretrain));
            if (stage is ImportStage)
                return imports.TryGetValue(name, out var positions) ? new($"stages.{name}.path", positions, Vocabulary: null) : null;
            if (stage.From is not { } from || !Before(name).Any(earlier => earlier.Value.Models(earlier.Key).Contains(from))) return null;
            name = from;
        }
        return null;
    }

    public IEnumerable<KeyValuePair<string, StageRecipe>> Before(string name) =>
        recipe.Stages.TakeWhile(stage => stage.Key != ModelNames.StageOf(name));

    // An entry that is there but could not be read is not a missing one.
    public bool WasDropped(string map, string name) =>
        tree.Find($"{map}.{name}").Found || problems.Concern(map) && tree.Find(map) is { Found: true, Node: not ObjectNode };

    public void Require(bool holds, string path, object value, string allowed, string hint = "", params string[] involved)
    {
        if (holds || problems.Concern(path) || involved.Any(problems.Concern)) return;
        var (node, written) = tree.Find(path);
        var shown = written ? node.Shown : value is string text
            ? ScalarNode.Quote(text) : Convert.ToString(value, CultureInfo.InvariantCulture)!;
        problems.Add(node.At, path, shown, $"{shown}{(written ? "" : ", the default,")} is not allowed{hint}", allowed);
    }
}

/// <summary>What is known of a model before it is there.</summary>
/// <param name="Field">The field that says so.</param>
/// <param name="Positions">Its longest sequence in tokens.</param>
/// <param name="Vocabulary">What it can read, where it is pretrained on tasks; null for a published model.</param>
internal sealed record ModelLimit(string Field, int Positions, TaskCharacters? Vocabulary);
