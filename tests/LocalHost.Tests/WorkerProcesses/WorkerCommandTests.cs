using R1Cloud.LocalHost.Environments;
using R1Cloud.LocalHost.WorkerProcesses;

namespace R1Cloud.LocalHost.Tests.WorkerProcesses;

public sealed class WorkerCommandTests : IDisposable
{
    private readonly TestFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Find_NothingNamed_TakesTheTrainerBuiltBesideTheHost()
    {
        var trainer = folder.Write("bin/GpuJob/debug/gpujob.dll", "");
        Directory.CreateDirectory(folder["bin/LocalHost/debug"]);
        WorkerCommand.Find(null, folder["bin/LocalHost/debug/"]).Arguments.ShouldBe([trainer]);
    }

    [Fact]
    public void Find_NothingBuilt_SaysHowToBuildIt() =>
        Should.Throw<EnvironmentException>(() => WorkerCommand.Find("", folder.Root)).Message.ShouldContain("Build it with ./r1");

    [Fact]
    public void Find_NamedProgram_IsStartedItself()
    {
        var program = folder.Write("worker", "");
        WorkerCommand.Find(program, folder.Root).FileName.ShouldBe(program);
    }

    [Fact]
    public void Find_NamedButMissing_NamesTheVariable() =>
        Should.Throw<EnvironmentException>(() => WorkerCommand.Find(folder["nowhere.dll"], folder.Root)).Message.ShouldContain("R1_GPUJOB");
}
