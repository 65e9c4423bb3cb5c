using System.Text.Json;
using R1Cloud.Pipeline.Plan;
using R1Cloud.Shared;
using R1Cloud.Shared.Recipes;
using R1Cloud.Shared.Recipes.Tasks;

namespace R1Cloud.Pipeline.Tests.Plan;

public class RunPlannerTests
{
    private static RunPlanner Planner { get; } = PipelineRegistration.CreatePlanner();

    // 10⁶ operations a second, of which generating reaches half and training a quarter; 3.6 an hour is 0.001 a second.
    private static readonly PriceTable Prices = PriceTable.Parse("""
        { "currency": "EUR", "storagePerGigabyteMonth": 2, "devices": {
          "slow": { "teraflops": 1e-6, "generationUtilisation": 0.5, "trainingUtilisation": 0.25, "pricePerHour": 3.6, "date": "2026", "source": "test" } } }
        """, "prices.json");

    // A layer: attention 4×8 + 4×4, SwiGLU 3×4×8, norms 2×4; then the last norm and 24 tokens × 4.
    private const double Parameters = 152 + 4 + 96;

    [Fact]
    public void Plan_Pretrain_IsSixNATokenAndAttention()
    {
        var stage = Plan(Recipe()).Stages[0];

        stage.Kind.ShouldBe("pretrain");
        stage.Parameters.ShouldBe(Parameters);
        // 10 steps of 2 sequences of at most 32 tokens: 3 × (2·252·32 + 2·1·4·32²) each.
        stage.Work!.TrainedTokens.ShouldBe(640);
        stage.Work.TrainingFlops.ShouldBe(20 * 3 * 24_320);
        stage.Work.GeneratedTokens.ShouldBe(0);
        stage.Work.CheckpointBytes.ShouldBe(12 * Parameters);
        stage.WallSeconds!.Value.ShouldBe(1_459_200 / 250_000.0, 1e-9);
    }

    [Fact]
    public void Plan_Rl_FansShardsOutAndUpdatesOnOneNode()
    {
        var plan = Plan(Recipe());
        var stage = plan.Stages[1];

        // 40 completions of half of 26 tokens after 7 of prompt: a forward pass of 20 tokens takes 2·252·20 + 2·1·4·20² = 13,280.
        stage.Work!.GeneratedTokens.ShouldBe(40 * 13);
        stage.Work.TrainedTokens.ShouldBe(40 * 20);
        stage.Work.ScoredTokens.ShouldBe(40 * 20);
        stage.Work.GenerationFlops.ShouldBe(40 * 13_280);
        stage.Work.TrainingFlops.ShouldBe(40 * 13_280 * 4);
        stage.Work.CheckpointBytes.ShouldBe(3 * 12 * Parameters); // 2 and 4, and the last.
        stage.Work.RolloutBytes.ShouldBe(40 * 20 * 8);
        // Three shards on two nodes: two rounds of a third.
        stage.WallSeconds!.Value.ShouldBe(1.0624 * 2 / 3 + 8.4992, 1e-9);
        stage.DeviceHours!.Value.ShouldBe((1.0624 + 8.4992) / 3600, 1e-12);
        stage.Cost!.Value.ShouldBe(stage.WallSeconds.Value * 2 * 0.001, 1e-12);
        plan.WallSeconds.ShouldBe(plan.Stages.Sum(s => s.WallSeconds!.Value), 1e-9);
        plan.StorageCostPerMonth.ShouldBe((4 * 12 * Parameters + 6400) / 1e9 * 2, 1e-12);
    }

