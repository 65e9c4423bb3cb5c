using R1Cloud.Shared.Jobs;

namespace R1Cloud.GpuJob.Attempts;

/// <summary>
/// The last completions that an attempt has finished and not committed, for people who watch. Adding one costs nothing to speak of: what
/// it says is made when it is published, and most never are.
/// </summary>
internal sealed class CompletionTail
{
    /// <summary>Completions that are kept.</summary>
    public const int Kept = 20;

    /// <summary>Characters of a prompt or completion that are kept.</summary>
    public const int MaxChars = 8_000;

    private readonly Lock gate = new();
    private readonly Queue<Func<LiveSample>> last = new();
    private long added;

    /// <summary>How many there have been.</summary>
    public long Added
    {
        get { lock (gate) return added; }
    }

    /// <summary>Adds one, from any thread.</summary>
    /// <param name="sample">Makes what is told of it, later and on another thread.</param>
    public void Add(Func<LiveSample> sample)
    {
        lock (gate)
        {
            added++;
            last.Enqueue(sample);
            if (last.Count > Kept) last.Dequeue();
        }
    }

    /// <summary>The last ones, the newest last; long texts are cut.</summary>
    public IReadOnlyList<LiveSample> Read()
    {
        Func<LiveSample>[] kept;
        lock (gate) kept = [.. last];
        return [.. kept.Select(make => make()).Select(row =>
            row with { Prompt = Cut(row.Prompt), Completion = Cut(row.Completion) })];
    }

    // Never in the midst of a pair of surrogates, which would be no text.
    private static string Cut(string text) =>
        text.Length <= MaxChars ? text : text[..(char.IsHighSurrogate(text[MaxChars - 1]) ? MaxChars - 1 : MaxChars)] + "…";
}
