using System.Globalization;

namespace R1Cloud.Shared.Recipes;

/// <summary>The rules between fields: each is a small function, and each field it looks at silences it when that field has a problem already.</summary>
internal sealed class RecipeCrossRules(Recipe recipe, ObjectNode tree, RecipeProblems problems, IReadOnlyDictionary<string, TaskBounds> datasets)
{
    // With each student as a stage of its own.
    private readonly IReadOnlyDictionary<string, StageRecipe> stages = recipe.Expand().Stages;

    /// <summary>Runs every rule.</summary>
    public void Check()
    {
        foreach (var (name, task) in recipe.Tasks) CheckLanguages($"tasks.{name}", task);
        foreach (var (name, stage) in recipe.Stages)
        {
            var path = $"stages.{name}";
            CheckFrom($"{path}.from", name, stage.From);
            if (stage is PretrainStage pretrain) CheckPretrain(path, pretrain);
            if (stage is RlStage rl) CheckRl(path, name, rl);
            if (stage is SampleStage sample) CheckSample(path, name, sample);
            if (stage is SupervisedStage supervised) CheckSupervised(path, name, supervised);
            if (stage is SftStage sft) CheckPrompt($"{path}.prompt", sft.Prompt, ModelOf(name));
            if (stage is DistillStage distill) CheckStudents(path, name, distill);
            if (stage is EvaluateStage evaluate) CheckEvaluation($"{path}.evaluation", evaluate.Evaluation, ModelOf(name));
        }
        if (recipe.Evaluation is null) return;
        CheckEvaluation("evaluation", recipe.Evaluation, null);
        foreach (var name in stages.Keys.Where(name => stages[name].YieldsModel()))
        {
            foreach (var (path, benchmark) in BenchmarksOf("evaluation", recipe.Evaluation))
                CheckLength(path, benchmark.Sampling, $"{path}.task", benchmark.Task!, ModelOf(name));
        }
    }

    private void CheckLanguages(string path, TaskRecipe task)
    {
        var languages = task switch { NumberWordsTask sums => sums.Languages, RequestsTask requests => requests.Languages, _ => [] };
        Require(languages.Distinct().Count() == languages.Count, $"{path}.languages", "a language twice", "each language once");
    }

    private void CheckFrom(string path, string name, string? from)
    {
        if (from is null) return;
        var candidates = Before(name).SelectMany(earlier => earlier.Value.Models(earlier.Key)).ToList();
        if (!stages.ContainsKey(from) && !recipe.Stages.ContainsKey(from) && WasDropped("stages", ModelNames.StageOf(from))) return;
        Require(candidates.Contains(from), path, from,
            candidates.Count > 0 ? $"an earlier stage that yields a model: {string.Join(", ", candidates)}" : "an earlier stage that yields a model, and there is none before this one",
            Spelling.DidYouMean(from, candidates));
    }

    private void CheckPretrain(string path, PretrainStage stage)
    {
        var (model, at) = (stage.Model, $"{path}.model");
        Require(model.HiddenSize % model.Heads == 0, $"{at}.heads", model.Heads, $"a divisor of hiddenSize, {model.HiddenSize}", involved: $"{at}.hiddenSize");
        Require(model.HiddenSize / model.Heads % 2 == 0, $"{at}.heads", model.Heads,
            $"so many that hiddenSize / heads is even ({model.HiddenSize} / {model.Heads} is not): the rotary embedding turns pairs", involved: $"{at}.hiddenSize");
        Require(model.Heads % model.KvHeads == 0, $"{at}.kvHeads", model.KvHeads, $"a divisor of heads, {model.Heads}", involved: $"{at}.heads");
        CheckWarmup(path, stage.Optimizer, stage.Steps, "steps");
        const string either = "one of task and tasks: the one task of the corpus, or several with their parts";
        if (stage.Task is null && stage.Tasks.Count == 0 && !problems.Concern($"{path}.task") && !problems.Concern($"{path}.tasks"))
            problems.Add(tree.Find(path).Node.At, $"{path}.task", "nothing", "\"task\" is missing, and so is \"tasks\"", either);
        Require(stage.Task is null || stage.Tasks.Count == 0, $"{path}.tasks", "{…}", either, involved: $"{path}.task");
        if (stage.Task is not null && stage.Tasks.Count > 0) return;
        foreach (var task in stage.Corpora().Select(corpus => corpus.Key))
        {
            var named = stage.Task is null ? $"{path}.tasks.{task}" : $"{path}.task";
            Require(recipe.Tasks.GetValueOrDefault(task) is not DatasetTask, named, task, "a task with worked examples, such as arithmetic: a data set has none");
            if (CheckTask(named, task) is not { } bounds) continue;
            Require(bounds.ExampleTokens <= model.MaxPositions, $"{at}.maxPositions", model.MaxPositions,
                $"at least {bounds.ExampleTokens}: the longest worked example of task {task}", involved: [named, $"tasks.{task}"]);
        }
    }

