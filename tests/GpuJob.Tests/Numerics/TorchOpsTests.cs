using R1Cloud.GpuJob.Numerics;
using static TorchSharp.torch;

namespace R1Cloud.GpuJob.Tests.Numerics;

public sealed class TorchOpsTests
{
    [Fact]
    public void Softplus_AnyInput_IsTorchsOwnInValueAndGradient()
    {
        using var scope = NewDisposeScope();
        var x = linspace(-50, 50, 1001).requires_grad_();
        var y = x.detach().clone().requires_grad_();

        var (ours, torchs) = (TorchOps.Softplus(x), nn.functional.softplus(y));
        ours.square().sum().backward();
        torchs.square().sum().backward();

        ours.data<float>().ToArray().ShouldBe(torchs.data<float>().ToArray());
        x.grad!.data<float>().ToArray().ShouldBe(y.grad!.data<float>().ToArray());
    }
}
