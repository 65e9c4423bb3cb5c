using R1Cloud.Shared;
using R1Cloud.Shared.Memory;
using R1Cloud.Shared.Recipes;
using R1Cloud.Shared.Recipes.Tasks;

namespace R1Cloud.Pipeline.Plan;

/// <summary>What a plan is made for.</summary>
public sealed record PlanOptions
{
    /// <summary>Machines, one worker each; null takes the recipe's workers.</summary>
    public int? Nodes { get; init; }
    /// <summary>The device's name in the price table; null takes what the recipe's workers ask for.</summary>
    public string? Device { get; init; }
    /// <summary>Expected length of a completion as a share of <c>maxNewTokens</c>.</summary>
    public double LengthShare { get; init; } = 0.5;
    /// <summary>The model of stages whose model the recipe does not shape.</summary>
    public PlanModel? Model { get; init; }
    /// <summary>Counts the rows of data sets; null where a host reads none, and stages that learn from such have no estimate.</summary>
    public IDatasetReader? Datasets { get; init; }
    /// <summary>Brings what the recipe names on the Hub; null where a host does not.</summary>
    public IHubReader? Hub { get; init; }
}

/// <summary>Estimates a run before it is launched.</summary>
public sealed class RunPlanner
{
    private const int MarkTokens = 7; // of a pretrained model: padding, end, begin and four tags, beside its tasks' characters

    private const string Cpu = "cpu";

    private readonly Dictionary<Type, IStageEstimator> estimators;

    internal RunPlanner(IEnumerable<IStageEstimator> estimators) =>
        this.estimators = estimators.ToDictionary(estimator => estimator.Recipe);

    /// <summary>Makes the plan.</summary>
    /// <exception cref="BadInputException">The table lacks the device, or an option is out of its limits.</exception>
    public RunPlanEstimate Plan(Recipe recipe, PlanOptions options, PriceTable prices)
    {
        options = options with { Device = options.Device ?? DeviceOf(recipe, prices) };
        var device = prices.Device(options.Device);
        var devices = Math.Min(Named(recipe) ?? device.GpusPerNode, device.GpusPerNode);
        var nodes = options.Nodes ?? recipe.Workers.Count;
        if (nodes is < 1 or > 1000) throw new BadInputException($"--nodes {nodes} is not allowed; allowed: 1 to 1000.");
        if (options.LengthShare is not (> 0 and <= 1))
            throw new BadInputException(
                FormattableString.Invariant($"--length-share {options.LengthShare} is not allowed; allowed: above 0, at most 1."));

        var machines = new Machines(nodes, devices, Math.Max(1, devices / recipe.Workers.DevicesPerReplica), device);
        recipe = recipe.Expand();
        var models = new Dictionary<string, PlanModel?>();
        var stages = new List<StagePlan>();
        foreach (var (name, stage) in recipe.Stages)
        {
            var model = stage switch
            {
                ImportStage import => PlanModel.Of(import, options.Hub) ?? options.Model,
                PretrainStage pretrain => PlanModel.Of(pretrain.Model, VocabularyOf(pretrain, recipe)),
                { From: { } from } => models.GetValueOrDefault(from) ?? options.Model,
                _ => options.Model,
            };
            models[name] = model;
            stages.Add(Stage(recipe, name, stage, model, options, machines));
        }

        var known = stages.Where(stage => stage.Work is not null).ToList();
        var seconds = Wall(known, nodes);
        var gigabytes = known.Sum(stage => stage.Work!.CheckpointBytes + stage.Work.RolloutBytes) / 1e9;
        return new()
        {
            Recipe = recipe.Name,
            Device = options.Device,
            Nodes = nodes,
            DevicesPerNode = devices,
            Currency = prices.Currency,
            Stages = stages,
            WallSeconds = seconds,
            DeviceHours = known.Sum(stage => stage.DeviceHours!.Value),
            Cost = seconds / 3600 * nodes * device.PricePerHour,
            StorageGigabytes = gigabytes,
            StorageCostPerMonth = gigabytes * prices.StoragePerGigabyteMonth,
            NoEstimate = [.. stages.Where(stage => stage.Work is null).Select(stage => stage.Name)],
            Assumptions = PlanAssumptions.Of(recipe, options, machines, prices),
        };
    }

