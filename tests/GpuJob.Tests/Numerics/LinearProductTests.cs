using R1Cloud.GpuJob.Numerics;
using static TorchSharp.torch;

namespace R1Cloud.GpuJob.Tests.Numerics;

public sealed class LinearProductTests
{
    [Theory]
    [InlineData(1, 64, 64, false)]
    [InlineData(130, 128, 64, true)]
    [InlineData(577, 320, 448, false)]
    [InlineData(513, 37, 43, true)]
    public void ByOneDnn_WhereItIsRight_GivesTheProductAndItsGradients(int rows, int inputs, int outputs, bool hasBias)
    {
        SkipWhereWrong();
        Compare(rows, inputs, outputs, hasBias, LinearProduct.ByOneDnn);
    }

    [Theory]
    [InlineData(1, 1, 1, false)]
    [InlineData(130, 24, 40, false)]
    [InlineData(513, 257, 300, true)]
    [InlineData(513, 300, 320, false)]
    [InlineData(513, 320, 300, false)]
    [InlineData(300, 320, 320, true)]
    [InlineData(1000, 512, 256, true)]
    public void Apply_AnyShape_GivesTheProductAndItsGradients(int rows, int inputs, int outputs, bool hasBias) =>
        Compare(rows, inputs, outputs, hasBias, LinearProduct.Apply);

    // A fault of the processor's kernels, not ours: there the product takes MKL.
    private static void SkipWhereWrong() => Assert.SkipUnless(LinearProduct.OneDnnIsRight.Value, "oneDNN multiplies wrongly here");

    private static void Compare(int rows, int inputs, int outputs, bool hasBias, Func<Tensor, Tensor, Tensor?, Tensor> product)
    {
        using var scope = NewDisposeScope();
        manual_seed(1);
        Tensor Leaf(params long[] shape) => randn(shape, requires_grad: true);
        Tensor x = Leaf(rows, inputs), weight = Leaf(outputs, inputs), towards = randn(rows, outputs);
        var bias = hasBias ? Leaf(outputs) : null;
        Tensor[] leaves = hasBias ? [x, weight, bias!] : [x, weight];

        var expected = Gradients(nn.functional.linear(x, weight, bias));
        var actual = Gradients(product(x, weight, bias));

        // Sums of several hundred products in another order.
        foreach (var (a, e) in actual.Zip(expected)) a.allclose(e, rtol: 1e-4, atol: 1e-3).ShouldBeTrue();

        Tensor[] Gradients(Tensor y) => [y, .. autograd.grad([y], leaves, [towards])];
    }

    [Fact]
    public void ByOneDnn_FrozenWeight_GivesTheInputsGradientAlone()
    {
        SkipWhereWrong();
        using var scope = NewDisposeScope();
        Tensor x = randn([4, 64], requires_grad: true), weight = randn(128, 64);

        LinearProduct.ByOneDnn(x, weight, null).sum().backward();

        x.grad!.allclose(weight.sum(dim: 0).expand(4, 64), atol: 1e-4).ShouldBeTrue();
        weight.grad.ShouldBeNull();
    }

    [Fact]
    public void ByOneDnn_NothingToTrain_NeedsNoGradient()
    {
        SkipWhereWrong();
        using var scope = NewDisposeScope();
        Tensor x = randn(4, 64), weight = randn(128, 64);

        var y = LinearProduct.ByOneDnn(x, weight, null);

        y.requires_grad.ShouldBeFalse();
        y.allclose(nn.functional.linear(x, weight), atol: 1e-4).ShouldBeTrue();
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
