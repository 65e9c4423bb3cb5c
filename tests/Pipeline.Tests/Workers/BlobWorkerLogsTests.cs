using R1Cloud.Pipeline.Tests.Support;
using R1Cloud.Pipeline.Workers;

namespace R1Cloud.Pipeline.Tests.Workers;

public class BlobWorkerLogsTests
{
    private readonly MemoryBlobs blobs = new();

    [Fact]
    public async Task Read_OfSeveralStarts_IsOneLogOfThatWorkerAlone()
    {
        await WriteAsync("worker-1-0/stdout.txt", "one\n");
        await WriteAsync("worker-1-1/stdout.txt", "two\n");
        await WriteAsync("worker-10-0/stdout.txt", "not mine\n");
        await WriteAsync("ledger.json", "{}");

        var part = await ReadAsync(new());

        part!.Text.ShouldBe("one\ntwo\n");
        (part.From, part.To, part.Size).ShouldBe((0, 8, 8));
        (await ReadAsync(new(After: 4)))!.Text.ShouldBe("two\n");
        (await ReadAsync(new(After: 8)))!.Text.ShouldBe("");
        (await ReadAsync(new(After: 99)))!.Text.ShouldBe("one\ntwo\n", "it was begun again");
        (await ReadAsync(new(Tail: 6)))!.Text.ShouldBe("two\n", "whole lines");
    }

    [Fact]
    public async Task Read_WithoutALog_IsNull() => (await ReadAsync(new())).ShouldBeNull();

    [Theory]
    [InlineData("a\nb\nc", 0, 5, true, "a\nb\n", 0, 4)]
    [InlineData("a\nb\nc", 0, 5, false, "a\nb\nc", 0, 5)]
    [InlineData("a\nb\nc\n", 10, 16, true, "b\nc\n", 12, 16)]
    [InlineData("no line", 10, 17, true, "no line", 10, 17)]
    public void Cut_OfBytes_IsAtLines(string bytes, long from, long size, bool grows, string text, long begin, long end)
    {
        var part = WorkerLogPart.Cut("w", new(), from, size, System.Text.Encoding.UTF8.GetBytes(bytes), grows);
        (part.Text, part.From, part.To).ShouldBe((text, begin, end));
    }

    private Task<WorkerLogPart?> ReadAsync(WorkerLogRange range) => new BlobWorkerLogs(blobs).ReadAsync("run", "worker-1", range);

    private Task WriteAsync(string file, string text) => blobs.WriteAsync("runs/run/workers/" + file, new BinaryData(text));
}
