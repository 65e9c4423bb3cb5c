using R1Cloud.GpuJob.Attempts;
using R1Cloud.GpuJob.Jobs.Importing;
using R1Cloud.GpuJob.Jobs.Rollouts;
using R1Cloud.GpuJob.Jobs.SupervisedTuning;
using R1Cloud.Shared.Jobs;
using R1Cloud.Shared.Recipes;
using R1Cloud.Shared.Recipes.Tasks;
using R1Cloud.Tokenizers.Tests;

namespace R1Cloud.GpuJob.Tests.Jobs;

/// <summary>A small model with a byte-level tokenizer and a chat template, as it might be published, and what a run does with it.</summary>
internal sealed class PublishedModel : IDisposable
{
    private readonly TokenizerFolder folder = new();

    /// <summary>Writes the folder.</summary>
    /// <param name="template">The chat template.</param>
    /// <param name="positions">The longest sequence.</param>
    public PublishedModel(string template, int positions = 256)
    {
        folder.With("tokenizer_config.json", """{ "eos_token": "<|end|>" }""").With("chat_template.jinja", template)
            .With("generation_config.json", """{ "eos_token_id": 1000 }""").Load();
        using var model = TestModels.Create(TestModels.Config(vocabulary: 1024, bias: true, positions: positions));
        model.Save(folder.Path);
    }

    public JobRunner Jobs { get; } = new();

    public string Path => folder.Path;

    public static PromptRecipe Chat { get; } = new() { Template = "chat" };

    public Task<JobOutcome> ImportAsync() =>
        Jobs.RunAsync(_ => new ImportHandler(),
            new ImportJob { Seed = 3, Stage = "base", Settings = new ImportStage { Path = Path }, Checkpoint = "base/", Step = 1 });

    /// <summary>A data set of rows written as JSON lines.</summary>
    public DatasetTask Task(DatasetLayout layout, params string[] rows)
    {
        var name = $"rows-{Guid.NewGuid():N}.jsonl";
        folder.With(name, string.Join('\n', rows));
        return new() { Files = [System.IO.Path.Combine(Path, name)], Layout = layout, HeldOutPercent = 0 };
    }

    public Task<JobOutcome> SftAsync(DatasetTask task, SftStage? stage = null, string to = "sft/") =>
        Jobs.RunAsync(models => new SftHandler(models), new SftJob
    {
        Seed = 3, Stage = "sft", From = "base/", Data = new Dictionary<string, IReadOnlyList<string>>(), Checkpoints = to,
        Tasks = new Dictionary<string, TaskRecipe> { ["rows"] = task },
        Settings = (stage ?? new() { Data = ["rows"], Epochs = 1, Optimizer = new() { LearningRate = 1e-3 } }) with { Data = ["rows"],
            Prompt = Chat },
    });

    public Task<JobOutcome> RolloutAsync(DatasetTask task, RlStage? stage = null, DateOnly? date = null, string policy = "base/") =>
        Jobs.RunAsync(models => new RolloutHandler(models), new RolloutJob
    {
        Seed = 3, Stage = "rl", Tasks = new Dictionary<string, TaskRecipe> { ["rows"] = task }, Iteration = 0, Policy = policy,
            FirstQuestion = 0, QuestionCount = 4, TemplateDate = date,
        Output = $"rollouts/{Guid.NewGuid():N}", Settings = (stage ?? JobRunner.Rl) with { Task = "rows", Prompt = Chat, Questions = 4 },
    });

    public void Dispose()
    {
        Jobs.Dispose();
        folder.Dispose();
    }
}