    private void CheckRl(string path, string name, RlStage stage)
    {
        var rows = (long)stage.Questions * stage.GroupSize;
        string[] rollout = [$"{path}.questions", $"{path}.groupSize"];
        Require(stage.Shards <= stage.Questions, $"{path}.shards", stage.Shards, $"at most questions, {stage.Questions}", involved: $"{path}.questions");
        Require(rows % stage.MiniBatches == 0, $"{path}.miniBatches", stage.MiniBatches,
            $"a divisor of questions × groupSize, {stage.Questions} × {stage.GroupSize} = {rows}", involved: rollout);
        Require(stage.MicroBatchSize <= rows / stage.MiniBatches, $"{path}.microBatchSize", stage.MicroBatchSize,
            $"at most a mini-batch, {rows} / {stage.MiniBatches} rows; 0 takes it whole", involved: [.. rollout, $"{path}.miniBatches"]);
        Require(stage.UpdateShards <= rows / stage.MiniBatches, $"{path}.updateShards", stage.UpdateShards,
            $"at most a mini-batch, {rows} / {stage.MiniBatches} rows", involved: [.. rollout, $"{path}.miniBatches"]);
        Require(stage.Sampling.Temperature > 0, $"{path}.sampling.temperature", stage.Sampling.Temperature, "above 0: equal samples have no advantage");
        Require(stage.Loss.Name != "cispo" || stage.Loss.ClipHigh >= 1, $"{path}.loss.clipHigh", stage.Loss.ClipHigh, "1 or more with cispo, where it is the cap on the ratio itself", involved: $"{path}.loss.name");
        Require(stage.EvaluateEvery == 0 || recipe.Evaluation is not null, $"{path}.evaluateEvery", stage.EvaluateEvery,
            "0, or an \"evaluation\" in the recipe that says what is measured", involved: "evaluation");
        CheckWarmup(path, stage.Optimizer, stage.Iterations, "iterations");
        CheckPrompt($"{path}.prompt", stage.Prompt, ModelOf(name));
        var split = new QuestionSplit(stage);
        foreach (var (source, prompts) in stage.PromptSources())
        {
            var at = source.Length > 0 ? $"{path}.sources.{source}" : path;
            CheckRewards(at, prompts.Rewards);
            if (CheckTask($"{at}.task", prompts.Task) is { } bounds)
            {
                Require(split.Most(source) <= bounds.Training, $"{path}.questions", stage.Questions,
                    $"{(source.Length > 0 ? $"so many that {source}'s share of them is at most" : "at most")} {bounds.Training}: the training problems of task {prompts.Task}", involved: [$"{at}.task", $"tasks.{prompts.Task}"]);
            }
            CheckLength(path, stage.Sampling, $"{at}.task", prompts.Task, ModelOf(name));
        }
        CheckSources(path, stage, split);
    }

    private void CheckSources(string path, RlStage stage, QuestionSplit split)
    {
        foreach (var (name, source) in stage.Sources)
        {
            Require(source.FromIteration < stage.Iterations, $"{path}.sources.{name}.fromIteration", source.FromIteration, $"below iterations, {stage.Iterations}", involved: $"{path}.iterations");
        }
        Require(stage.Sources.Count == 0 || stage.Sources.Values.Any(source => source.FromIteration == 0), $"{path}.sources", "", "a source with fromIteration 0 among them: the first iteration needs questions");
        foreach (var (name, source) in stage.Sources)
        {
            Require(split.Least(name) > 0, $"{path}.sources.{name}.share", source.Share,
                $"so much that at least one of {stage.Questions} questions comes from {name} in each iteration in which it takes part", involved: [$"{path}.sources", $"{path}.questions"]);
        }
    }

    private void CheckRewards(string path, IReadOnlyDictionary<string, RewardRecipe> rewards)
    {
        Require(rewards.Count == 0 || rewards.Values.Any(reward => reward.Weight != 0), $"{path}.rewards", "only 0", "at least one weight that is not 0");
        Require(!rewards.ContainsKey("length/cosine") || rewards.Keys.Any(reward => reward.StartsWith("accuracy/", StringComparison.Ordinal)), $"{path}.rewards.length/cosine", "length/cosine",
            "beside an accuracy reward, which says what is right (its weight may be 0)", involved: $"{path}.rewards");
    }

    private void CheckSample(string path, string name, SampleStage stage)
    {
        Require(stage.Shards <= stage.Questions, $"{path}.shards", stage.Shards, $"at most questions, {stage.Questions}", involved: $"{path}.questions");
        Require(stage.Keep <= stage.Samples, $"{path}.keep", stage.Keep, $"at most samples, {stage.Samples}", involved: $"{path}.samples");
        Require(stage.Sampling.Temperature > 0 || stage.Samples == 1, $"{path}.samples", stage.Samples, "1 at temperature 0: all samples are the same", involved: $"{path}.sampling.temperature");
        Require(stage.Filters.Language is null || stage.Filters.LanguageField is null, $"{path}.filters.languageField", stage.Filters.LanguageField ?? "", "left out beside language, or in its place", involved: $"{path}.filters.language");
        foreach (var reward in stage.Minimums.Keys)
        {
            Require(stage.Rewards.ContainsKey(reward), $"{path}.minimums.{reward}", reward, $"a name in the stage's rewards: {string.Join(", ", stage.Rewards.Keys)}", involved: [$"{path}.rewards", $"{path}.minimums"]);
        }
        if (CheckTask($"{path}.task", stage.Task) is { } bounds)
        {
            Require(stage.Questions <= bounds.Training, $"{path}.questions", stage.Questions,
                $"at most {bounds.Training}: the training problems of task {stage.Task}", involved: [$"{path}.task", $"tasks.{stage.Task}"]);
        }
        CheckPrompt($"{path}.prompt", stage.Prompt, ModelOf(name));
        CheckLength(path, stage.Sampling, $"{path}.task", stage.Task, ModelOf(name));
    }

    private void CheckSupervised(string path, string name, SupervisedStage stage)
    {
        var candidates = Before(name).Where(earlier => earlier.Value is SampleStage).Select(earlier => earlier.Key).ToList();
        var allowed = candidates.Count > 0 ? $"earlier stages that make data, each once: {string.Join(", ", candidates)}" : "earlier stages that make data (collect, rejection-sample), and there is none before this one";
        for (var i = 0; i < stage.Data.Count; i++)
        {
            var data = stage.Data[i];
            if (!recipe.Stages.ContainsKey(data) && WasDropped("stages", data)) continue;
            Require(candidates.Contains(data) && !stage.Data.Take(i).Contains(data), $"{path}.data[{i}]", data, allowed, Spelling.DidYouMean(data, candidates), involved: $"{path}.data");
        }
        Require(stage.Proportions.Count == 0 || stage.Data.Order().SequenceEqual(stage.Proportions.Keys.Order()), $"{path}.proportions", string.Join(", ", stage.Proportions.Keys),
            $"one for each stage of data, or none: {string.Join(", ", stage.Data)}", involved: $"{path}.data");
        Require(stage.MicroBatchSize <= stage.BatchSize, $"{path}.microBatchSize", stage.MicroBatchSize, $"at most batchSize, {stage.BatchSize}; 0 takes the batch whole", involved: $"{path}.batchSize");
    }

    private void CheckStudents(string path, string name, DistillStage stage)
    {
        foreach (var (student, settings) in stage.Students)
        {
            var at = $"{path}.students.{student}";
            CheckFrom($"{at}.from", name, settings.From);
            Require(settings.LearningRate is null || settings.Optimizer is null, $"{at}.learningRate", settings.LearningRate ?? 0, "left out beside optimizer, which has one", involved: $"{at}.optimizer");
            int batch = settings.BatchSize ?? stage.BatchSize, micro = settings.MicroBatchSize ?? stage.MicroBatchSize;
            if (settings.MicroBatchSize is not null || settings.BatchSize is not null)
            {
                Require(micro <= batch, settings.MicroBatchSize is null ? $"{at}.batchSize" : $"{at}.microBatchSize", settings.MicroBatchSize ?? batch,
                    $"microBatchSize at most batchSize: here they are {micro} and {batch}", involved: [$"{path}.batchSize", $"{path}.microBatchSize", $"{at}.batchSize"]);
            }
            CheckPrompt($"{path}.prompt", stage.Prompt, ModelOf(ModelNames.Student(name, student)));
        }
    }

    private void CheckEvaluation(string path, EvaluationRecipe evaluation, (string Path, ModelShape Model)? model)
    {
        if (evaluation.Benchmarks.Count == 0 && evaluation.Task is null)
        {
            if (!problems.Concern(path)) problems.Add(tree.Find(path).Node.At, $"{path}.task", "nothing", "\"task\" is missing", "a name in \"tasks\", or \"benchmarks\" by name");
            return;
        }
        Require(evaluation.Benchmarks.Count == 0 || evaluation.Task is null, $"{path}.task", evaluation.Task ?? "", "left out where there are benchmarks: each has a task of its own", involved: $"{path}.benchmarks");
        Require(evaluation.Curve is null || evaluation.All().Any(benchmark => benchmark.Key == evaluation.Curve), $"{path}.curve", evaluation.Curve ?? "",
            $"one of the benchmarks: {string.Join(", ", evaluation.All().Select(benchmark => benchmark.Key))}", Spelling.DidYouMean(evaluation.Curve ?? "", evaluation.All().Select(benchmark => benchmark.Key)), involved: $"{path}.benchmarks");
        foreach (var (at, benchmark) in BenchmarksOf(path, evaluation)) CheckBenchmark(at, benchmark, model);
    }

    private void CheckBenchmark(string path, BenchmarkRecipe benchmark, (string Path, ModelShape Model)? model)
    {
        Require(benchmark.Sampling.Temperature > 0 || benchmark.Samples == 1, $"{path}.samples", benchmark.Samples,
            "1 at temperature 0: all samples are the same", involved: $"{path}.sampling.temperature");
        if (CheckTask($"{path}.task", benchmark.Task!) is { } bounds)
        {
            Require(benchmark.Problems <= bounds.HeldOut, $"{path}.problems", benchmark.Problems,
                $"at most {bounds.HeldOut}: the held-out problems of task {benchmark.Task}", involved: [$"{path}.task", $"tasks.{benchmark.Task}"]);
        }
        Require(benchmark.Rewards.Count > 0 || recipe.AllRewards().Count > 0, $"{path}.rewards", "nothing", "at least one reward that judges the answers: no stage of the recipe has any", involved: "stages");
        CheckPrompt($"{path}.prompt", benchmark.Prompt, model);
        CheckLength(path, benchmark.Sampling, $"{path}.task", benchmark.Task!, model);
    }

    // The short form's one benchmark is the evaluation itself.
    private static IEnumerable<(string Path, BenchmarkRecipe Benchmark)> BenchmarksOf(string path, EvaluationRecipe evaluation) =>
        evaluation.Benchmarks.Count == 0 && evaluation.Task is null ? []
        : evaluation.All().Select(benchmark => (evaluation.Benchmarks.Count > 0 ? $"{path}.benchmarks.{benchmark.Key}" : path, benchmark.Value));

    private void CheckPrompt(string path, PromptRecipe prompt, (string Path, ModelShape Model)? model)
    {
        Require(prompt.System is null || prompt.Template == "chat", $"{path}.system", prompt.System ?? "", $"left out with template {prompt.Template}: only chat has a system message", involved: $"{path}.template");
        Require(model is null || prompt.Template == "plain", $"{path}.template", prompt.Template, "plain: a pretrained model knows only the symbols of its task");
    }

    private TaskBounds? CheckTask(string path, string name)
    {
        if (!recipe.Tasks.ContainsKey(name) && WasDropped("tasks", name)) return null;
        Require(recipe.Tasks.ContainsKey(name), path, name,
            recipe.Tasks.Count > 0 ? $"a name in \"tasks\": {string.Join(", ", recipe.Tasks.Keys)}" : "a name in \"tasks\", which has none",
            Spelling.DidYouMean(name, recipe.Tasks.Keys));
        return BoundsOf(name);
    }

    private void CheckWarmup(string path, OptimizerRecipe optimizer, int steps, string field) =>
        Require(optimizer.WarmupSteps <= steps, $"{path}.optimizer.warmupSteps", optimizer.WarmupSteps, $"at most {field}, {steps}", involved: $"{path}.{field}");

    private void CheckLength(string path, SamplingRecipe sampling, string taskPath, string task, (string Path, ModelShape Model)? model)
    {
        if (model is not var (modelPath, shape) || BoundsOf(task) is not { } bounds) return;
        Require((long)bounds.PromptTokens + sampling.MaxNewTokens <= shape.MaxPositions, $"{path}.sampling.maxNewTokens", sampling.MaxNewTokens,
            $"at most {Math.Max(0, shape.MaxPositions - bounds.PromptTokens)}: {modelPath}.maxPositions, {shape.MaxPositions}, less {bounds.PromptTokens} for the prompt",
            involved: [taskPath, $"tasks.{task}", $"{modelPath}.maxPositions"]);
    }

    // Limits of a task with a wrong setting are not known.
    private TaskBounds? BoundsOf(string task) =>
        problems.Concern($"tasks.{task}") ? null
        : TaskBounds.Of(recipe.Tasks.GetValueOrDefault(task)) ?? datasets.GetValueOrDefault(task);

    private (string Path, ModelShape Model)? ModelOf(string name)
    {
        while (stages.TryGetValue(name, out var stage))
        {
            if (stage is PretrainStage pretrain) return ($"stages.{name}.model", pretrain.Model);
            if (stage.From is not { } from || !Before(name).Any(earlier => earlier.Value.Models(earlier.Key).Contains(from))) return null;
            name = from;
        }
        return null;
    }

    private IEnumerable<KeyValuePair<string, StageRecipe>> Before(string name) => recipe.Stages.TakeWhile(stage => stage.Key != ModelNames.StageOf(name));

    // An entry that is there but could not be read is not a missing one.
    private bool WasDropped(string map, string name) => tree.Find($"{map}.{name}").Found || problems.Concern(map) && tree.Find(map) is { Found: true, Node: not ObjectNode };

    private void Require(bool holds, string path, object value, string allowed, string hint = "", params string[] involved)
    {
        if (holds || problems.Concern(path) || involved.Any(problems.Concern)) return;
        var (node, written) = tree.Find(path);
        var shown = written ? node.Shown : value is string text ? ScalarNode.Quote(text) : Convert.ToString(value, CultureInfo.InvariantCulture)!;
        problems.Add(node.At, path, shown, $"{shown}{(written ? "" : ", the default,")} is not allowed{hint}", allowed);
    }
}