    [Fact]
    public void Plan_NodesOfSeveralGpus_DivideRolloutsAndReplicasAmongThem()
    {
        var prices = PriceTable.Parse("""
            { "currency": "EUR", "storagePerGigabyteMonth": 2, "devices": {
              "slow": { "teraflops": 1e-6, "generationUtilisation": 0.5, "trainingUtilisation": 0.25, "pricePerHour": 3.6, "date": "2026", "source": "test" },
              "slow4": { "teraflops": 1e-6, "gpusPerNode": 4, "generationUtilisation": 0.5, "trainingUtilisation": 0.25, "pricePerHour": 14.4, "date": "2026", "source": "test" } } }
            """, "prices.json");
        var recipe = Recipe() with { Workers = new() { Device = "cuda" } };
        StagePlan Stage(int replicas, string? device, string on = "cuda")
        {
            var stages = new OrderedDictionary<string, StageRecipe>(recipe.Stages) {
                ["r1"] = ((RlStage)recipe.Stages["r1"]) with { UpdateReplicas = replicas } };
            return Planner.Plan(recipe with { Stages = stages, Workers = new() { Device = on } }, new() { Nodes = 2, Device = device },
                prices).Stages[1];
        }

        // Rollouts and updates as on one device, above; what is sampled is divided by four.
        Stage(1, "slow4").WallSeconds!.Value.ShouldBe(1.0624 / 4 * 2 / 3 + 8.4992, 1e-9);
        Stage(4, "slow4").WallSeconds!.Value.ShouldBe(1.0624 / 4 * 2 / 3 + 8.4992 / 4, 1e-9);
        Stage(6, "slow4").WallSeconds!.Value.ShouldBe(1.0624 / 4 * 2 / 3 + 8.4992 * 2 / 6, 1e-9, "two rounds of a sixth");
        Stage(4, "slow").WallSeconds!.Value.ShouldBe(1.0624 * 2 / 3 + 8.4992, 1e-9, "one after the other");
        Stage(4, "slow4").Cost!.Value.ShouldBe(Stage(4, "slow4").WallSeconds!.Value * 2 * 0.004, 1e-12);
        Stage(4, "slow4").DeviceHours!.Value.ShouldBe((1.0624 + 8.4992) / 3600, 1e-12);

        // A model spread over two devices leaves half the replicas.
        var spread = Planner.Plan(recipe with { Workers = new() { Device = "cuda", DevicesPerReplica = 2 } },
            new() { Nodes = 2, Device = "slow4" }, prices);
        spread.Stages[1].WallSeconds!.Value.ShouldBe(1.0624 / 2 * 2 / 3 + 8.4992, 1e-9);
        spread.Assumptions.ShouldContain(sentence => sentence.Contains("among 2 copies of the model"));
        Planner.Plan(recipe with { Workers = new() { Device = "cuda", DevicesPerReplica = 2 } }, new(), prices).Device.ShouldBe("slow4");

        // The recipe's own list says how many of a machine's.
        Stage(2, null, "cuda:0,cuda:1").WallSeconds!.Value.ShouldBe(1.0624 / 2 * 2 / 3 + 8.4992 / 2, 1e-9);
        Stage(2, "slow", "cuda:0,cuda:1").WallSeconds!.Value.ShouldBe(1.0624 * 2 / 3 + 8.4992, 1e-9);
        Planner.Plan(recipe with { Workers = new() { Device = "cuda:0,cuda:1" } }, new() { Device = "slow" }, prices)
            .Assumptions.ShouldContain("The recipe's workers name 2 GPUs; a machine with slow has 1, and is planned for (--gpu).");
    }

    [Fact]
    public void Plan_StatesApart_StayWithTheCheckpointsOfKeepEvery()
    {
        var recipe = Recipe();
        var stages = new OrderedDictionary<string, StageRecipe>(recipe.Stages) {
            ["r1"] = ((RlStage)recipe.Stages["r1"]) with { KeepStateEvery = 2 } };
        Plan(recipe with { Stages = stages }).Stages[1].Work!.CheckpointBytes.ShouldBe((3 * 4 + 2 * 8) * Parameters); // states at 2 and 4
    }

    [Fact]
    public void Plan_Controls_CostAsMuchAsTheirStageEach()
    {
        var recipe = Recipe();
        var stages = new OrderedDictionary<string, StageRecipe>(recipe.Stages) {
            ["r1"] = ((RlStage)recipe.Stages["r1"]) with { Controls = [TrainingControl.RandomReward, TrainingControl.ZeroLearningRate] } };
        var (without, with) = (Plan(recipe), Plan(recipe with { Stages = stages }));
        var real = with.Stages.Single(stage => stage.Name == "r1");
        foreach (var name in (string[])["r1.random-reward", "r1.zero-learning-rate"])
        {
            var control = with.Stages.Single(stage => stage.Name == name);
            (control.DeviceHours, control.Cost, control.Work).ShouldBe((real.DeviceHours, real.Cost, real.Work));
        }
        with.DeviceHours.ShouldBe(without.DeviceHours + 2 * real.DeviceHours!.Value, 1e-12);
        // Side by side on two nodes: as long as the three take together.
        with.WallSeconds.ShouldBe(without.WallSeconds + 0.5 * real.WallSeconds!.Value, 1e-9);
    }

