using R1Cloud.GpuJob.Scoring;
using TorchSharp;

namespace R1Cloud.GpuJob.Tests.Scoring;

public sealed class TokenScoringTests
{
    /// <summary>A CPU's chunks decide the bits of every run so far; a GPU's are eight times as long.</summary>
    [Theory]
    [InlineData(152_064, 110, 882)]
    [InlineData(29, 578_524, 4_628_197)]
    [InlineData(4_000_000, 64, 64)]
    public void ChunkOf_Vocabulary_FillsTheLogitsOfTheDevice(long vocabulary, int onCpu, int onGpu)
    {
        TokenScoring.ChunkOf(vocabulary, DeviceType.CPU).ShouldBe(onCpu);
        TokenScoring.ChunkOf(vocabulary, DeviceType.CUDA).ShouldBe(onGpu);
    }
}
