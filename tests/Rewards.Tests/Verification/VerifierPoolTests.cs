using R1Cloud.Rewards.Scoring;
using R1Cloud.Rewards.Verification;
using R1Cloud.Shared;

namespace R1Cloud.Rewards.Tests.Verification;

public sealed class VerifierPoolTests
{
    private static VerificationRequest Ask(string reward, string text = "") => new(reward, new Completion(text, "", Finished: true));

    private static VerifierPool Pool(int workers = 1, double seconds = 300, long memory = 1L << 30, int queue = 1024) =>
        new(Options(workers, seconds, memory, queue));

    private static VerificationOptions Options(int workers = 1, double seconds = 300, long memory = 1L << 30, int queue = 1024) =>
        VerificationOptions.Default with
    {
        Command = ["dotnet", Path.Combine(AppContext.BaseDirectory, "R1Cloud.VerifierHost.dll")],
        Workers = workers, MemoryBytes = memory, QueueLength = queue,
            TimeLimit = reward => TimeSpan.FromSeconds(reward is "hang" or "spin" ? seconds : 300), StartGrace = TimeSpan.FromMinutes(30),
    };

    private static async Task ShouldGoOn(VerifierPool pool) =>
        (await pool.ScoreAsync(Ask("length", "four"))).ShouldBe(new Reward(4, "counted"));

    /// <summary>A limit's timer goes when the answer comes: of thousands of answers none goes on for its whole limit.</summary>
    [Fact]
    public async Task Score_Answered_LeavesNoTimerBehind()
    {
        var time = new CountedTimers();
        await using var pool = new VerifierPool(Options(workers: 1) with { Time = time });
        for (var i = 0; i < 5; i++) await ShouldGoOn(pool);
        (time.Made, time.Live).ShouldBe((5, 0));
    }

    [Theory]
    [InlineData("hang")]
    [InlineData("spin")]
    public async Task Score_Hung_IsKilledCountedAndReplaced(string reward)
    {
        await using var pool = Pool(seconds: 0.5);
        var id = (int)(await pool.ScoreAsync(Ask("pid"))).Score;

        var verdict = await pool.ScoreAsync(Ask(reward));

        verdict.Outcome.ShouldBe(RewardOutcome.Timeout);
        verdict.Reason.ShouldBe("killed after 0.5 s");
        pool.Timeouts.ShouldBe(1);
        Directory.Exists($"/proc/{id}").ShouldBeFalse();
        await ShouldGoOn(pool);
    }

    [Theory]
    [InlineData("crash", "told to crash")]
    [InlineData("exit", "exit code 7")]
    [InlineData("overflow", "exit code 134")]
    [InlineData("eat-managed", "the verifier ended")]
    [InlineData("eat-native", "the verifier ended")]
    public async Task Score_ProcessDies_IsAnErrorCountedAndReplaced(string reward, string reason)
    {
        await using var pool = Pool(memory: 512L << 20);

        var verdict = await pool.ScoreAsync(Ask(reward));

        verdict.Outcome.ShouldBe(RewardOutcome.Error);
        verdict.Reason.ShouldContain(reason);
        (pool.Crashes, pool.Timeouts).ShouldBe((1, 0));
        await ShouldGoOn(pool);
    }

    [Fact]
    public async Task Score_RewardThrows_IsAnErrorOfTheSameProcess()
    {
        await using var pool = Pool();
        var id = (await pool.ScoreAsync(Ask("pid"))).Score;
        (await pool.ScoreAsync(Ask("throw"))).ShouldBe(new Reward(0, "InvalidOperationException: told to throw", RewardOutcome.Error));
        (await pool.ScoreAsync(Ask("write"))).Score.ShouldBe(1);
        (await pool.ScoreAsync(Ask("pid"))).Score.ShouldBe(id);
    }

    [Theory]
    [InlineData("bad-input", "told that the input is bad")]
    [InlineData("unknown", "no reward unknown")]
    public async Task Score_BadInput_IsThrown(string reward, string message)
    {
        await using var pool = Pool();
        (await Should.ThrowAsync<BadInputException>(() => pool.ScoreAsync(Ask(reward)))).Message.ShouldBe(message);
        await ShouldGoOn(pool);
    }

    [Fact]
    public async Task Score_ManyAtOnceSomeBad_KeepTheirOrder()
    {
        await using var pool = Pool(workers: 3, seconds: 1, queue: 8); // far fewer places than requests
        var requests = Enumerable.Range(0, 300)
            .Select(index => index is 50 or 150 ? Ask("hang") : index is 51 or 250 ? Ask("exit") : Ask("length", new string('x', index)))
            .ToList();

        var verdicts = await pool.ScoreAsync(requests);

        for (var index = 0; index < verdicts.Count; index++)
        {
            var expected = index is 50 or 150 ? RewardOutcome.Timeout : index is 51 or 250 ? RewardOutcome.Error : RewardOutcome.Scored;
            verdicts[index].Outcome.ShouldBe(expected, $"request {index}: {verdicts[index].Reason}");
            if (expected == RewardOutcome.Scored) verdicts[index].Score.ShouldBe(index);
        }
        (pool.Timeouts, pool.Crashes, pool.Scored).ShouldBe((2, 2, 300));
    }

    [Fact]
    public async Task Dispose_WorkWaits_CancelsItAndLeavesNoProcess()
    {
        var (begun, patience) = (new TaskCompletionSource(), TimeSpan.FromMinutes(30));
        var pool = new VerifierPool(Options() with { TimeLimit = Patience });
        var id = (int)(await pool.ScoreAsync(Ask("pid"))).Score;
        var hung = pool.ScoreAsync(Ask("hang"));
        var waiting = pool.ScoreAsync(Ask("length"));
        await begun.Task.WaitAsync(patience);

        await pool.DisposeAsync();

        (await hung).Outcome.ShouldBe(RewardOutcome.Error);
        await Should.ThrowAsync<TaskCanceledException>(() => waiting);
        Directory.Exists($"/proc/{id}").ShouldBeFalse();

        TimeSpan Patience(string reward)
        {
            if (reward == "hang") begun.TrySetResult();
            return patience;
        }
    }

    [Fact]
    public async Task Score_Cancelled_StopsWaiting()
    {
        await using var pool = Pool();
        using var cancel = new CancellationTokenSource(300);
        await Should.ThrowAsync<OperationCanceledException>(() => pool.ScoreAsync(Ask("hang"), cancel.Token));
    }

    private sealed class CountedTimers : TimeProvider
    {
        private int made, live;

        public int Made => made;

        public int Live => live;

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            Interlocked.Increment(ref made);
            Interlocked.Increment(ref live);
            return new Counted(base.CreateTimer(callback, state, dueTime, period), () => Interlocked.Decrement(ref live));
        }

        private sealed class Counted(ITimer timer, Action gone) : ITimer
        {
            private Action? gone = gone;

            public bool Change(TimeSpan dueTime, TimeSpan period) => timer.Change(dueTime, period);

            public void Dispose()
            {
                Interlocked.Exchange(ref gone, null)?.Invoke();
                timer.Dispose();
            }

            public ValueTask DisposeAsync()
            {
                Dispose();
                return ValueTask.CompletedTask;
            }
        }
    }
}
