using R1Cloud.GpuJob.Attempts;
using R1Cloud.GpuJob.Commands;
using R1Cloud.GpuJob.Jobs.Checking;
using R1Cloud.GpuJob.Jobs.Rollouts;
using R1Cloud.GpuJob.Jobs.SupervisedTuning;
using R1Cloud.Shared;
using R1Cloud.Shared.Jobs;
using R1Cloud.Shared.Metrics;
using R1Cloud.Shared.Recipes;
using R1Cloud.Shared.Recipes.Rewards;
using R1Cloud.Shared.Recipes.Tasks;
using R1Cloud.Shared.Storage;

namespace R1Cloud.GpuJob.Tests.Jobs.Checking;

/// <summary>What is reported of a run's inputs before it begins.</summary>
public sealed class CheckJobTests : IDisposable
{
    private const string Template =
        "{% for m in messages %}<|begin|>{{ m.role }}:{{ m.content }}<|end|>{% endfor %}{% if add_generation_prompt "
        + "%}<|begin|>assistant:{% endif %}";
    private const int Positions = 64, MaxNewTokens = 16;

    private static readonly string Long = string.Join(' ', Enumerable.Repeat("a1", 40));

    private readonly PublishedModel model = new(Template, Positions);

    private static RlStage Rl { get; } =
        JobRunner.Rl with { From = "base", Task = "rows", Prompt = PublishedModel.Chat, Sampling = new() { MaxNewTokens = MaxNewTokens } };

    public void Dispose() => model.Dispose();

    [Fact]
    public async Task Check_RowsThatFit_AreCounted()
    {
        var outcome = await CheckAsync(Recipe(model.Task(DatasetLayout.Plain, Row("q"), Row("r")), ("rl", Rl)));
        (outcome.Metrics[MetricNames.Rows], outcome.Metrics[MetricNames.RowsLeftOut]).ShouldBe((2, 0));
    }

    [Fact]
    public async Task Check_RowsThatDoNotFit_AreAllNamedByFileAndRow()
    {
        var task = model.Task(DatasetLayout.Plain, Row("q"), Row(Long), Row("r"), Row(Long + "b"));
        var message = await FailAsync(Recipe(task, ("rl", Rl)));
        message.ShouldContain($"stages.rl: {task.Files[0]}(2): its prompt has ");
        message.ShouldContain($"{task.Files[0]}(4)");
        message.ShouldContain($"the model takes {Positions}, of which maxNewTokens wants {MaxNewTokens}");
        message.ShouldNotContain("(1):");
        message.ShouldStartWith("2 of the run's inputs cannot be used");
    }

    [Fact]
    public async Task Check_RowsToLeaveOut_AreCountedAndNeverAsked()
    {
        await model.ImportAsync();
        var task = model.Task(DatasetLayout.Plain, Row("q"), Row(Long), Row("r"));
        var stage = Rl with { Prompt = PublishedModel.Chat with { TooLong = LongRows.LeaveOut } };
        var outcome = await CheckAsync(Recipe(task, ("rl", stage)));
        (outcome.Metrics[MetricNames.Rows], outcome.Metrics[MetricNames.RowsLeftOut], outcome.Metrics["rows/left-out/stages.rl/rows"])
            .ShouldBe((3, 1, 1));

        var rollout = await model.Jobs.RunAsync(models => new RolloutHandler(models), new RolloutJob
        {
            Seed = 3, Stage = "rl", Tasks = new Dictionary<string, TaskRecipe> { ["rows"] = task }, Iteration = 0, Policy = "base/",
                FirstQuestion = 0, QuestionCount = 6, Output = "r", Settings = stage with { Questions = 6 },
        });
        var questions = (await model.Jobs.Blobs.TryReadAsync(rollout.Outputs["samples"]))!.ToString();
        questions.ShouldContain("\"q\"");
        questions.ShouldNotContain(Long);
    }

    [Fact]
    public async Task Check_RowsThatARewardCannotJudge_AreNamedByFileAndRow()
    {
        var task = model.Task(DatasetLayout.Plain, Row("q"), """{"question":"r","answer":"\\frac{1"}""");
        var stage = Rl with { Rewards = new Dictionary<string, RewardRecipe> { ["accuracy/math"] = 1 } };
        (await FailAsync(Recipe(task, ("rl", stage)))).ShouldContain($"stages.rl: {task.Files[0]}(2): accuracy/math: the right answer");
    }

    [Fact]
    public async Task Check_NothingLeft_IsAnError() =>
        (await FailAsync(
            Recipe(model.Task(DatasetLayout.Plain, Row(Long)),
                ("rl", Rl with { Prompt = PublishedModel.Chat with { TooLong = LongRows.LeaveOut } }))))
        .ShouldContain("not one of the 1 rows of rows fits into the model");