    [Fact]
    public void Plan_StageThatDoesNotFit_SaysByHowMuch()
    {
        var small = PriceTable.Parse("""
            { "currency": "EUR", "storagePerGigabyteMonth": 2, "devices": {
              "slow": { "teraflops": 1e-6, "memoryGigabytes": 1e-5, "generationUtilisation": 0.5, "trainingUtilisation": 0.25, "pricePerHour": 3.6, "date": "2026", "source": "test" } } }
            """, "prices.json");
        var stage = Planner.Plan(Recipe(), new() { Nodes = 1, Device = "slow" }, small).Stages[1];
        // 252 parameters, all trained: 16 bytes each, 4 of the reference; a mini-batch is one pass.
        stage.Memory!.Roles["weights"].ShouldBe(4 * Parameters);
        stage.Memory.Roles["optimizer moments"].ShouldBe(8 * Parameters);
        stage.Memory.Roles["reference"].ShouldBe(4 * Parameters);
        stage.Memory.MissingBytes!.Value.ShouldBe(stage.Memory.Bytes - 9500, 1e-6);
        Plan(Recipe()).Stages[1].Memory!.MissingBytes.ShouldBeNull("this table has no memory");
    }

    [Fact]
    public void Plan_NoKlTerm_ScoresNothing() => Plan(Recipe(kl: 0)).Stages[1].Work!.ScoredTokens.ShouldBe(0);

    [Fact]
    public void Plan_Evaluation_IsCountedAfterStagesAndAtPointsOfTheCurve()
    {
        var recipe = Recipe();
        var evaluation = new EvaluationRecipe { Task = "addition", Problems = 8, Samples = 2, Sampling = new() { MaxNewTokens = 26 } };
        var plan = Plan(recipe with { Evaluation = evaluation });
        plan.Stages[0].Work!.GeneratedTokens.ShouldBe(8 * 3 * 13);
        plan.Stages[1].Work!.GeneratedTokens.ShouldBe(40 * 13 + 8 * 3 * 13);

        // After 2 and 4 of 5 iterations, greedy only.
        var stages = new OrderedDictionary<string, StageRecipe>(recipe.Stages) {
            ["r1"] = ((RlStage)recipe.Stages["r1"]) with { EvaluateEvery = 2 } };
        Plan(recipe with { Evaluation = evaluation, Stages = stages }).Stages[1]
            .Work!.GeneratedTokens.ShouldBe(40 * 13 + 8 * 3 * 13 + 2 * 8 * 13);
    }

    [Fact]
    public void Plan_UnknownKindOrModel_HasNoEstimateRatherThanZero()
    {
        var recipe = Recipe();
        var stages = new OrderedDictionary<string, StageRecipe>(recipe.Stages) { ["odd"] = new OddStage { From = "r1" } };
        var plan = Plan(recipe with { Stages = stages });
        plan.Stages[2].Work.ShouldBeNull();
        plan.Stages[2].Cost.ShouldBeNull();
        plan.Stages[2].Note!.ShouldContain("OddStage");
        plan.NoEstimate.ShouldBe(["odd"]);

        var alone = recipe with { Stages = new OrderedDictionary<string, StageRecipe> { ["r1"] = recipe.Stages["r1"] } };
        Plan(alone).Stages[0].Note!.ShouldContain("--model");
        Planner.Plan(alone, new() { Device = "slow", Model = new(1000, 1, 4) }, Prices).Stages[0].Parameters.ShouldBe(1000);
    }

