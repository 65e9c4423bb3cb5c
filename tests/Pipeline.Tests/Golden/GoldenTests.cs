using System.Text.Json;
using System.Text.RegularExpressions;
using R1Cloud.Pipeline.Model;
using R1Cloud.Pipeline.Reuse;
using R1Cloud.Pipeline.Tests.Support;
using R1Cloud.Shared;
using R1Cloud.Shared.Checkpoints;
using R1Cloud.Shared.Jobs;
using R1Cloud.Shared.Storage;

namespace R1Cloud.Pipeline.Tests.Golden;

/// <summary>
/// What an earlier version left behind in the midst of a run is gone on with: histories, statuses, job specs, checkpoints, stage records.
/// </summary>
public class GoldenTests
{
    private const string Variable = "R1_WRITE_GOLDEN";

    private static readonly (string Path, Type Type)[] Documents =
    [
        ("^runs/[^/]+/jobs/.+/spec.json$", typeof(JobSpec)),
        ("^runs/[^/]+/jobs/.+/result.json$", typeof(JobResult)),
        ("^runs/[^/]+/stages/.+.json$", typeof(StageRecord)),
        ("^runs/[^/]+/spec.json$", typeof(RunSpec)),
        ("/manifest.json$", typeof(CheckpointManifest)),
        ("^index/stages/", typeof(StageEntry)),
        ("^index/evaluations/", typeof(EvaluationEntry)),
        ("^index/last/", typeof(LastStageEntry)),
    ];

    /// <summary>Versions whose state is kept, each with all moments.</summary>
    public static TheoryData<string, string> States =>
        [.. Directory.GetDirectories(Testing.Repository.PathOf("tests", "Pipeline.Tests", "Golden"), "v*")
        .SelectMany(folder => GoldenMoment.All.Select(moment => new TheoryDataRow<string, string>(Path.GetFileName(folder), moment.Name)))];

    [Fact]
    public async Task Write_StateOfThisVersion()
    {
        var version = Environment.GetEnvironmentVariable(Variable);
        Assert.SkipUnless(version is { Length: > 0 }, $"{Variable} names no version to be, as in v3: its state is kept for those to come.");
        foreach (var moment in GoldenMoment.All)
        {
            File.Exists(moment.File(version)).ShouldBeFalse("a version's state is written once");
            (await moment.ReachAsync()).Write(moment.File(version));
        }
    }

    /// <summary>A version that is raised before its state was written leaves nothing to go on with.</summary>
    [Fact]
    public void States_OfTodaysVersion_AreKept()
    {
        foreach (var moment in GoldenMoment.All)
            File.Exists(moment.File($"v{RunInput.CurrentVersion}")).ShouldBeTrue($"{moment.Name}: write it by {Variable}");
    }

    [Theory, MemberData(nameof(States))]
    public async Task View_OfAnEarlierVersionsRun_IsAsItWas(string version, string name)
    {
        var golden = Read(version, name);
        await using var host = new PipelineHost(from: golden);
        await host.Engine.SuspendAsync(GoldenMoment.Run, null); // Nothing goes on while it is looked at.

        var view = await host.Runs.GetAsync(GoldenMoment.Run);

        Timeless(view with { Status = golden.View.Status }).ShouldBe(Timeless(golden.View));
    }

    [Theory, MemberData(nameof(States))]
    public async Task Run_OfAnEarlierVersion_GoesOnToTheEndWithoutRepeatingWhatIsDone(string version, string name)
    {
        var golden = Read(version, name);
        await using var host = new PipelineHost(from: golden);
        if (golden.View.Status == RunStatus.Paused) await host.Runs.ResumeAsync(GoldenMoment.Run);
        else if (golden.View.Status == RunStatus.Failed) await host.Runs.RetryAsync(GoldenMoment.Run);
        else if (golden.View.Status == RunStatus.Running) await host.Pool.EnsureAsync(GoldenMoment.Run, new());

        var view = await host.WaitAsync(GoldenMoment.Run, RunStatus.Completed);

        var done = golden.Paths.Where(path =>
            path.EndsWith("/result.json", StringComparison.Ordinal) && Status(golden.Blob(path)) == JobStatus.Succeeded).ToHashSet();
        host.Pool.Ran.ShouldAllBe(job => !done.Contains(BlobLayout.JobResult(GoldenMoment.Run, job)));
        if (name != "long") Outcome(view).ShouldBe(Outcome(Read(version, "completed").View));
        view.Stages.ShouldAllBe(stage => stage.Status == StageStatus.Completed && stage.Done == stage.Total);
        if (golden.View.Status != RunStatus.Completed) host.Blobs.Paths.ShouldContain(BlobLayout.Report(GoldenMoment.Run, "report.json"));
    }

    /// <summary>A field once written is never removed, only migrated.</summary>
    [Theory, MemberData(nameof(States))]
    public void Documents_OfAnEarlierVersion_AreReadWithEveryField(string version, string name)
    {
        var golden = Read(version, name);
        foreach (var path in golden.Paths)
        {
            var type = Documents.FirstOrDefault(kind => Regex.IsMatch(path, kind.Path)).Type;
            if (type is not null) ReadStrictly(path, golden.Blob(path), type);
        }
        foreach (var (id, status) in golden.Statuses)
        {
            var type = id == GoldenMoment.Run ? typeof(RunProgress) : typeof(StageProgress);
            if (status is not null) ReadStrictly($"the status of {id}", status, type);
        }
    }

    private static void ReadStrictly(string what, string json, Type type)
    {
        try
        {
            JsonSerializer.Deserialize(json, type, R1Json.Strict).ShouldNotBeNull(what);
        }
        catch (JsonException e)
        {
            throw new InvalidOperationException($"{what} is read by no {type.Name}: {e.Message}", e);
        }
    }

    private static GoldenState Read(string version, string name) =>
        GoldenState.Read(GoldenMoment.All.Single(moment => moment.Name == name).File(version));

    private static JobStatus Status(string result) => Parse<JobResult>(result).Status;

    private static T Parse<T>(string json) => JsonSerializer.Deserialize<T>(json, R1Json.Options)!;

    // Without what depends on the clock or on who looks, and what an earlier version did not tell.
    private static string Timeless(RunView view) =>
        JsonSerializer.Serialize(
            view with
            {
                Stages = [.. view.Stages.Select(stage => stage with { Needs = [] })], Workers = Pipeline.Workers.WorkerPoolView.None,
                EtaSeconds = null, Cost = new(0, 0, 0, "", ""), EndedAt = null,
            }, R1Json.Indented);

    private static string Outcome(RunView view) => string.Join('\n', view.Stages.Select(stage =>
        $"{stage.Label} {stage.Kind} {stage.Done}/{stage.Total} {stage.Checkpoint} {string.Join(' ', stage.Metrics.Where(metric => !metric.Key.Contains("time/", StringComparison.Ordinal)).OrderBy(metric => metric.Key, StringComparer.Ordinal))}"));
}
