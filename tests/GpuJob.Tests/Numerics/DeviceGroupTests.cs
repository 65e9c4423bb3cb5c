using System.Collections.Concurrent;
using R1Cloud.GpuJob.Numerics;
using static TorchSharp.torch;

namespace R1Cloud.GpuJob.Tests.Numerics;

public sealed class DeviceGroupTests
{
    [Fact]
    public void Run_AllDevices_WorkAtOnceOnTheirOwnThreads()
    {
        using var group = new DeviceGroup([CPU, CPU, CPU]);
        using var met = new Barrier(3); // nobody passes who is alone
        var rounds = new ConcurrentBag<(int Place, int Thread)>();
        for (var round = 0; round < 3; round++)
        {
            group.Run(3, place =>
            {
                met.SignalAndWait(TestContext.Current.CancellationToken);
                rounds.Add((place, Environment.CurrentManagedThreadId));
            });
        }
        rounds.Count.ShouldBe(9);
        rounds.Distinct().Count().ShouldBe(3, "a device keeps its thread");
        rounds.ShouldContain((0, Environment.CurrentManagedThreadId));
    }

    [Fact]
    public void Run_FewerThanThereAre_LeavesTheOthers()
    {
        using var group = new DeviceGroup([CPU, CPU, CPU]);
        var places = new ConcurrentBag<int>();
        group.Run(2, places.Add);
        places.Order().ShouldBe([0, 1]);
    }

    [Fact]
    public void Run_TwoFail_ThrowsTheFirstOnceAllHaveEnded()
    {
        using var group = new DeviceGroup([CPU, CPU, CPU]);
        using var failed = new ManualResetEventSlim();
        var ended = false;
        Should.Throw<InvalidOperationException>(() => group.Run(3, place =>
        {
            if (place == 2)
            {
                failed.Set();
                throw new InvalidOperationException("2");
            }
            failed.Wait(TestContext.Current.CancellationToken);
            if (place == 1) throw new InvalidOperationException("1");
            ended = true;
        })).Message.ShouldBe("1");
        ended.ShouldBeTrue();
        group.Run(3, _ => { }); // and goes on
    }
}