    [Fact]
    public async Task Check_WhatIsLearned_IsMeasuredWithItsCompletion()
    {
        var task = model.Task(DatasetLayout.Completions, """{"prompt":"q","completion":"a"}""",
            $$"""{"prompt":"q2","completion":"{{Long}}"}""");
        (await FailAsync(Recipe(task, ("sft", new SftStage { From = "base", Data = ["rows"], Prompt = PublishedModel.Chat }))))
            .ShouldContain($"stages.sft: {task.Files[0]}(2): it has ");

        await model.ImportAsync();
        var outcome = await model.Jobs.RunAsync(models => new SftHandler(models), new SftJob
        {
            Seed = 3, Stage = "sft", From = "base/", Data = new Dictionary<string, IReadOnlyList<string>>(),
                Tasks = new Dictionary<string, TaskRecipe> { ["rows"] = task }, Checkpoints = "sft/",
            Settings = new() { Data = ["rows"], Epochs = 1, Prompt = PublishedModel.Chat with { TooLong = LongRows.LeaveOut } },
        });
        (outcome.Metrics[MetricNames.Rows], outcome.Metrics[MetricNames.RowsLeftOut]).ShouldBe((1, 1));
    }

    [Theory]
    [InlineData(DatasetLayout.Preferences, RewardObjective.Pairwise, """{"prompt":"q","chosen":"c","rejected":"LONG"}""", "rejected has ")]
    [InlineData(DatasetLayout.Preferences, RewardObjective.Pairwise, """{"prompt":"q","chosen":"<think>c","rejected":"r"}""",
        "the thinking of chosen does not end")]
    [InlineData(DatasetLayout.Labels, RewardObjective.Pointwise, """{"prompt":"q","response":"LONG","safe":true}""", "response has ")]
    public async Task Check_WhatARewardModelReads_IsMeasured(DatasetLayout layout, RewardObjective objective, string row, string expected)
    {
        var task = model.Task(layout, row.Replace("LONG", Long, StringComparison.Ordinal));
        (await FailAsync(
            Recipe(task,
                ("judge", new RewardModelStage { From = "base", Task = "rows", Objective = objective, Prompt = PublishedModel.Chat }))))
            .ShouldContain($"stages.judge: {task.Files[0]}(1): {expected}");
    }

    [Fact]
    public async Task Check_Evaluation_IsMeasuredOnHeldOutRows()
    {
        var task = model.Task(DatasetLayout.Plain, Row("q"), Row(Long)) with { HeldOutPercent = 100 };
        var recipe =
            Recipe(task) with {
                Evaluation = new() { Task = "rows", Problems = 2, Prompt = PublishedModel.Chat,
                    Sampling = new() { MaxNewTokens = MaxNewTokens } } };
        (await FailAsync(recipe)).ShouldContain($"evaluation: {task.Files[0]}(2)");
    }

    /// <summary>The template refuses two messages of the user one after the other.</summary>
    [Fact]
    public async Task Check_RowThatTheTemplateRefuses_IsNamed()
    {
        using var strict = new PublishedModel("{% if messages|length > 1 %}{{ raise_exception('one message, please') }}{% endif %}"
            + Template, Positions);
        var task = strict.Task(DatasetLayout.Plain, Row("q"),
            """{"messages":[{"role":"user","content":"a"},{"role":"user","content":"b"}],"answer":"1"}""");
        (await FailAsync(Recipe(task, ("rl", Rl)) with { Stages = Stages(("base", new ImportStage { Path = strict.Path }), ("rl", Rl)) }))
            .ShouldContain($"{task.Files[0]}(2): ");
    }

    [Fact]
    public async Task Check_InputsInStorage_AreLookedAt()
    {
        var local = model.Task(DatasetLayout.Plain, Row("q"), Row(Long));
        await model.Jobs.Blobs.UploadAsync("data/rows.jsonl", local.Files[0]);
        foreach (var name in new[] { "config.json", "tokenizer.json", "tokenizer_config.json", "chat_template.jinja",
            "generation_config.json" }) await model.Jobs.Blobs.UploadAsync("models/tiny/" + name, Path.Combine(model.Path, name));
        var recipe =
            Recipe(local with { Files = ["blob:data/rows.jsonl"] }) with {
                Stages = Stages(("base", new ImportStage { Path = "blob:models/tiny" }), ("rl", Rl)) };
        (await FailAsync(recipe)).ShouldContain("stages.rl: blob:data/rows.jsonl(2): its prompt has ");
        (await FailAsync(recipe with { Stages = Stages(("base", new ImportStage { Path = "blob:models/none" }), ("rl", Rl)) }))
            .ShouldContain("stages.base: ");
        (await FailAsync(Recipe(local with { Files = ["blob:data/none.jsonl"] }, ("rl", Rl)))).ShouldContain("tasks.rows: ");
    }

