using R1Cloud.Shared.Storage;

namespace R1Cloud.Shared.Tests.Storage;

public class BlobLayoutTests
{
    [Theory]
    [InlineData("runs/a/checkpoints/rl/step-000012/", 12)]
    [InlineData("step-1000000", 1_000_000)]
    [InlineData("base/", null)]
    [InlineData("step-x/", null)]
    public void StepOf_ACheckpointsFolder_IsItsStep(string folder, int? step) => BlobLayout.StepOf(folder).ShouldBe(step);
}
