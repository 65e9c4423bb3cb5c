using R1Cloud.GpuJob.Attempts;
using R1Cloud.GpuJob.Jobs.Checking;
using R1Cloud.Shared;
using R1Cloud.Shared.Jobs;
using R1Cloud.Shared.Metrics;
using R1Cloud.Shared.Recipes;
using R1Cloud.Shared.Recipes.Rewards;
using R1Cloud.Shared.Recipes.Tasks;

namespace R1Cloud.GpuJob.Tests.Jobs.Checking;

/// <summary>
/// Rows are read by more than the stage's own model and rewards: by teachers, reward models, rewriters, sources and measures.
/// </summary>
public sealed class CheckReadersTests : IDisposable
{
    private const string Template =
        "{% for m in messages %}<|begin|>{{ m.role }}:{{ m.content }}<|end|>{% endfor %}{% if add_generation_prompt "
        + "%}<|begin|>assistant:{% endif %}";
    private const int Positions = 64, MaxNewTokens = 16;

    private static readonly string Long = string.Join(' ', Enumerable.Repeat("a1", 14));

    private readonly PublishedModel model = new(Template, Positions), small = new(Template, Positions / 2);

    private static RlStage Rl { get; } =
        JobRunner.Rl with { From = "base", Task = "rows", Prompt = PublishedModel.Chat, Sampling = new() { MaxNewTokens = MaxNewTokens } };

    private static IReadOnlyDictionary<string, RewardRecipe> Exact { get; } =
        new Dictionary<string, RewardRecipe> { ["accuracy/exact"] = 1 };

    public void Dispose()
    {
        model.Dispose();
        small.Dispose();
    }

    [Fact]
    public async Task Check_RowsThatATeacherHasNoRoomFor_AreNamed()
    {
        var task = model.Task(DatasetLayout.Plain, Row("q"), Row(Long), Row(Long + Long + Long + Long));
        var taught = Rl with { Teacher = new() { From = "other" }, Prompt = Rl.Prompt with { TooLong = LongRows.LeaveOut } };
        var message = await FailAsync(task, ("other", new ImportStage { Path = small.Path }), ("rl", taught));
        message.ShouldStartWith("1 of the run's inputs");
        message.ShouldContain($"stages.rl: {task.Files[0]}(2): the teacher other cannot read it: its prompt has ");
        message.ShouldContain($"the model takes {Positions / 2}");
        (await CheckAsync(task, ("other", new ImportStage { Path = model.Path }), ("rl", taught)))
            .Metrics[MetricNames.RowsLeftOut].ShouldBe(1);
    }

    [Fact]
    public async Task Check_RowsThatARewardModelCannotRead_AreNamed()
    {
        var task = model.Task(DatasetLayout.Plain, Row("q"), Row(Long));
        var pairs = model.Task(DatasetLayout.Preferences, """{"prompt":"q","chosen":"c","rejected":"r"}""");
        var rewards = new Dictionary<string, RewardRecipe>
        {
            ["helpful/model"] = new() { Options = System.Text.Json.JsonSerializer.Deserialize<System.Text.Json.JsonElement>(
                """{ "stage": "judge" }""") },
        };
        var judge = new RewardModelStage { From = "other", Task = "pairs", Prompt = PublishedModel.Chat };
        var message = await FailAsync(task, pairs, ("other", new ImportStage { Path = small.Path }), ("judge", judge),
            ("rl", Rl with { Rewards = rewards }));
        message.ShouldStartWith("1 of the run's inputs");
        message.ShouldContain($"stages.rl: {task.Files[0]}(2): the reward model judge cannot read it: ");
    }

    [Fact]
    public async Task Check_RowsThatARewriterHasNoRoomFor_AreNamed()
    {
        var task = model.Task(DatasetLayout.Plain, Row("q"), Row(Long));
        CollectStage Collect(string? by) => new()
        {
            From = "base", Task = "rows", Prompt = PublishedModel.Chat, Sampling = Rl.Sampling, Rewards = Exact,
            Minimums = new Dictionary<string, double> { ["accuracy/exact"] = 1 },
            Rewrite = new ModelRewrite
            {
                From = by, Instruction = "{prompt}{draft}", Prompt = PublishedModel.Chat, Sampling = new() { MaxNewTokens = 8 },
            },
        };
        (await CheckAsync(task, ("collect", Collect(null)))).Metrics[MetricNames.Rows].ShouldBe(4);
        var message = await FailAsync(task, ("other", new ImportStage { Path = small.Path }), ("collect", Collect("other")));
        message.ShouldStartWith("1 of the run's inputs");
        message.ShouldContain($"stages.collect.rewrite: {task.Files[0]}(2): its prompt has ");
        message.ShouldContain("set stages.collect.rewrite.prompt.tooLong to leave-out");
    }

    [Fact]
    public async Task Check_RowsOfSources_AreMeasuredAndJudgedWhereTheyStand()
    {
        var task = model.Task(DatasetLayout.Plain, Row("q"), """{"question":"r","answer":"\\frac{1"}""",
            Row(Long + Long + Long + Long));
        var mathematics = new Dictionary<string, RewardRecipe> { ["accuracy/math"] = 1 };
        var stage = Rl with
        {
            Task = null, Rewards = new Dictionary<string, RewardRecipe>(), Sources = new Dictionary<string, PromptSource>
            {
                ["sums"] = new() { Task = "rows", Rewards = mathematics }, ["texts"] = new() { Task = "rows", Rewards = Exact },
            },
        };
        var message = await FailAsync(task, ("rl", stage));
        message.ShouldStartWith("3 of the run's inputs");
        message.ShouldContain($"stages.rl.sources.sums: {task.Files[0]}(2): accuracy/math: ");
        message.ShouldContain($"stages.rl.sources.texts: {task.Files[0]}(3): its prompt has ");
        message.ShouldContain("set stages.rl.prompt.tooLong to leave-out");
    }

