using R1Cloud.GpuJob.Numerics;
using static TorchSharp.torch;

namespace R1Cloud.GpuJob.Tests.Numerics;

public sealed class LinearProductTests
{
    [Theory]
    [InlineData(1, 1, 1, false)]
    [InlineData(130, 24, 40, false)]
    [InlineData(513, 37, 43, true)]
    public void ByOneDnn_AnyShape_GivesTheProductAndItsGradients(int rows, int inputs, int outputs, bool hasBias)
    {
        using var scope = NewDisposeScope();
        manual_seed(1);
        Tensor Leaf(params long[] shape) => randn(shape, requires_grad: true);
        Tensor x = Leaf(rows, inputs), weight = Leaf(outputs, inputs), towards = randn(rows, outputs);
        var bias = hasBias ? Leaf(outputs) : null;
        Tensor[] leaves = hasBias ? [x, weight, bias!] : [x, weight];

        var expected = Gradients(nn.functional.linear(x, weight, bias));
        var actual = Gradients(LinearProduct.ByOneDnn(x, weight, bias));

        foreach (var (a, e) in actual.Zip(expected)) a.allclose(e, rtol: 1e-4, atol: 1e-4).ShouldBeTrue();

        Tensor[] Gradients(Tensor y) => [y, .. autograd.grad([y], leaves, [towards])];
    }

    [Fact]
    public void ByOneDnn_FrozenWeight_GivesTheInputsGradientAlone()
    {
        using var scope = NewDisposeScope();
        Tensor x = randn([4, 3], requires_grad: true), weight = randn(2, 3);

        LinearProduct.ByOneDnn(x, weight, null).sum().backward();

        x.grad!.allclose(weight.sum(dim: 0).expand(4, 3)).ShouldBeTrue();
        weight.grad.ShouldBeNull();
    }

    [Fact]
    public void ByOneDnn_NothingToTrain_NeedsNoGradient()
    {
        using var scope = NewDisposeScope();
        Tensor x = randn(4, 3), weight = randn(2, 3);

        var y = LinearProduct.ByOneDnn(x, weight, null);

        y.requires_grad.ShouldBeFalse();
        y.allclose(nn.functional.linear(x, weight), atol: 1e-5).ShouldBeTrue();
    }

    [Fact]
    public void ByOneDnn_Again_GivesTheSameBits()
    {
        using var scope = NewDisposeScope();
        Tensor x = randn([1000, 256], requires_grad: true), weight = randn([384, 256], requires_grad: true), towards = randn(1000, 384);
        var first = Once();
        for (var i = 0; i < 20; i++)
        {
            foreach (var (again, before) in Once().Zip(first)) again.ne(before).any().item<bool>().ShouldBeFalse();
        }

        Tensor[] Once()
        {
            var y = LinearProduct.ByOneDnn(x, weight, null);
            return [y, .. autograd.grad([y], [x, weight], [towards])];
        }
    }
}
