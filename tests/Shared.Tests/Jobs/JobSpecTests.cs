using System.Text.Json;
using R1Cloud.Shared.Jobs;
using R1Cloud.Shared.Recipes;
using R1Cloud.Shared.Recipes.Tasks;

namespace R1Cloud.Shared.Tests.Jobs;

public class JobSpecTests
{
    public static TheoryData<string> Kinds => new(Payloads.Keys);

    private static readonly Dictionary<string, JobPayload> Payloads = new JobPayload[]
    {
        new PretrainJob { Settings = new() { Task = "t" }, Tasks = new Dictionary<string, TaskRecipe> { ["t"] = new ArithmeticTask() },
            Checkpoint = "c/" },
        new RolloutJob { Settings = new() { Task = "t", From = "base" },
            Tasks = new Dictionary<string, TaskRecipe> { ["t"] = new ArithmeticTask() }, Iteration = 3, Policy = "p/", FirstQuestion = 1,
            QuestionCount = 2, Output = "o" },
        new UpdateJob { Settings = new() { Task = "t" }, Iteration = 3, Policy = "p/", Rollouts = ["a", "b"], Checkpoint = "c/" },
        new EvaluateJob { Settings = new() { Task = "t" }, Task = new ArithmeticTask(), Checkpoint = "c/" },
        new RewardModelJob { Settings = new() { Task = "t", From = "base", Scores = ScoredPart.Response },
            Task = new DatasetTask { Files = ["f"], Layout = DatasetLayout.Labels }, From = "b/", Checkpoint = "c/" },
        new NoopJob { Milliseconds = 3 },
    }.ToDictionary(payload => payload.Kind);

    [Theory, MemberData(nameof(Kinds))]
    public void Json_EveryKind_SurvivesTheRoundTrip(string kind)
    {
        var spec = new JobSpec { RunId = "run", JobId = JobId.Create("stage", 3, kind),
            Payload = Payloads[kind] with { Seed = 7, Stage = "stage" }, Notify = new("run:stage", "job:x") };

        var json = JsonSerializer.Serialize(spec, R1Json.Options);
        var back = JsonSerializer.Deserialize<JobSpec>(json, R1Json.Options)!;

        json.ShouldContain($"\"kind\":\"{kind}\"");
        back.Payload.ShouldBeOfType(spec.Payload.GetType());
        JsonSerializer.Serialize(back, R1Json.Options).ShouldBe(json);
    }
}
