using R1Cloud.Hub;

namespace R1Cloud.GpuJob.Commands;

/// <summary>How far a transfer is: a line a tenth of what is to come.</summary>
/// <param name="error">Takes the lines.</param>
/// <param name="way">Whether it goes <c>from</c> or <c>to</c> the Hub.</param>
internal sealed class HubLines(TextWriter error, string way) : IProgress<HubProgress>
{
    private long told = -1;

    public void Report(HubProgress value)
    {
        var tenth = value.Total == 0 ? 10 : 10 * value.Done / value.Total;
        if (tenth <= told) return;
        told = tenth;
        error.WriteLine(FormattableString.Invariant($"{way} the Hub: {value.Done / 1e6:0} of {value.Total / 1e6:0} MB"));
    }
}
