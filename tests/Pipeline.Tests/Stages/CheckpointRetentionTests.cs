using R1Cloud.Pipeline.Stages;
using R1Cloud.Shared.Recipes;
using R1Cloud.Shared.Storage;

namespace R1Cloud.Pipeline.Tests.Stages;

public class CheckpointRetentionTests
{
    [Theory]
    [InlineData(100, 50, new[] { 50, 99, 100, 101, 73 })]
    [InlineData(101, 50, new[] { 50, 100, 101, 73 })]
    [InlineData(101, 0, new[] { 100, 101, 73 })]
    [InlineData(1, 50, new[] { 1, 2, 3, 99, 100, 101, 73, 50 })]
    public void Keeps_SoManiethLastTwoLaterAndReferences(int latest, int every, int[] kept)
    {
        var prune = new CheckpointPrune("run", "rl", latest, every, [BlobLayout.Checkpoint("run", "rl", 73)]);
        int[] steps = [1, 2, 3, 50, 73, 99, 100, 101];
        steps.Where(step => CheckpointRetention.Keeps(prune, step))
            .ShouldBe(kept.Where(step => steps.Contains(step)).Order().Concat(steps.Where(step => step >= latest - 1)).Distinct().Order());
    }

    /// <summary>What an update that is taken again starts from; of what stays for good, the state too.</summary>
    [Theory]
    [InlineData(17, 5, 0, new[] { 10, 11, 12, 13, 14, 15, 16, 17 }, new[] { 10, 15 })]
    [InlineData(15, 5, 0, new[] { 10, 11, 12, 13, 14, 15 }, new[] { 10, 15 })]
    [InlineData(17, 5, 4, new[] { 4, 8, 10, 11, 12, 13, 14, 15, 16, 17 }, new[] { 10, 15 })]
    [InlineData(27, 5, 10, new[] { 10, 20, 21, 22, 23, 24, 25, 26, 27 }, new[] { 10, 20, 25 })]
    [InlineData(4, 5, 0, new[] { 1, 2, 3, 4 }, new int[0])]
    public void Keeps_UpdatesThatMayBeTakenAgain_WhatTheyStartFrom(int latest, int every, int keepEvery, int[] kept, int[] states)
    {
        var settings = new RlStage { Task = "t", KeepStateEvery = every, Iterations = 100 };
        var prune = new CheckpointPrune("run", "rl", latest, keepEvery, [], settings.ReplayFrom(latest));
        var steps = Enumerable.Range(1, latest).ToList();
        steps.Where(step => CheckpointRetention.Keeps(prune, step)).ShouldBe(kept);
        steps.Where(step => settings.KeepsStateAt(step) && CheckpointRetention.KeepsState(prune, step)).ShouldBe(states);
    }

    [Theory]
    [InlineData("runs/r/checkpoints/rl/step-000400/manifest.json", 400)]
    [InlineData("runs/r/checkpoints/rl/step-000400/a1/model.safetensors", 400)]
    [InlineData("runs/r/checkpoints/rl/step-1234567/x", 1234567)]
    [InlineData("runs/r/checkpoints/rl/other/x", null)]
    [InlineData("runs/r/checkpoints/rl~1/step-000400/x", null)]
    [InlineData("runs/r/checkpoints/rl/step-/x", null)]
    public void StepOf_Path_IsTheFoldersNumber(string path, int? step) =>
        CheckpointRetention.StepOf("runs/r/checkpoints/rl/", path).ShouldBe(step);
}
