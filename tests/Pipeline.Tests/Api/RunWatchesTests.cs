using Microsoft.Extensions.Time.Testing;
using R1Cloud.Pipeline.Api;
using R1Cloud.Pipeline.Model;
using R1Cloud.Pipeline.Options;
using R1Cloud.Pipeline.Workers;

namespace R1Cloud.Pipeline.Tests.Api;

public sealed class RunWatchesTests
{
    private readonly WaitedForClock clock = new();
    private readonly Dictionary<string, int> looks = [];
    private Func<string, int, Exception?> trouble = (_, _) => null;

    [Fact]
    public async Task Readers_OfOneRun_ShareItsLooks()
    {
        var watches = Watches();
        var readers = Enumerable.Range(0, 8).Select(_ => watches.Open("a")).ToList();
        for (var look = 1; look <= 5; look++)
        {
            foreach (var reader in readers) (await reader.NextAsync(TestContext.Current.CancellationToken)).Run.EtaSeconds.ShouldBe(look);
            await AdvanceAsync();
        }
        // Eight readers, five looks each: the run was looked at once a time.
        foreach (var reader in readers) reader.Dispose();
        lock (looks) looks["a"].ShouldBeLessThanOrEqualTo(6);
    }

    [Fact]
    public void Open_MoreThanAllowed_IsRefusedUntilOneCloses()
    {
        var watches = Watches();
        var ofOne = Enumerable.Range(0, 8).Select(_ => watches.Open("a")).ToList();
        Should.Throw<TooManyException>(() => watches.Open("a")).Message.ShouldContain("'a'");
        var others = Enumerable.Range(0, 24).Select(i => watches.Open($"b{i}")).ToList();
        Should.Throw<TooManyException>(() => watches.Open("c")).Message.ShouldContain("32");
        others[0].Dispose();
        others[0].Dispose(); // once is enough
        using (watches.Open("c")) Should.Throw<TooManyException>(() => watches.Open("d"));
        ofOne[0].Dispose();
        watches.Open("a").Dispose();
        foreach (var reader in ofOne.Concat(others)) reader.Dispose();
    }

    [Fact]
    public async Task LastReader_Closes_NobodyLooksAnyMore()
    {
        var watches = Watches();
        var reader = watches.Open("a");
        await reader.NextAsync(TestContext.Current.CancellationToken);
        reader.Dispose();
        var before = looks["a"];
        for (var i = 0; i < 3; i++)
        {
            await Task.Delay(20, TestContext.Current.CancellationToken);
            clock.Advance(TimeSpan.FromSeconds(1));
        }
        looks["a"].ShouldBe(before);
        // Who comes later looks again.
        using var later = watches.Open("a");
        (await later.NextAsync(TestContext.Current.CancellationToken)).Run.EtaSeconds.ShouldBe(before + 1);
    }

    [Fact]
    public async Task LookThatFails_IsToldToAll_AndTheNextReaderBeginsAnew()
    {
        trouble = (_, look) => look == 1 ? new IOException("no storage") : null;
        var watches = Watches();
        using var first = watches.Open("a");
        using var second = watches.Open("a");
        foreach (var reader in new[] { first, second })
            (await Should.ThrowAsync<InvalidOperationException>(() => reader.NextAsync(TestContext.Current.CancellationToken)))
                .InnerException!.Message.ShouldBe("no storage");
        using var third = watches.Open("a");
        (await third.NextAsync(TestContext.Current.CancellationToken)).Run.EtaSeconds.ShouldBe(2);
    }

    private RunWatches Watches() => new(id => _ => Task.FromResult(Look(id)), new() { EventPollInterval = TimeSpan.FromSeconds(1) }, clock);

    private RunLook Look(string id)
    {
        int look;
        lock (looks) look = looks[id] = looks.GetValueOrDefault(id) + 1;
        return trouble(id, look) is { } error ? throw error : new(new RunView
        {
            Id = id, Name = id, RecipeHash = "", Status = RunStatus.Running, Stages = [], Workers = WorkerPoolView.None,
                Cost = new(0, 0, 0, "USD", ""), CreatedAt = clock.GetUtcNow(), EtaSeconds = look,
        }, []);
    }

    // A watch waits on the clock in a task of its own: it has come there when its timer is.
    private async Task AdvanceAsync()
    {
        await clock.WaitedFor.WaitAsync(TestContext.Current.CancellationToken);
        clock.Advance(TimeSpan.FromSeconds(1));
    }

    // A clock that says how often somebody began to wait on it.
    private sealed class WaitedForClock : FakeTimeProvider, IDisposable
    {
        public SemaphoreSlim WaitedFor { get; } = new(0);

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            var timer = base.CreateTimer(callback, state, dueTime, period);
            WaitedFor.Release();
            return timer;
        }

        public void Dispose() => WaitedFor.Dispose();
    }
}