    private static int VocabularyOf(PretrainStage stage, Recipe recipe) =>
        MarkTokens + stage.Corpora().SelectMany(corpus => TaskBounds.Of(recipe.Tasks.GetValueOrDefault(corpus.Key))?.Alphabet ?? "")
            .Distinct().Count();

    /// <summary>
    /// The device that a recipe's workers ask for: the table's first GPU for CUDA, of a machine with as many as the recipe names; else the
    /// CPU, where "auto" ends too without a GPU.
    /// </summary>
    public static string DeviceOf(Recipe recipe, PriceTable prices) =>
        recipe.Workers.OnGpu() && prices.Devices.FirstOrDefault(device =>
            device.Key != Cpu && device.Value.GpusPerNode >= (Named(recipe) ?? recipe.Workers.DevicesPerReplica)).Key is { } gpu
            ? gpu : Cpu;

    // How many GPUs a recipe names; null where it takes all that a machine has.
    private static int? Named(Recipe recipe) =>
        recipe.Workers.Device.Contains(':', StringComparison.Ordinal) ? recipe.Workers.Device.Split(',').Length : null;

    private StagePlan Stage(Recipe recipe, string name, StageRecipe stage, PlanModel? model, PlanOptions options, Machines machines)
    {
        var (nodes, _, replicas, device) = machines;
        var plan = new StagePlan { Name = name, Kind = stage.Kind() };
        if (estimators.GetValueOrDefault(stage.GetType()) is not { } estimator)
            return plan with { Note = $"no estimate: stages of kind '{plan.Kind}' have none yet" };
        if (model is null)
            return plan with {
                Note = "no estimate: the model is not known here; give its import stage a size, or name its config.json with --model" };

        var context = new EstimateContext(recipe, model, options.LengthShare, options.Datasets, options.Hub);
        if (estimator.Estimate(context, stage) is not { } work)
            return plan with { Note = "no estimate: known once the data is (a data set's rows cannot be counted here)" };
        if (stage.YieldsModel() && recipe.Evaluation is { } evaluation) work += context.Evaluate(evaluation);

        var generation = device.Teraflops * 1e12 * device.GenerationUtilisation;
        var generating = work.GenerationFlops / generation;
        var training = work.TrainingFlops / (device.Teraflops * 1e12 * device.TrainingUtilisation);
        // Shards are whole jobs: 3 shards on 2 nodes take as long as 2 on each. So are replicas on a node's devices, while what is sampled
        // is dealt out among them.
        static double Rounds(int parts, int places) => Math.Ceiling((double)parts / places) / parts;
        var wall = work.FannedFlops / generation / replicas * Rounds(work.Shards, nodes)
            + (work.GenerationFlops - work.FannedFlops) / generation / replicas
            + training * Rounds(work.TrainingShards, nodes) * Rounds(work.TrainingReplicas, replicas);
        return plan with
        {
            Parameters = model.Parameters,
            Work = work,
            Memory = work.Memory is null || model.Size is null ? null
                : MemoryNeed.Of(model.Size, work.Memory, device.MemoryGigabytes * 1e9 * recipe.Workers.DevicesPerReplica),
            DeviceHours = (generating + training) / 3600,
            WallSeconds = wall,
            Cost = wall / 3600 * nodes * device.PricePerHour,
        };
    }

    /// <summary>The machines of a plan.</summary>
    /// <param name="Nodes">How many.</param>
    /// <param name="Devices">Devices of each that its worker computes on.</param>
    /// <param name="Replicas">Replicas on each: its worker's devices, or so many of them as a model is spread over.</param>
    /// <param name="Device">The device, and the price of a machine.</param>
    internal sealed record Machines(int Nodes, int Devices, int Replicas, DevicePrice Device);

    /// <summary>
    /// Stages side by side take as long as the longest, or as they take together where there are fewer nodes than stages.
    /// </summary>
    internal static double Wall(IEnumerable<StagePlan> stages, int nodes) => stages
        .GroupBy(stage => ModelNames.StageOf(stage.Name), stage => stage.WallSeconds!.Value)
        .Sum(group => Math.Max(group.Max(), group.Sum() / Math.Min(nodes, group.Count())));
}
