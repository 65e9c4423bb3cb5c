using System.Globalization;
using R1Cloud.Shared.Storage;

namespace R1Cloud.Pipeline.Stages;

/// <summary>What an RL stage's checkpoints are measured against.</summary>
/// <param name="RunId">The run.</param>
/// <param name="Stage">The stage's label.</param>
/// <param name="Latest">The step of the latest checkpoint.</param>
/// <param name="KeepEvery">Steps that are multiples of this are kept; 0 for none.</param>
/// <param name="References">Checkpoints that are kept because something refers to them.</param>
/// <param name="ReplayFrom">The step from which updates may have to be taken again; null where none are.</param>
internal sealed record CheckpointPrune(string RunId, string Stage, int Latest, int KeepEvery, IReadOnlyList<string> References,
    int? ReplayFrom = null);

/// <summary>
/// Which checkpoints stay: the last two, later ones (of work that a retry will find done), those that updates which may be taken again
/// start from, every <c>keepEvery</c>th, and those referred to.
/// </summary>
internal static class CheckpointRetention
{
    /// <summary>Whether a checkpoint stays.</summary>
    public static bool Keeps(CheckpointPrune prune, int step) =>
        step >= Math.Min(prune.Latest - 1, prune.ReplayFrom ?? prune.Latest)
        || (prune.KeepEvery > 0 && step % prune.KeepEvery == 0)
        || prune.References.Contains(BlobLayout.Checkpoint(prune.RunId, prune.Stage, step));

    /// <summary>
    /// Whether a training state that is stored apart from its checkpoint stays: where updates may be taken again from it, and where the
    /// checkpoint stays for good, as a fork may go on from it.
    /// </summary>
    public static bool KeepsState(CheckpointPrune prune, int step) =>
        step >= (prune.ReplayFrom ?? prune.Latest) || (prune.KeepEvery > 0 && step % prune.KeepEvery == 0);

    /// <summary>The step of the checkpoint that a blob belongs to; null when it belongs to none.</summary>
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