    [Fact]
    public void Plan_ImportedModel_IsAsLargeAsItSaysAndCostsWhatATokenPassesThrough()
    {
        var recipe = Recipe();
        var import = new ImportStage { Path = "blob:models/moe",
            Size = new() { Parameters = 10_000, ActiveParameters = 1000, Layers = 1, AttentionWidth = 4 } };
        var stages = new OrderedDictionary<string, StageRecipe> { ["base"] = import,
            ["r1"] = (RlStage)recipe.Stages["r1"] with { From = "base" } };
        var plan = Plan(recipe with { Stages = stages });
        plan.Stages[0].Work!.CheckpointBytes.ShouldBe(2 * 10_000, "16 bits a parameter, as published");
        plan.Stages[0].WallSeconds.ShouldBe(0);
        plan.Stages[1].Parameters.ShouldBe(10_000);
        plan.Stages[1].Work!.GenerationFlops.ShouldBe(40 * (2 * 1000 * 20 + 2 * 4 * 400));
        plan.Stages[1].Work!.CheckpointBytes.ShouldBe(3 * 12 * 10_000);

        stages["base"] = import with { Size = null };
        Plan(recipe with { Stages = stages }).Stages[1].Note!.ShouldContain("give its import stage a size");
    }

    [Fact]
    public void Plan_Students_TakeAsLongAsTheLongestWhereThereAreNodesEnough()
    {
        var recipe =
            Recipe() with { Evaluation = new() { Task = "addition", Problems = 8, Samples = 2, Sampling = new() { MaxNewTokens = 26 } } };
        // Without data stages the trainings take no time of their own; what is left is measuring two models, on two nodes at once or on one
        // in turn.
        ImportStage Import(double parameters) =>
            new() { Path = "blob:m", Size = new() { Parameters = parameters, Layers = 1, AttentionWidth = 4 } };
        var stages = new OrderedDictionary<string, StageRecipe> { ["d/a"] = Import(1000), ["d/b"] = Import(3000) };
        double Wall(int nodes) =>
            Planner.Plan(recipe with { Stages = stages }, new() { Nodes = nodes, Device = "slow" }, Prices).WallSeconds;
        var alone = Planner.Plan(recipe with { Stages = stages }, new() { Nodes = 1, Device = "slow" }, Prices)
            .Stages.Select(stage => stage.WallSeconds!.Value).ToList();
        Wall(1).ShouldBe(alone.Sum(), 1e-9);
        Wall(2).ShouldBe(alone.Max(), 1e-9);
    }

    [Fact]
    public void Plan_AsJson_HasTheFiguresByStage()
    {
        var json = JsonSerializer.SerializeToElement(Plan(Recipe()), R1Json.Options);
        json.GetProperty("currency").GetString().ShouldBe("EUR");
        json.GetProperty("nodes").GetInt32().ShouldBe(2);
        json.GetProperty("stages")[1].GetProperty("work").GetProperty("generatedTokens").GetDouble().ShouldBe(520);
        json.GetProperty("assumptions").GetArrayLength().ShouldBeGreaterThan(5);
    }

    [Theory]
    [InlineData(0, 0.5, "slow", "--nodes 0")]
    [InlineData(1, 0, "slow", "--length-share 0")]
    [InlineData(1, 1.5, "slow", "--length-share 1.5")]
    [InlineData(1, double.NaN, "slow", "--length-share")]
    [InlineData(1, 0.5, "fast", "it has: slow")]
    public void Plan_BadOption_IsBadInput(int nodes, double share, string device, string expected) =>
        Should.Throw<BadInputException>(() =>
            Planner.Plan(Recipe(), new() { Nodes = nodes, LengthShare = share, Device = device }, Prices))
            .Message.ShouldContain(expected);

