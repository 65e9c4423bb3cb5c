using R1Cloud.GpuJob.Adapters;
using R1Cloud.GpuJob.Models;
using static TorchSharp.torch;

namespace R1Cloud.GpuJob.Tests.Strangers;

/// <summary>Adapters whose tensors are not what adapter_config.json says.</summary>
public sealed class StrangersAdapterTests : IDisposable
{
    private const string Settings = $"{StrangersFolder.Adapter}/adapter_config.json",
        Weights = $"{StrangersFolder.Adapter}/adapter_model.safetensors";

    private readonly StrangersFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Load_WholeAdapter_Fits()
    {
        using var model = Load();
        model.Trainable.Count.ShouldBe(8);
        LoraAdapter.Merge(model);
    }

    [Theory]
    [InlineData("", "q_proj.lora_A.weight' is missing")]
    [InlineData(".q_proj.", "v_proj.lora_A.weight' is missing")]
    [InlineData(".layers.0.", "layers.1.self_attn.q_proj.lora_A.weight' is missing")]
    [InlineData("lora_A", "lora_B.weight' is missing")]
    public void Load_TensorsThatAreMissing_AreNamed(string kept, string named)
    {
        folder.WithTensors(Weights, tensors =>
        {
            foreach (var name in tensors.Keys.Where(name => kept.Length == 0 || !name.Contains(kept, StringComparison.Ordinal)).ToList())
                tensors.Remove(name);
        });
        Refused().ShouldContain(named);
    }

    [Theory]
    [InlineData("r", "8", "has rank 2, and adapter_config.json says r 8")]
    [InlineData("r", null, "r is missing")]
    [InlineData("lora_alpha", null, "lora_alpha is missing")]
    [InlineData("target_modules", null, "target_modules is missing")]
    [InlineData("target_modules", "[]", "target_modules is missing")]
    [InlineData("target_modules", """["q_proj"]""", "v_proj.lora_A.weight' is of a module that adapter_config.json leaves out")]
    [InlineData("target_modules", """["q_proj", "v_proj", "o_proj"]""", "o_proj.lora_A.weight' is missing")]
    [InlineData("target_modules", """["q_proj", "v_proj", "query"]""", "'query'")]
    [InlineData("target_modules", "\"all-linear\"", "gate_proj.lora_A.weight' is missing")]
    [InlineData("target_modules", """["q_proj", 3]""", "target_modules is")]
    [InlineData("target_modules", "\"(?<=a)b\"", "target_modules is")]
    [InlineData("layers_to_transform", "[0]", "layers.1.self_attn.q_proj.lora_A.weight' is of a module")]
    [InlineData("exclude_modules", """["v_proj"]""", "v_proj.lora_A.weight' is of a module")]
    [InlineData("rank_pattern", """{ "v_proj": 3 }""", "says r 3")]
    [InlineData("rank_pattern", """{ "o_proj": 2 }""", "'o_proj', which is no module with an addition")]
    [InlineData("alpha_pattern", """{ "query": 3 }""", "'query', which is no module with an addition")]
    [InlineData("alpha_pattern", """{ "(?=a)(a+)+$": 3 }""", "alpha_pattern")]
    public void Load_SettingsThatDoNotFit_AreNamed(string field, string? value, string named)
    {
        folder.With(Settings, (field, value));
        Refused().ShouldContain(named);
    }

    [Fact]
    public void Load_PatternsThatFit_ScaleTheirModules()
    {
        folder.With(Settings, ("target_modules", "\".*\\\\.(q_proj|v_proj)\""), ("alpha_pattern", """{ "(a+)+$|v_proj": 8 }"""));
        using var model = Load();
        foreach (var (name, projection) in model.Projections.Where(item => item.Projection.Adapter is not null))
            projection.Adapter!.Scale.ShouldBe(name.EndsWith("v_proj", StringComparison.Ordinal) ? 4 : 2, name);
    }

    /// <summary>What is loaded can be saved and loaded again, whichever way its modules were named.</summary>
    [Fact]
    public void Save_AdapterOfSomeLayers_LoadsAgain()
    {
        folder.With(Settings, ("layers_to_transform", "[1]"));
        folder.WithTensors(Weights, tensors =>
        {
            foreach (var name in tensors.Keys.Where(name => name.Contains(".layers.0.", StringComparison.Ordinal)).ToList())
                tensors.Remove(name);
        });
        using (var model = Load()) LoraAdapter.Save(model, folder.At(StrangersFolder.Adapter));
        using var again = Load();
        again.Trainable.Count.ShouldBe(4);
    }

    [Fact]
    public void Load_NaN_NamesTheTensor()
    {
        folder.WithTensors(Weights, tensors => tensors.Values.First()[0, 0] = tensor(float.NaN));
        Refused().ShouldContain("not finite");
    }

    private CausalLm Load()
    {
        var model = CausalLm.Load(folder.Root, CPU);
        try
        {
            LoraAdapter.Load(model, folder.At(StrangersFolder.Adapter));
            return model;
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    private string Refused() => folder.Refusal(_ => Load());
}