    [Fact]
    public async Task Check_CharacterThatAPretrainedModelLacks_IsNamedWithItsRow()
    {
        var task = model.Task(DatasetLayout.Plain, Row("1+1="), Row("é"));
        var recipe =
            Recipe(task) with { Tasks = new Dictionary<string, TaskRecipe> { ["rows"] = task, ["sums"] = JobRunner.Task },
                Stages = Stages(("base", JobRunner.Pretraining with { Task = "sums" }), ("rl", Rl with { Prompt = new() })) };
        (await FailAsync(recipe)).ShouldContain($"stages.rl: {task.Files[0]}(2): ");
    }

    [Fact]
    public async Task Check_TeacherWithOtherTokens_IsToldBeforeAnythingIsComputed()
    {
        var task = model.Task(DatasetLayout.Plain, Row("q"));
        var tasks = new Dictionary<string, TaskRecipe> { ["rows"] = task, ["sums"] = JobRunner.Task };
        Recipe Taught(string by) => Recipe(task) with
        {
            Tasks = tasks,
            Stages = Stages(("base", new ImportStage { Path = model.Path }), ("same", new ImportStage { Path = model.Path }),
                ("other", JobRunner.Pretraining with { Task = "sums" }), ("rl", Rl with { Teacher = new() { From = by } })),
        };
        (await CheckAsync(Taught("same"))).Metrics[MetricNames.Rows].ShouldBe(1);
        (await FailAsync(Taught("other"))).ShouldContain("stages.rl: the teacher other has other tokens than the student, id ");
    }

    [Fact]
    public async Task CheckCommand_OfARecipe_TellsRowsAndProblems()
    {
        var (good, bad) = (model.Task(DatasetLayout.Plain, Row("q")), model.Task(DatasetLayout.Plain, Row("q"), Row(Long)));
        (await CommandAsync(good)).ShouldBe((ExitCodes.Done, "stages.rl: 1 rows of rows", ""));
        var (code, _, error) = await CommandAsync(bad);
        code.ShouldBe(ExitCodes.BadInput);
        error.ShouldStartWith($"stages.rl: {bad.Files[0]}(2): its prompt has ");

        async Task<(int, string, string)> CommandAsync(DatasetTask task)
        {
            var json = $$"""
                { "name": "tiny", "tasks": { "rows": { "kind": "dataset", "files": ["{{task.Files[0]}}"], "heldOutPercent": 0 } },
                  "stages": { "base": { "kind": "import", "path": "{{model.Path}}" }, "rl": { "kind": "rl", "from": "base", "task": "rows", "iterations": 1, "questions": 2, "groupSize": 2, "miniBatches": 1,
                    "prompt": { "template": "chat" }, "sampling": { "maxNewTokens": {{MaxNewTokens}} }, "rewards": { "accuracy/exact": 1 } } } }
                """;
            var (output, error) = (new StringWriter(), new StringWriter());
            var exit = await TrainerCommandLine.RunAsync(["check", "-"], new CommandStreams(new StringReader(json), output, error));
            return (exit, output.ToString().Trim(), error.ToString().Trim());
        }
    }

    [Fact]
    public async Task Rollout_PromptWithoutRoom_IsBadInputWithItsRow()
    {
        await model.ImportAsync();
        var task = model.Task(DatasetLayout.Plain, Row(Long));
        (await Should.ThrowAsync<BadInputException>(() => model.RolloutAsync(task)))
            .Message.ShouldStartWith($"{task.Files[0]}(1): its prompt has ");
    }

    private static string Row(string prompt) => $$"""{"prompt":"{{prompt}}","answer":"1"}""";

    private Recipe Recipe(DatasetTask task, params (string Name, StageRecipe Stage)[] stages) => new()
    {
        Name = "check", Tasks = new Dictionary<string, TaskRecipe> { ["rows"] = task },
            Stages = Stages([("base", new ImportStage { Path = model.Path }), .. stages]),
    };

    private static OrderedDictionary<string, StageRecipe> Stages(params (string Name, StageRecipe Stage)[] stages)
    {
        var all = new OrderedDictionary<string, StageRecipe>();
        foreach (var (name, stage) in stages) all.Add(name, stage);
        return all;
    }

    private async Task<string> FailAsync(Recipe recipe) => (await Should.ThrowAsync<BadInputException>(() => CheckAsync(recipe))).Message;

    private Task<JobOutcome> CheckAsync(Recipe recipe) => model.Jobs.RunAsync(_ => new CheckHandler(), new CheckJob { Recipe = recipe });
}
