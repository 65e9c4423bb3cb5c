using System.Text.Json;
using R1Cloud.GpuJob.Adapters;
using R1Cloud.GpuJob.Models;
using R1Cloud.GpuJob.Numerics;
using R1Cloud.Shared;
using R1Cloud.Tokenizers;

namespace R1Cloud.GpuJob.Residency;

/// <summary>A checkpoint's files: a Hugging Face model folder, plus what training needs to go on.</summary>
internal static class CheckpointFiles
{
    /// <summary>The optimizer's moments.</summary>
    public const string Optimizer = "optimizer.safetensors";

    /// <summary>Where training stands; every random draw derives from it.</summary>
    public const string TrainerState = "trainer_state.json";

    /// <summary>Reads a checkpoint's model, with the adapter that it may have.</summary>
    public static CausalLm ReadModel(string folder, Placement placement)
    {
        var model = CausalLm.Load(folder, placement);
        if (LoraAdapter.IsIn(folder)) LoraAdapter.Load(model, folder);
        return model;
    }

    /// <summary>Writes a policy's files, model and training state, into an existing folder.</summary>
    /// <exception cref="NonFiniteException">A weight is not finite: nothing is written.</exception>
    public static void Write(Policy policy, string folder, TrainerState state)
    {
        WriteModel(policy, folder, state);
        WriteState(policy, folder, state);
    }

    /// <summary>Writes what a training that goes on needs besides the model.</summary>
    public static void WriteState(Policy policy, string folder, TrainerState state)
    {
        policy.Optimizer?.Save(Path.Combine(folder, Optimizer));
        File.WriteAllText(Path.Combine(folder, TrainerState), JsonSerializer.Serialize(state, R1Json.Indented));
    }

    /// <summary>Writes a policy's model into an existing folder; of one whose base is a checkpoint, the adapter alone.</summary>
    /// <exception cref="NonFiniteException">A weight is not finite: nothing is written.</exception>
    public static void WriteModel(Policy policy, string folder, TrainerState state)
    {
        // an adapter's are not among the weights
        var trained = policy.Model.Trainable.Select(parameter => (parameter.Name, parameter.Tensor.Stored()));
        if (Finite.FindNot(policy.Model.Weights.Concat(trained)) is { } broken)
            throw new NonFiniteException(
                $"Stage '{state.Stage}', step {state.Step}: the weight {broken} is not finite; the checkpoint is not saved.");
        if (policy.Model.Lora is not null) LoraAdapter.Save(policy.Model, folder);
        if (policy.AdapterBase is not null) return;
        policy.Model.Save(folder); // those that an adapter adds to
        policy.Tokenizer.Save(folder);
        policy.RewardModel?.Save(folder);
        var generation = Path.Combine(folder, TokenizerFiles.Generation);
        if (File.Exists(generation)) return; // an imported model has its own, which its tokenizer brings along
        File.WriteAllText(generation, JsonSerializer.Serialize(
            new Dictionary<string, object?> { ["bos_token_id"] = policy.Tokenizer.BosId,
                ["eos_token_id"] = policy.Tokenizer.EosIds is [var eos] ? eos : policy.Tokenizer.EosIds,
                ["pad_token_id"] = policy.Tokenizer.PadId, ["do_sample"] = true },
            R1Json.Indented));
    }
}

/// <summary>Where training stands. There is no generator state to keep: seeds derive from the run's seed and these counters.</summary>
/// <param name="Stage">The stage.</param>
/// <param name="Step">Its steps (pretraining) or iterations (RL) done: the data cursor.</param>
/// <param name="OptimizerSteps">Optimizer steps done.</param>
/// <param name="Seed">The run's seed.</param>
internal sealed record TrainerState(string Stage, int Step, long OptimizerSteps, long Seed);