    [Fact]
    public void Load_Config_CountsParametersOfAPublishedModel()
    {
        var file = Path.GetTempFileName();
        try
        {
            // Qwen2.5-0.5B without its biases: 494 million parameters.
            File.WriteAllText(file,
                """{"hidden_size":896,"num_hidden_layers":24,"num_attention_heads":14,"num_key_value_heads":2,"intermediate_size":4864,"vocab_size":151936,"tie_word_embeddings":true}""");
            PlanModel.Load(file).Parameters.ShouldBe(494.0e6, 0.1e6);
            File.WriteAllText(file, """{"hidden_size":896,"num_attention_heads":0}""");
            Should.Throw<BadInputException>(() => PlanModel.Load(file)).Message.ShouldContain("num_attention_heads: 0");
            File.WriteAllText(file, """{"num_attention_heads":2}""");
            Should.Throw<BadInputException>(() => PlanModel.Load(file)).Message.ShouldContain("hidden_size: is missing");
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact]
    public void Plan_DataStages_CountSamplesRowsAndEpochs()
    {
        var collect = new CollectStage { From = "r1", Task = "addition", Questions = 10, Samples = 4, Keep = 2, Shards = 2,
            Sampling = new() { MaxNewTokens = 26 } };
        var plan = Plan(
            With(("collect", collect), ("again", collect with { Rewrite = new ModelRewrite { Sampling = new() { MaxNewTokens = 20 } } }),
            ("dev1", new SftStage { From = "base", Data = ["collect"], Epochs = 3 }),
            ("mixed", new SftStage { From = "base", Data = ["collect", "again"], Epochs = 1,
                Proportions = new Dictionary<string, double> { ["collect"] = 1, ["again"] = 0.5 } })));

        var work = plan.Stages[2].Work!;
        (work.GeneratedTokens, work.GenerationFlops, work.FannedFlops, work.Shards).ShouldBe((40 * 13, 40 * 13_280, 40 * 13_280, 2));
        work.RolloutBytes.ShouldBe(20 * 20 * 4); // two rows a question of 7 + 13 tokens
        work.CheckpointBytes.ShouldBe(0);
        plan.Stages[2].WallSeconds!.Value.ShouldBe(40 * 13_280 / 500_000.0 / 2, 1e-9);
        // Besides, 20 drafts of 20 tokens are read and 10 tokens written for each: 2·252·30 + 2·1·4·30² = 22,320.
        (plan.Stages[3].Work!.GeneratedTokens, plan.Stages[3].Work!.GenerationFlops)
            .ShouldBe((40 * 13 + 20 * 10, 40 * 13_280 + 20 * 22_320));
        (plan.Stages[4].Work!.TrainedTokens, plan.Stages[4].Work!.TrainingFlops, plan.Stages[4].Work!.CheckpointBytes)
            .ShouldBe((3 * 20 * 20, 3 * 20 * 3 * 13_280, 12 * Parameters));
        plan.Stages[5].Work!.TrainedTokens.ShouldBe((20 + 10) * 20);
        plan.Assumptions.ShouldContain(sentence => sentence.Contains("bounds from above"));
        plan.NoEstimate.ShouldBeEmpty();
    }

    [Fact]
    public void Plan_SftOnADataSet_CountsItsRowsWhereTheyAreHere()
    {
        var file = Path.GetTempFileName() + ".jsonl";
        try
        {
            File.WriteAllLines(file, Enumerable.Range(0, 10).Select(i => $$"""{"prompt":"{{i}}234","completion":"12345678"}"""));
            var recipe = With(("sft", new SftStage { From = "base", Data = ["general"], Epochs = 2 }));
            Recipe On(string path) =>
                recipe with {
                    Tasks = new OrderedDictionary<string, TaskRecipe>(recipe.Tasks) {
                        ["general"] = new DatasetTask { Files = [path], Layout = DatasetLayout.Completions, HeldOutPercent = 0 } } };
            Plan(On(file), new TenRows()).Stages[2].Work!.TrainedTokens.ShouldBe(2 * 10 * 3); // 12 characters are taken for 3 tokens
            Plan(On(file)).Stages[2].Work.ShouldBeNull("this host reads no data sets");
            var unknown = Plan(On("blob:general.jsonl"), new TenRows());
            unknown.Stages[2].Work.ShouldBeNull();
            unknown.Stages[2].Note!.ShouldContain("known once the data is");
            unknown.NoEstimate.ShouldBe(["sft"]);
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact]
    public void Plan_DeviceLeftOut_IsWhatTheWorkersAskFor()
    {
        Planner.Plan(Recipe(), new(), PriceTable.Default).Device.ShouldBe("cpu");
        Planner.Plan(Recipe() with { Workers = new() { Device = "cuda:0" } }, new(), PriceTable.Default).Device.ShouldBe("h100");
    }

    [Fact]
    public void Plan_R1ZeroOfThePapersSize_IsOfThePapersOrder()
    {
        var file = Path.GetTempFileName();
        try
        {
            // DeepSeek-V3: 671 billion parameters of which 37 billion work on a token.
            File.WriteAllText(file, """
                {"hidden_size":7168,"num_hidden_layers":61,"num_attention_heads":128,"num_key_value_heads":128,"intermediate_size":18432,"vocab_size":129280,"tie_word_embeddings":false,
                 "q_lora_rank":1536,"kv_lora_rank":512,"qk_nope_head_dim":128,"qk_rope_head_dim":64,"v_head_dim":128,
                 "n_routed_experts":256,"n_shared_experts":1,"num_experts_per_tok":8,"moe_intermediate_size":2048,"first_k_dense_replace":3}
                """);
            var model = PlanModel.Load(file);
            model.Parameters.ShouldBe(671e9, 1e9);
            model.Active.ShouldBe(37.5e9, 0.6e9);
            model.AttentionWidth.ShouldBe(128 * 160);
            var recipe = Recipe() with
            {
                Tasks = new OrderedDictionary<string, TaskRecipe> { ["math"] = new DatasetTask { Files = ["blob:math.jsonl"] } },
                Stages = new OrderedDictionary<string, StageRecipe>
                {
                    ["r1-zero"] = new RlStage { From = "import", Task = "math", Iterations = 650, Questions = 512, GroupSize = 16,
                        Shards = 64, Loss = new() { KlWeight = 0.001 }, Sampling = new() { MaxNewTokens = 32_768 } },
                },
            };
            // 10,400 steps of 512 outputs. The paper says 101K hours of H800 for R1-Zero and 147K in all.
            var plan = Planner.Plan(recipe, new() { Device = "h100", Nodes = 64, Model = model }, PriceTable.Default);
            plan.DeviceHours.ShouldBeInRange(30_000, 300_000);
            plan.Assumptions.ShouldContain(sentence => sentence.Contains("mixture of experts"));
            TestContext.Current.SendDiagnosticMessage($"R1-Zero of DeepSeek-V3's size: {plan.DeviceHours:0} device hours.");
            if (Environment.GetEnvironmentVariable("R1_PLAN_SAMPLE") is { } path) File.WriteAllText(path, $"{plan.DeviceHours}");
        }
        finally
        {
            File.Delete(file);
        }
    }

    private static Recipe With(params (string Name, StageRecipe Stage)[] more)
    {
        var recipe = Recipe();
        var stages = new OrderedDictionary<string, StageRecipe>(recipe.Stages);
        foreach (var (name, stage) in more) stages.Add(name, stage);
        return recipe with { Stages = stages };
    }

    private static RunPlanEstimate Plan(Recipe recipe, IDatasetReader? datasets = null) =>
        Planner.Plan(recipe, new() { Nodes = 2, Device = "slow", Datasets = datasets }, Prices);

    // Ten rows of twelve characters.
    private sealed class TenRows : IDatasetReader
    {
        public DatasetFacts Read(DatasetTask task, Func<string, string>? locate = null) => new(Training: 10, HeldOut: 0, "1234",
            "12345678", TrainingLength: 12);

        public IReadOnlyList<DataProblem> ProblemsOf(string file) => [];
    }

    private static Recipe Recipe(double kl = 0.1) => new()
    {
        Name = "small",
        Tasks = new OrderedDictionary<string, TaskRecipe> { ["addition"] = new ArithmeticTask() },
        Stages = new OrderedDictionary<string, StageRecipe>
        {
            ["base"] = new PretrainStage
            {
                Task = "addition", Steps = 10, BatchSize = 2,
                    Model = new() { HiddenSize = 4, Layers = 1, Heads = 2, KvHeads = 1, IntermediateSize = 8 },
            },
            ["r1"] = new RlStage
            {
                From = "base", Task = "addition", Iterations = 5, Questions = 4, GroupSize = 2, Shards = 3, KeepEvery = 2,
                Sampling = new() { MaxNewTokens = 26 }, Loss = new() { KlWeight = kl },
            },
        },
    };

    private sealed record OddStage : StageRecipe;
}
