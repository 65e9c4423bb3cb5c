using R1Cloud.GpuJob.Numerics;
using R1Cloud.Shared;

namespace R1Cloud.GpuJob.Tests.Numerics;

public sealed class DeviceListTests
{
    [Theory]
    [InlineData("auto", 0, "cpu")]
    [InlineData("auto", 2, "cuda:0 cuda:1")]
    [InlineData("cuda", 3, "cuda:0 cuda:1 cuda:2")]
    [InlineData("cuda:1", 2, "cuda:1")]
    [InlineData("cuda:3,cuda:0", 4, "cuda:3 cuda:0")]
    [InlineData("cpu", 2, "cpu")]
    [InlineData("cpu,cpu", 0, "cpu cpu")]
    public void Read_WhatIsThere_NamesEachDevice(string text, int gpus, string devices) =>
        string.Join(' ', DeviceList.Read(text, gpus)).ShouldBe(devices);

    [Theory]
    [InlineData("gpu", 1, "'gpu' is not known; allowed are auto, cpu, cuda (all GPUs)")]
    [InlineData("cuda:", 1, "'cuda:' is not known")]
    [InlineData("cuda:-1", 1, "'cuda:-1' is not known")]
    [InlineData("cuda:0,", 1, "'cuda:0,' is not known")]
    [InlineData("auto,cpu", 1, "'auto,cpu' is not known")]
    [InlineData("cuda", 0, "'cuda' is absent; this machine has 0 CUDA device(s)")]
    [InlineData("cuda:0,cuda:2", 2, "'cuda:2' is absent; this machine has 2 CUDA device(s)")]
    [InlineData("cuda:1,cuda:1", 2, "names cuda:1 twice")]
    [InlineData("cuda:0,cpu", 2, "mixes GPUs and the CPU")]
    public void Read_WhatIsNone_IsRefused(string text, int gpus, string message) =>
        Should.Throw<BadInputException>(() => DeviceList.Read(text, gpus)).Message.ShouldContain(message);

    [Fact]
    public void ReadOne_AllGpus_IsTheFirst() => DeviceList.ReadOne("cuda", 8).ToString().ShouldBe("cuda:0");

    [Fact]
    public void ReadOne_Several_IsRefused() => Should.Throw<BadInputException>(() => DeviceList.ReadOne("cuda:0,cuda:1", 8))
        .Message.ShouldContain("names several, and one computes here; allowed are auto, cpu, cuda or cuda:N");
}
