using System.Reflection;
using R1Cloud.GpuJob.Losses;
using R1Cloud.GpuJob.Models;
using R1Cloud.GpuJob.Numerics;
using R1Cloud.GpuJob.Optimization;
using R1Cloud.Shared.Recipes;
using TorchSharp;
using static TorchSharp.torch;

namespace R1Cloud.GpuJob.Tests.Numerics;

/// <summary>
/// Alone: collecting garbage all the time takes numbers from under calls of tests beside it, which convert theirs at the call. It has
/// ended the whole suite with a segmentation fault.
/// </summary>
[CollectionDefinition(nameof(ScalarsTests), DisableParallelization = true)]
public sealed class ScalarsCollection;

[Collection(nameof(ScalarsTests))]
public sealed class ScalarsTests
{
    [Fact]
    public void Of_SameBits_GivesTheSameNumberOfItsOwnType()
    {
        Scalars.Of(0.25).ShouldBeSameAs(Scalars.Of(0.25f));
        Scalars.Of(2).ShouldNotBeSameAs(Scalars.Of(2.0));
        (Scalars.Of(2).Type, Scalars.Of(2.0).Type, Scalars.False.Type).ShouldBe((ScalarType.Int64, ScalarType.Float64, ScalarType.Bool));
        using var scope = NewDisposeScope();
        (ones(1) / Scalars.Of(-0.0)).item<float>().ShouldBe(float.NegativeInfinity);
        (ones(1) / Scalars.Of(0.0)).item<float>().ShouldBe(float.PositiveInfinity);
    }

    /// <summary>The ban on conversions sees neither += nor what TorchSharp wraps inside its own members: this sees every call.</summary>
    [Fact]
    public void ProductCode_CallsOfTorchSharp_LeaveNoNumberUnkept()
    {
        var torchSharp = typeof(Scalar).Assembly;
        var callers = MethodCalls.In(torchSharp).Where(call => call.Callee.Module.Assembly == torchSharp)
            .ToLookup(call => MethodCalls.Definition(call.Callee), call => MethodCalls.Definition(call.Caller));
        // All that make such an object, or call what does.
        var wrapping = typeof(Scalar).GetConstructors(BindingFlags.NonPublic | BindingFlags.Instance).Select(MethodCalls.Definition)
            .ToHashSet();
        var pending = new Queue<(Module, int)>(wrapping);
        while (pending.TryDequeue(out var callee))
        {
            foreach (var caller in callers[callee].Where(wrapping.Add)) pending.Enqueue(caller);
        }

        var found = MethodCalls.In(typeof(Scalars).Assembly).Where(call => wrapping.Contains(MethodCalls.Definition(call.Callee)))
            .Select(call => $"{call.Caller.DeclaringType!.Name}.{call.Caller.Name} calls {call.Callee.Name}");

        // Scalars is where they are made, and TorchOps' script calls find theirs wrapped already.
        found.Distinct().Order(StringComparer.Ordinal).ShouldBe(["Scalars.New calls op_Implicit", "TorchOps.Call calls invoke"]);
    }

    /// <summary>
    /// By chance alone: with numbers converted at the call, one run in a few ended in libtorch's "Expected false to be true" out of
    /// <c>addcmul_</c>.
    /// </summary>
    [Fact]
    public async Task Operators_UnderGarbageCollections_GiveTheSameBits()
    {
        var expected = Compute(); // before the clock starts: compiling the scripts takes a while
        using var stop = new CancellationTokenSource();
        var rounds = 0;
        var collecting = Task.Run(() =>
        {
            while (!stop.IsCancellationRequested)
            {
                GC.Collect(0);
                GC.WaitForPendingFinalizers();
                Interlocked.Increment(ref rounds);
            }
        }, CancellationToken.None);
        try
        {
            do Compute().ShouldBe(expected);
            while (Volatile.Read(ref rounds) < 500);
        }
        finally
        {
            await stop.CancelAsync();
            await collecting;
        }
    }

    // Small tensors: the shorter the kernels, the more calls a second, and it is at their start that a number is read.
    private static float[] Compute()
    {
        using var scope = NewDisposeScope();
        var numbers = arange(Scalars.Zero, Scalars.Of(8 * 64), Scalars.One, ScalarType.Float32).view(8, 64).sin();
        var policy = new PolicyLossInput
        {
            LogProbs = numbers - Scalars.Of(2), OldLogProbs = numbers * Scalars.Of(0.9) - Scalars.Of(2),
                ReferenceLogProbs = numbers - Scalars.Of(1),
            Advantages = numbers.select(1, 0), Mask = ones_like(numbers), TotalRows = 8, TotalTokens = 8 * 64,
        };
        using var parameter = new TorchSharp.Modules.Parameter(numbers.clone());
        parameter.grad = numbers.clone();
        using var optimizer = new AdamW([("w", parameter)], new OptimizerRecipe { LearningRate = 1e-3 });
        var table = numbers.narrow(1, 0, 32).unsqueeze(1);
        Tensor[] results =
        [
            .. Enumerable.Range(0, 20).Select(_ => RotaryEmbedding.Rotate(numbers.view(8, 1, 64), table, table)),
            TorchSampling.Dropped(numbers, new SamplingRecipe { TopK = 20, TopP = 0.9, MinP = 0.01 })!,
            PolicyLosses.Compute(new PolicyLossOptions { Name = "grpo", KlWeight = 0.1 }, policy).Loss,
            PolicyLosses.Compute(new PolicyLossOptions { Name = "vespo" }, policy).Loss,
            RewardModelLosses.Pairwise(numbers, numbers.cos()),
            optimizer.ClipGradients(1), parameter.grad,
        ];
        return [.. results.SelectMany(result => result.to(ScalarType.Float32).contiguous().data<float>().ToArray())];
    }
}
