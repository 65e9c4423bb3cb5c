using R1Cloud.LocalHost.Environments;
using R1Cloud.LocalHost.Hosting;

namespace R1Cloud.LocalHost.Tests.Hosting;

public sealed class FullDiskTests
{
    [Fact]
    public void LogFile_DiskThatTakesNothing_GoesOn()
    {
        Assert.SkipUnless(File.Exists("/dev/full"), "there is no /dev/full");
        var log = new LogFile("/dev/full", append: true);
        for (var i = 0; i < 1000; i++) log.WriteLine(new string('x', 100));
        log.Dispose();
    }

    [Fact]
    public async Task Exhausted_DiskFillsUp_EndsWithTheFolderInTheReason()
    {
        var free = new Queue<long>([DiskSpace.Least, DiskSpace.Least - 1]);
        var watch = DiskSpace.ExhaustedAsync("/data", _ => free.Dequeue(), TimeProvider.System, default);
        watch.IsCompleted.ShouldBeFalse();
        (await watch).ShouldContain("'/data' is full");
        DiskSpace.Free(Path.GetTempPath()).ShouldBeGreaterThan(0);
    }
}
