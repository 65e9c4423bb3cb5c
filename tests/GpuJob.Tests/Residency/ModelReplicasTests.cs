using R1Cloud.GpuJob.Adapters;
using R1Cloud.GpuJob.Models;
using R1Cloud.GpuJob.Numerics;
using R1Cloud.GpuJob.Residency;
using R1Cloud.Shared;
using static TorchSharp.torch;

namespace R1Cloud.GpuJob.Tests.Residency;

public sealed class ModelReplicasTests : IDisposable
{
    private readonly DeviceGroup group = new([CPU, CPU]);
    private readonly CausalLm model = TestModels.Create(TestModels.Config(tied: false));
    private readonly ModelReplicas replicas;

    public ModelReplicasTests() => replicas = new(model, group);

    public void Dispose()
    {
        replicas.Dispose();
        group.Dispose();
    }

    [Fact]
    public void Take_MoreThanDevices_GivesTheModelAndACopyOfIt()
    {
        model.LeaveOut([3, 7]);
        var taken = replicas.Take(8);
        taken.Count.ShouldBe(2);
        taken[0].ShouldBeSameAs(model);
        Logits(taken[1]).ShouldBe(Logits(model));
        taken[1].Unused.ShouldBe([3, 7]);
        replicas.Take(2)[1].ShouldBeSameAs(taken[1]);
    }

    [Fact]
    public void Take_AfterAChange_HasTheNewWeights()
    {
        var before = Logits(replicas.Take(2)[1]);
        Scale(model.HeadWeight);
        Logits(replicas.Take(2)[1]).ShouldBe(before, "nobody has said so yet");
        replicas.Changed();
        Logits(replicas.Take(2)[1]).ShouldBe(Logits(model));
        Logits(model).ShouldNotBe(before);
    }

    [Fact]
    public void Take_AdapterComesIsTrainedAndGoes_CopiesFollow()
    {
        replicas.Take(2);
        LoraAdapter.Attach(model, new LoraConfig { Rank = 2, Alpha = 4 }, seed: 3);
        replicas.Changed();
        var copy = replicas.Take(2)[1];
        copy.Trainable.Select(entry => entry.Name).ShouldBe(model.Trainable.Select(entry => entry.Name));
        copy.Parameters.ShouldAllBe(entry => !entry.parameter.requires_grad);

        foreach (var (_, parameter) in model.Trainable) Fill(parameter);
        replicas.Changed(trainedOnly: true);
        replicas.Take(2)[1].ShouldBeSameAs(copy);
        Logits(copy).ShouldBe(Logits(model));

        LoraAdapter.Merge(model);
        replicas.Changed();
        var merged = replicas.Take(2)[1];
        merged.Lora.ShouldBeNull();
        Logits(merged).ShouldBe(Logits(model));
    }

    [Fact]
    public void Changed_TrainedOnlyAfterAll_StillBringsAll()
    {
        var copy = replicas.Take(2)[1];
        Scale(model.HeadWeight);
        replicas.Changed();
        model.Trainable = [.. model.Trainable.Take(1)];
        copy.Trainable = [.. copy.Trainable.Take(1)];
        replicas.Changed(trainedOnly: true);
        Logits(replicas.Take(2)[1]).ShouldBe(Logits(model));
    }

    private static void Scale(Tensor weight)
    {
        using var _ = no_grad();
        weight.mul_(2);
    }

    private static void Fill(Tensor weight)
    {
        using var _ = no_grad();
        using var generator = new Generator(Seeds.Derive(4, "fill"));
        weight.normal_(0, 0.2, generator);
    }

    private static float[] Logits(CausalLm of)
    {
        using var _ = no_grad();
        using var scope = NewDisposeScope();
        return of.forward(tensor(new long[] { 1, 5, 9, 2 }, [1, 4])).data<float>().ToArray();
    }
}
