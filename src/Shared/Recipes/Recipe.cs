using System.Text.Json.Serialization;
using R1Cloud.Shared.Recipes.Reading;
using R1Cloud.Shared.Recipes.Rewards;
using R1Cloud.Shared.Recipes.Tasks;

namespace R1Cloud.Shared.Recipes;

/// <summary>One run: the data it learns from and the stages that carry a model from nothing (or a base checkpoint) to a reasoner.</summary>
public sealed record Recipe
{
    /// <summary>The recipe's name; run ids begin with it. Lower-case letters, digits and single dashes, at most 40.</summary>
    [Name, NoEffect("no seed derives from it")]
    public required string Name { get; init; }

    /// <summary>What the recipe is for, in a sentence.</summary>
    [NoEffect("it is for people")]
    public string? Description { get; init; }

    /// <summary>The run's seed: every random draw derives from it.</summary>
    public long Seed { get; init; } = 1;

    /// <summary>
    /// The date that a chat template is told when it asks for today's (<c>strftime_now</c>), <c>YYYY-MM-DD</c>; null takes the day on which
    /// the run is created (UTC).
    /// </summary>
    [Date]
    public string? TemplateDate { get; init; }

    /// <summary>
    /// What samples: the trainer itself, or an inference engine beside the worker, whose configuration says where it runs
    /// (docs/engines.md).
    /// </summary>
    public SamplingEngine Engine { get; init; }

    /// <summary>Sources of verifiable problems by name; stages refer to them.</summary>
    [Name(OnNames = true), JsonConverter(typeof(OrderedMapConverter<TaskRecipe>))]
    public IReadOnlyDictionary<string, TaskRecipe> Tasks { get; init; } = new OrderedDictionary<string, TaskRecipe>();

    /// <summary>The stages in the order in which they run, by name.</summary>
    [Name(OnNames = true), NotEmpty, JsonConverter(typeof(OrderedMapConverter<StageRecipe>))]
    public required IReadOnlyDictionary<string, StageRecipe> Stages { get; init; }

    /// <summary>The evaluation made after every stage that yields a model; null for none.</summary>
    public EvaluationRecipe? Evaluation { get; init; }

    /// <summary>The workers that the run asks for.</summary>
    [NoEffect("the result does not depend on who makes it; a run's threads join its keys by themselves")]
    public WorkersRecipe Workers { get; init; } = new();

    /// <summary>How failing jobs are treated.</summary>
    [NoEffect("a job has one result, however often it was tried")]
    public JobsRecipe Jobs { get; init; } = new();

    /// <summary>What the run may cost: it pauses before it would spend more. Null sets no limit.</summary>
    [NoEffect("it holds a run and changes nothing of what it makes")]
    public BudgetRecipe? Budget { get; init; }

    /// <summary>Who is told what becomes of the run: names of the host's configuration (docs/services.md).</summary>
    [Name, NoEffect("it tells of the run and takes no part in it")]
    public IReadOnlyList<string> Notify { get; init; } = [];

    /// <summary>Trackers that are given the run's figures, too: names of the host's configuration (docs/services.md).</summary>
    [Name, NoEffect("it tells of the run and takes no part in it")]
    public IReadOnlyList<string> Tracking { get; init; } = [];

    /// <summary><see cref="TemplateDate"/> as a day; null where none is given.</summary>
    public DateOnly? TemplateDay() =>
        TemplateDate is { } date
        ? DateOnly.ParseExact(date, DateAttribute.Format, System.Globalization.CultureInfo.InvariantCulture) : null;

    /// <summary>The rewards of all stages by name, of several of a name the last one's: what judges evaluations that name none.</summary>
    public IReadOnlyDictionary<string, RewardRecipe> AllRewards() =>
        Stages.Values.SelectMany(stage => stage.RewardSets()).SelectMany(set => set.Rewards).GroupBy(reward => reward.Key)
        .ToDictionary(group => group.Key, group => group.Last().Value);

    /// <summary>The stages whose results a stage depends on: it runs again with them, and it sees no other stage's result.</summary>
    /// <param name="name">The stage, of the recipe as it is carried out.</param>
    public IReadOnlyList<string> InputsOf(string name)
    {
        var judges = Stages[name] is EvaluateStage { Evaluation: var evaluation } ? JudgesOf(evaluation, name) : [];
        return [.. Stages[name].Inputs().Where(Stages.ContainsKey).Concat(judges).Distinct()];
    }

    /// <summary>The reward models that an evaluation of a stage's model asks: those of its rewards that are there by then.</summary>
    /// <param name="evaluation">What is measured.</param>
    /// <param name="name">The stage, of the recipe as it is carried out.</param>
    public IReadOnlyList<string> JudgesOf(EvaluationRecipe evaluation, string name)
    {
        ArgumentNullException.ThrowIfNull(evaluation);
        var rewards = evaluation.All().SelectMany(benchmark => benchmark.Value.Rewards)
            .Concat(evaluation.TakesAllRewards() ? AllRewards() : new Dictionary<string, RewardRecipe>());
        var asked = rewards.Select(reward => ModelRewardCatalog.StageOf(reward.Key, reward.Value)).ToHashSet();
        return [.. Stages.TakeWhile(stage => stage.Key != name).Where(stage => stage.Value is RewardModelStage && asked.Contains(stage.Key))
            .Select(stage => stage.Key)];
    }

    /// <summary>The stage beside which another one runs as its control; null where it is none of that.</summary>
    /// <param name="name">The stage, of the recipe as it is carried out.</param>
    public string? ControlOf(string name) =>
        Stages.GetValueOrDefault(name) is RlStage { Control: not null } && ModelNames.IsStudent(name) ? ModelNames.StageOf(name) : null;

    /// <summary>
    /// The recipe as it is carried out: in place of a distill stage the trainings of its students, and beside an RL stage its controls,
    /// each under its model's name, which run side by side.
    /// </summary>
    public Recipe Expand()
    {
        if (!Stages.Values.Any(stage => stage is DistillStage or RlStage { Controls: not null })) return this;
        var stages = new OrderedDictionary<string, StageRecipe>();
        foreach (var (name, stage) in Stages)
        {
            IEnumerable<KeyValuePair<string, StageRecipe>> trainings = stage switch
            {
                DistillStage distill => distill.Trainings(name),
                RlStage rl => rl.Trainings(name),
                _ => [KeyValuePair.Create(name, stage)],
            };
            foreach (var (model, training) in trainings) stages.Add(model, training);
        }
        return this with { Stages = stages };
    }
}
