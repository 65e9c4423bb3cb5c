using R1Cloud.Testing;
using R1Cloud.GpuJob.Optimization;
using R1Cloud.Shared.Recipes;

namespace R1Cloud.GpuJob.Tests.Optimization;

public sealed class LearningRatesTests
{
    [Fact]
    public void At_Oracles_GivesTheirRates()
    {
        foreach (var oracle in Oracles.Cases("schedules"))
        {
            var name = oracle.GetProperty("name").GetString()!;
            var recipe = new OptimizerRecipe
            {
                LearningRate = oracle.GetProperty("peak").GetDouble(),
                WarmupSteps = oracle.GetProperty("warmup_steps").GetInt32(),
                Schedule = name.StartsWith("cosine", StringComparison.Ordinal) ? LearningRateSchedule.Cosine : name == "linear"
                    ? LearningRateSchedule.Linear : LearningRateSchedule.Constant,
                FinalRatio = oracle.TryGetProperty("min_lr_rate", out var rate) ? rate.GetDouble() : 0,
            };
            foreach (var (step, expected) in oracle.GetProperty("learning_rate_of_step").Numbers().Index())
            {
                LearningRates.At(recipe, step, oracle.GetProperty("total_steps").GetInt64())
                    .ShouldBe(expected, 1e-12, $"{name} step {step}");
            }
        }
    }

    [Fact]
    public void At_BeyondTheEnd_StaysAtTheFinalRatio() =>
        LearningRates.At(new OptimizerRecipe { LearningRate = 1, Schedule = LearningRateSchedule.Linear, FinalRatio = 0.1 }, 50, 40)
            .ShouldBe(0.1, 1e-12);
}
