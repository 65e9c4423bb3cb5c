using R1Cloud.LocalHost.WorkerProcesses;

namespace R1Cloud.LocalHost.Tests.WorkerProcesses;

public sealed class FileWorkerLogsTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("r1-logs-").FullName;

    [Fact]
    public async Task Read_OfAFileThatIsWritten_FollowsItByWholeLines()
    {
        using var log = new WorkerLog(FileOf("run", "worker-0"));
        await log.CopyAsync(Lines("one\ntwo\n"), isError: false);
        var logs = new FileWorkerLogs(FileOf);

        var first = await logs.ReadAsync("run", "worker-0", new());
        await log.CopyAsync(Lines("three\n"), isError: false);
        var second = await logs.ReadAsync("run", "worker-0", new(After: first!.To));

        first.Text.ReplaceLineEndings("\n").ShouldBe("one\ntwo\n");
        second!.Text.ReplaceLineEndings("\n").ShouldBe("three\n");
        second.From.ShouldBe(first.To);
        second.To.ShouldBe(second.Size);
    }

    [Fact]
    public async Task Read_OfNoFile_IsNull() => (await new FileWorkerLogs(FileOf).ReadAsync("run", "worker-9", new())).ShouldBeNull();

    public void Dispose() => Directory.Delete(folder, recursive: true);

    private string FileOf(string run, string worker) => Path.Combine(folder, run, worker + ".log");

    private static StreamReader Lines(string text) => new(new MemoryStream(System.Text.Encoding.UTF8.GetBytes(text)));
}
