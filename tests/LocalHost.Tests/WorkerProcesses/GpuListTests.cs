using R1Cloud.LocalHost.Environments;
using R1Cloud.LocalHost.WorkerProcesses;
using R1Cloud.Shared;
using R1Cloud.Shared.Recipes;

namespace R1Cloud.LocalHost.Tests.WorkerProcesses;

public sealed class GpuListTests
{
    [Theory]
    [InlineData("0", new[] { 0 })]
    [InlineData("3, 1", new[] { 3, 1 })]
    public void TryParse_Numbers_AreKeptInOrder(string text, int[] expected)
    {
        GpuList.TryParse(text, out var gpus, out _).ShouldBeTrue();
        gpus.ShouldBe(expected);
    }

    [Theory]
    [InlineData("", "GPU numbers")]
    [InlineData("0,0", "each once")]
    [InlineData("-1", "GPU numbers")]
    [InlineData("two", "'two' is not allowed")]
    [InlineData("0,cpu", "mixes GPUs and the CPU")]
    [InlineData("0;1", "separated by commas")]
    [InlineData("64", "GPU numbers")]
    public void TryParse_Nonsense_SaysWhatIsAllowed(string text, string expected)
    {
        GpuList.TryParse(text, out _, out var error).ShouldBeFalse();
        error.ShouldContain(expected);
    }

    [Theory]
    [InlineData("auto", true)]
    [InlineData("cuda", true)]
    [InlineData("cuda:1", true)]
    [InlineData("cuda:2", false)]
    [InlineData("cpu", false)]
    public void Check_RecipesDevice_MustFit(string device, bool fits)
    {
        var check = () => GpuList.Check([0, 1], new WorkersRecipe { Device = device });
        if (fits) check.ShouldNotThrow();
        else check.ShouldThrow<BadInputException>().Message.ShouldContain($"'{device}'");
    }

    [Fact]
    public void CheckPresent_GpuThatIsNotThere_IsNamed()
    {
        Should.NotThrow(() => GpuList.CheckPresent([0, 1], gpu => gpu < 2));
        Should.Throw<EnvironmentException>(() => GpuList.CheckPresent([0, 2], gpu => gpu < 2)).Message.ShouldContain("GPU 2");
    }
}