    [Fact]
    public async Task Check_HeldOutRowsThatAMeasureCannotJudge_AreNamed()
    {
        var task = model.Task(DatasetLayout.Plain, Row("q"), """{"question":"r","answer":"\\frac{1"}""") with { HeldOutPercent = 100 };
        EvaluationRecipe Measure(string reward) => new()
        {
            Task = "rows", Problems = 2, Prompt = PublishedModel.Chat, Sampling = Rl.Sampling,
            Rewards = new Dictionary<string, RewardRecipe> { [reward] = 1 },
        };
        (await FailAsync(task, ("test", new EvaluateStage { From = "base", Evaluation = Measure("accuracy/math") })))
            .ShouldContain($"stages.test.evaluation: {task.Files[0]}(2): accuracy/math: ");
        await CheckAsync(task, ("test", new EvaluateStage { From = "base", Evaluation = Measure("accuracy/exact") }));
    }

    /// <summary>A student is a stage when the recipe is carried out; its problems name the fields of the recipe.</summary>
    [Fact]
    public async Task Check_RowsOfStudents_NameTheFieldsOfTheRecipe()
    {
        var task = model.Task(DatasetLayout.Plain, Row("q"), Row(Long + Long + Long + Long));
        var stage = new DistillStage
        {
            Mode = DistillMode.OnPolicy, Prompt = PublishedModel.Chat,
            OnPolicy = new() { Teacher = new() { From = "base" }, Task = "rows", Sampling = Rl.Sampling },
            Students = new Dictionary<string, StudentRecipe> { ["one"] = new() { From = "base" } },
        };
        var message = await FailAsync(task, ("distill", stage));
        message.ShouldContain($"stages.distill.students.one: {task.Files[0]}(2): its prompt has ");
        message.ShouldContain("set stages.distill.prompt.tooLong to leave-out");
    }

    /// <summary>What a conversation may call is told to the model, or refused: it is not left out in silence.</summary>
    [Fact]
    public async Task Check_RowsWithTools_AreToldByTheTemplateOrNamed()
    {
        const string Tools = """, "tools": [{ "type": "function", "function": { "name": "add" } }]""";
        static string Asks(string more) => $$"""{"messages":[{"role":"user","content":"q"}],"answer":"1"{{more}}}""";
        using var calling = new PublishedModel("{% if tools %}{{ tools[0].function.name }}{% endif %}" + Template, Positions);
        async Task<double> Learned(string more) => (await calling.SftAsync(calling.Task(DatasetLayout.Completions,
            $$"""{"messages":[{"role":"user","content":"q"},{"role":"assistant","content":"a"}]{{more}}}"""))).Metrics[MetricNames.Tokens];

        await calling.ImportAsync();
        (await Learned(Tools)).ShouldBeGreaterThan(await Learned(""));
        (await Learned(""", "tools": []""")).ShouldBe(await Learned(""));
        var task = model.Task(DatasetLayout.Plain, Asks(""), Asks(Tools).Replace("\"q\"", "\"r\"", StringComparison.Ordinal));
        (await FailAsync(task, ("rl", Rl))).ShouldContain($"stages.rl: {task.Files[0]}(2): the row has tools");
        (await FailAsync(model.Task(DatasetLayout.Plain, Asks(""", "tools": "[]" """)), ("rl", Rl))).ShouldContain("tools: \"[]\"");
    }

    /// <summary>A generator refuses such a prompt: so does the check before it.</summary>
    [Fact]
    public async Task Check_PromptsThatATemplateLeavesEmpty_AreNamed()
    {
        using var silent = new PublishedModel("{% if false %}{{ messages }}{% endif %}", Positions);
        var task = silent.Task(DatasetLayout.Plain, Row("q"));
        (await FailAsync(task, ("other", new ImportStage { Path = silent.Path }), ("rl", Rl with { From = "other" })))
            .ShouldContain($"stages.rl: {task.Files[0]}(1): the chat template writes nothing of the user's messages");
    }

    private static string Row(string prompt) => $$"""{"prompt":"{{prompt}}","answer":"1"}""";

    private async Task<string> FailAsync(DatasetTask task, params (string Name, StageRecipe Stage)[] stages) =>
        (await Should.ThrowAsync<BadInputException>(() => CheckAsync(task, stages))).Message;

    private async Task<string> FailAsync(DatasetTask task, DatasetTask pairs, params (string Name, StageRecipe Stage)[] stages) =>
        (await Should.ThrowAsync<BadInputException>(() => CheckAsync(task, pairs, stages))).Message;

    private Task<JobOutcome> CheckAsync(DatasetTask task, params (string Name, StageRecipe Stage)[] stages) =>
        CheckAsync(task, task, stages);

    private Task<JobOutcome> CheckAsync(DatasetTask task, DatasetTask pairs, (string Name, StageRecipe Stage)[] stages)
    {
        var all = new OrderedDictionary<string, StageRecipe> { { "base", new ImportStage { Path = model.Path } } };
        foreach (var (name, stage) in stages) all.Add(name, stage);
        var recipe = new Recipe
        {
            Name = "check", Tasks = new Dictionary<string, TaskRecipe> { ["rows"] = task, ["pairs"] = pairs }, Stages = all,
        };
        return model.Jobs.RunAsync(_ => new CheckHandler(), new CheckJob { Recipe = recipe.Expand() });
    }
}
