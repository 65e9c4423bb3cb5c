using Microsoft.Extensions.Time.Testing;
using R1Cloud.GpuJob.Work;

namespace R1Cloud.GpuJob.Tests.Work;

public sealed class WorkingTimeTests
{
    private readonly FakeTimeProvider clock = new();

    [Fact]
    public async Task Read_JobsAndPauses_AreToldApart()
    {
        var time = new WorkingTime(clock);
        clock.Advance(TimeSpan.FromSeconds(2));
        await time.DuringAsync(async () =>
        {
            clock.Advance(TimeSpan.FromSeconds(5));
            time.Read().ShouldBe((TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(2)));
            await Task.Yield();
            return 0;
        });
        clock.Advance(TimeSpan.FromSeconds(3));
        time.Read().ShouldBe((TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(5)));
    }

    [Fact]
    public async Task Read_AJobThatThrew_CountsUpToThere()
    {
        var time = new WorkingTime(clock);
        await Should.ThrowAsync<InvalidOperationException>(() => time.DuringAsync<int>(() =>
        {
            clock.Advance(TimeSpan.FromSeconds(4));
            throw new InvalidOperationException();
        }));
        clock.Advance(TimeSpan.FromSeconds(1));
        time.Read().ShouldBe((TimeSpan.FromSeconds(4), TimeSpan.FromSeconds(1)));
    }
}
