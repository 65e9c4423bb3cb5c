using R1Cloud.Shared;
using static TorchSharp.torch;

namespace R1Cloud.GpuJob.Numerics;

/// <summary>
/// Looks for numbers that are none: NaN and ∞ spread through everything that is computed from them, and nothing that they yield is a
/// result.
/// </summary>
internal static class Finite
{
    /// <summary>
    /// The first of some tensors that holds a number which is not finite, or null: one transfer from the device for all of them.
    /// </summary>
    public static string? FindNot(IEnumerable<(string Name, Tensor Tensor)> tensors)
    {
        using var _ = no_grad();
        using var scope = NewDisposeScope();
        var looked = tensors.Where(entry => entry.Tensor.is_floating_point() && entry.Tensor.numel() > 0).ToList();
        if (looked.Count == 0) return null;
        // NaN comes through both, and ∞ is one of them.
        var numbers = looked.SelectMany(entry => new[] { entry.Tensor.min(), entry.Tensor.max() })
            .Select(end => end.to(ScalarType.Float32).to(looked[0].Tensor.device));
        var ends = stack([.. numbers]).cpu().data<float>().ToArray();
        for (var i = 0; i < ends.Length; i++)
        {
            if (!float.IsFinite(ends[i])) return looked[i / 2].Name;
        }
        return null;
    }
}

/// <summary>
/// Looks after numbers of a training without waiting for the device at each step: they are collected where they lie and read together.
/// </summary>
internal sealed class FiniteWatch : IDisposable
{
    private readonly List<(int Step, IReadOnlyList<string> Names, Tensor Values)> watched = [];

    /// <summary>Adds a number.</summary>
    /// <param name="step">The step it is of, from 0.</param>
    /// <param name="name">What it is.</param>
    /// <param name="value">A scalar tensor.</param>
    public void Add(int step, string name, Tensor value)
    {
        using var _ = no_grad();
        using var scope = NewDisposeScope();
        watched.Add((step, [name], value.detach().to(ScalarType.Float32).reshape(1).clone().DetachFromDisposeScope()));
    }

    /// <summary>Adds several.</summary>
    /// <param name="step">The step they are of, from 0.</param>
    /// <param name="names">What they are.</param>
    /// <param name="values">[names].</param>
    public void Add(int step, IReadOnlyList<string> names, Tensor values) =>
        watched.Add((step, names, values.detach().DetachFromDisposeScope()));

    /// <summary>Reads what was added since the last time: one transfer.</summary>
    /// <param name="where">What the steps are of, with a separator behind it: begins the message.</param>
    /// <exception cref="NonFiniteException">A number is not finite: the first that was added is named with its step.</exception>
    public void Check(string where)
    {
        using var _ = no_grad();
        using var scope = NewDisposeScope();
        var added = watched.ToList();
        if (added.Count == 0) return;
        var values = cat([.. added.Select(entry => entry.Values.to(added[0].Values.device))]).cpu().data<float>().ToArray();
        Clear();
        var at = 0;
        foreach (var (step, names, _) in added)
        {
            foreach (var name in names)
            {
                var value = values[at++];
                if (!float.IsFinite(value))
                    throw new NonFiniteException(FormattableString.Invariant($"{where}step {step + 1}: {name} is {value}."));
            }
        }
    }

    private void Clear()
    {
        foreach (var (_, _, values) in watched) values.Dispose();
        watched.Clear();
    }

    public void Dispose() => Clear();
}
