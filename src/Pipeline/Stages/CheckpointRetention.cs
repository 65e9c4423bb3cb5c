using System.Globalization;
using R1Cloud.Shared.Storage;

namespace R1Cloud.Pipeline.Stages;

/// <summary>What an RL stage's checkpoints are measured against.</summary>
/// <param name="RunId">The run.</param>
/// <param name="Stage">The stage's label.</param>
/// <param name="Latest">The step of the latest checkpoint.</param>
/// <param name="KeepEvery">Steps that are multiples of this are kept; 0 for none.</param>
/// <param name="References">Checkpoints that are kept because something refers to them.</param>
internal sealed record CheckpointPrune(string RunId, string Stage, int Latest, int KeepEvery, IReadOnlyList<string> References);

/// <summary>
/// Which checkpoints stay: the last two, later ones (of work that a retry will find done), every so-manieth, and those referred to.
/// </summary>
internal static class CheckpointRetention
{
    /// <summary>Whether a checkpoint stays.</summary>
    public static bool Keeps(CheckpointPrune prune, int step) =>
        step >= prune.Latest - 1
        || (prune.KeepEvery > 0 && step % prune.KeepEvery == 0)
        || prune.References.Contains(BlobLayout.Checkpoint(prune.RunId, prune.Stage, step));

    /// <summary>The step of the checkpoint that a blob belongs to; null when it is no checkpoint's.</summary>
    /// <param name="prefix">The stage's checkpoints' prefix.</param>
    /// <param name="path">The blob.</param>
    public static int? StepOf(string prefix, string path)
    {
        const string Folder = "step-";
        if (!path.StartsWith(prefix + Folder, StringComparison.Ordinal)) return null;
        var digits = path[(prefix.Length + Folder.Length)..].Split('/')[0];
        return int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var step) ? step : null;
    }
}
