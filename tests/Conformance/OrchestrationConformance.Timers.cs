namespace R1Cloud.Conformance;

public abstract partial class OrchestrationConformance
{
    [Fact]
    public async Task CreateTimer_FiresAtItsTime()
    {
        var registry = Main<double>(async context =>
        {
            var begin = context.CurrentUtcDateTime;
            await context.CreateTimer(begin.AddMilliseconds(300) + TimerPrecision, CancellationToken.None);
            return (context.CurrentUtcDateTime - begin).TotalMilliseconds;
        });

        Output<double>(await RunAsync(registry)).ShouldBeGreaterThanOrEqualTo(300);
    }

    [Fact]
    public async Task CreateTimer_InThePast_FiresAtOnce()
    {
        var registry = Main<bool>(async context =>
        {
            await context.CreateTimer(context.CurrentUtcDateTime.AddYears(-1), CancellationToken.None);
            return true;
        });

        Output<bool>(await RunAsync(registry)).ShouldBeTrue();
    }

    [Fact]
    public async Task CreateTimer_Several_FireInOrderOfTime()
    {
        var registry = Main<int[]>(async context =>
        {
            var order = new List<int>();
            var begin = context.CurrentUtcDateTime;
            await Task.WhenAll(new[] { 3, 1, 2 }.Select(async n =>
            {
                await context.CreateTimer(begin + (n * (TimerPrecision + TimeSpan.FromMilliseconds(100))), CancellationToken.None);
                order.Add(n);
            }));
            return [.. order];
        });

        Output<int[]>(await RunAsync(registry)).ShouldBe([1, 2, 3]);
    }

    [Fact]
    public async Task CreateTimer_AsTimeOut_WinsOverASilentEvent()
    {
        var registry = Main<string>(async context =>
        {
            using var stop = new CancellationTokenSource();
            var answer = context.WaitForExternalEvent<string>("answer", stop.Token);
            var timeOut = context.CreateTimer(context.CurrentUtcDateTime.AddMilliseconds(50), stop.Token);
            var first = await Task.WhenAny(answer, timeOut);
            stop.Cancel();
            return first == timeOut ? "time out" : await answer;
        });

        Output<string>(await RunAsync(registry)).ShouldBe("time out");
    }

    [Fact]
    public async Task CreateTimer_Cancelled_NoLongerHoldsTheInstance()
    {
        const string id = nameof(CreateTimer_Cancelled_NoLongerHoldsTheInstance);
        var registry = Main<string>(async context =>
        {
            using var stop = new CancellationTokenSource();
            var answer = context.WaitForExternalEvent<string>("answer");
            var timeOut = context.CreateTimer(context.CurrentUtcDateTime.AddDays(3), stop.Token);
            context.SetCustomStatus("waiting");
            var first = await Task.WhenAny(answer, timeOut);
            stop.Cancel();
            timeOut.IsCanceled.ShouldBeTrue();
            // Work after the cancellation: it is part of the history that a replay must find again.
            return $"{await answer} {await context.CallActivityAsync<int>("double", first == answer ? 2 : 1)}";
        }).WithDouble();
        await using var host = await StartAsync(registry);
        await host.Client.ScheduleNewAsync("main", null, id, cancellation: GiveUp);
        await UntilStatusAsync(host, id, "waiting");

        await host.Client.RaiseEventAsync(id, "answer", "yes", GiveUp);

        Output<string>(await host.Client.WaitForCompletionAsync(id, GiveUp)).ShouldBe("yes 4");
    }

    [Fact]
    public async Task CurrentUtcDateTime_IsTheSameAtEveryReplay()
    {
        var registry = Main<bool>(async context =>
        {
            var first = context.CurrentUtcDateTime;
            first.Kind.ShouldBe(DateTimeKind.Utc);
            var told = await context.CallActivityAsync<DateTime>("tell", first);
            await context.CreateTimer(context.CurrentUtcDateTime.AddMilliseconds(20), CancellationToken.None);
            var second = context.CurrentUtcDateTime;
            var toldAgain = await context.CallActivityAsync<DateTime>("tell", second);
            await context.CallActivityAsync<DateTime>("tell", second);
            return told == first && toldAgain == second && second > first;
        }).AddActivity<DateTime, DateTime>("tell", (_, time, _) => Task.FromResult(time));

        Output<bool>(await RunAsync(registry)).ShouldBeTrue();
    }

    [Fact]
    public async Task NewGuid_IsTheSameAtEveryReplay_AndNeverTwice()
    {
        var registry = Main<string[]>(async context =>
        {
            var first = context.NewGuid();
            var told = await context.CallActivityAsync<Guid>("tell", first);
            var second = context.NewGuid();
            var toldAgain = await context.CallActivityAsync<Guid>("tell", second);
            await context.CallActivityAsync<Guid>("tell", second);
            return [$"{first}", $"{told}", $"{second}", $"{toldAgain}"];
        }).AddActivity<Guid, Guid>("tell", (_, guid, _) => Task.FromResult(guid));
        await using var host = await StartAsync(registry);

        var guids = Output<string[]>(await RunAsync(host));
        guids[1].ShouldBe(guids[0]);
        guids[3].ShouldBe(guids[2]);
        guids[2].ShouldNotBe(guids[0]);
        Output<string[]>(await RunAsync(host, id: "other"))[0].ShouldNotBe(guids[0]);
    }
}
