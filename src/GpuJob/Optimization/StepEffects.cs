using R1Cloud.GpuJob.Models;
using R1Cloud.GpuJob.Numerics;
using R1Cloud.Shared;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace R1Cloud.GpuJob.Optimization;

/// <summary>
/// Tells optimizer steps that change no trained weight: a learning rate too small for the weights' type rounds every change away, and
/// a training that only seems to go on is paid for in full.
/// </summary>
internal static class StepEffects
{
    /// <summary>
    /// Each weight tensor's sum and norm in float64, where the last bit of a float32 weight shows: equal ones mean that no step between has
    /// changed anything, or nothing over 1e-13 of a tensor's norm. Two passes over the weights, without a copy.
    /// </summary>
    /// <param name="trained">What is trained, in float32.</param>
    public static IReadOnlyList<double> DigestOf(IEnumerable<(string Name, Parameter Tensor)> trained)
    {
        using var _ = no_grad();
        using var scope = NewDisposeScope();
        Tensor[] weights = [.. trained.Select(parameter => parameter.Tensor.Stored())];
        // A sum alone would not see two changes that cancel; the norm weighs them by their weights.
        return [.. TorchOps.Sums64(weights).cpu().data<double>(), .. TorchOps.Norms64(weights).cpu().data<double>()];
    }

    /// <summary>
    /// Steps without effect among some that were taken together: all of them when the digests before and after are equal.
    /// </summary>
    public static int Without(IReadOnlyList<double> before, IReadOnlyList<double> after, int steps) =>
        before.SequenceEqual(after) ? steps : 0;

    /// <summary>Ends a job whose steps should have changed weights and have changed none.</summary>
    /// <param name="where">What the steps are of: begins the message.</param>
    /// <param name="without">How many had no effect.</param>
    /// <param name="steps">How many were taken.</param>
    /// <param name="rate">The highest learning rate; 0 where none was asked for.</param>
    /// <param name="gradNorm">The highest gradient norm; 0 where there was nothing to learn.</param>
    /// <exception cref="BadInputException">They have not; the same job would end the same again.</exception>
    public static void Require(string where, double without, int steps, double rate, double gradNorm)
    {
        if (steps == 0 || without < steps || rate <= 0 || gradNorm <= 0) return;
        throw new BadInputException(FormattableString.Invariant(
            $"{where}: {steps} optimizer steps with a learning rate of at most {rate:g3} and a gradient norm of at most {gradNorm:g3} changed no weight. The rate is too small for float32: raise optimizer.learningRate."));
    }
}
