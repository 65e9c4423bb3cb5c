using R1Cloud.LocalHost.Hosting;
using R1Cloud.Pipeline.Model;

namespace R1Cloud.LocalHost.Tests.Hosting;

public class RunFilesTests
{
    [Fact]
    public void Models_OfAChain_AreTheOnesInWhichItEndsAndTheResultIsNoStudent() =>
        Folders(
            Stage("base", "pretrain"), Stage("zero", "rl", "base"), Stage("collect", "collect", "zero", model: false),
                Stage("dev1", "sft", "base"), Stage("r1", "rl", "dev1"),
            Stage("small", "pretrain"), Stage("distill/half", "sft", "small"), Stage("distill/tiny", "sft", "small"),
                Stage("test", "evaluate", "distill/half"))
        .ShouldBe([("model", "r1"), ("models/distill/half", "distill/half"), ("models/distill/tiny", "distill/tiny")]);

    [Fact]
    public void Models_StudentsOnly_TheLastIsTheResult() =>
        Folders(Stage("small", "pretrain"), Stage("distill/half", "sft", "small"), Stage("distill/tiny", "sft", "small"))
        .ShouldBe([("model", "distill/tiny"), ("models/distill/half", "distill/half")]);

    [Fact]
    public void Models_OfAStoppedRun_AreThoseThereAre() =>
        Folders(Stage("base", "pretrain"), Stage("zero", "rl", "base", model: false)).ShouldBeEmpty();

    private static IEnumerable<(string, string)> Folders(params StageView[] stages) =>
        RunFiles.Models(stages).Select(model => (model.Folder.Replace(Path.DirectorySeparatorChar, '/'), model.Stage.Name));

    private static StageView Stage(string name, string kind, string? from = null, bool model = true) => new()
    {
        Name = name, Label = name, Kind = kind, Status = StageStatus.Completed, From = from,
            Checkpoint = model ? $"runs/x/checkpoints/{name}/step-000001/" : null,
    };
}
