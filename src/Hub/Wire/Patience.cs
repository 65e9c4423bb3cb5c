namespace R1Cloud.Hub.Wire;

/// <summary>How often and after which waits something is asked again.</summary>
/// <param name="Clock">Measures and waits.</param>
/// <param name="Random">Draws from 0 to 1, so that many do not come back at once.</param>
public sealed record Patience(TimeProvider Clock, Func<double> Random)
{
    /// <summary>Tries in a row that bring nothing, before it is given up.</summary>
    public int Tries { get; init; } = 6;

    /// <summary>Times that a limit is waited for.</summary>
    public int Limits { get; init; } = 8;

    /// <summary>The wait after the first try; it doubles.</summary>
    public TimeSpan First { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>The longest wait between tries.</summary>
    public TimeSpan Longest { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Waits after a try that brought nothing.</summary>
    /// <param name="tried">How many did so in a row, from 1.</param>
    /// <param name="cancellation">Stops waiting.</param>
    public Task AfterAsync(int tried, CancellationToken cancellation) =>
        Task.Delay(TimeSpan.FromTicks((long)(Math.Min(Longest.Ticks, First.Ticks * Math.Pow(2, tried - 1)) * (0.75 + 0.5 * Random()))),
            Clock,
            cancellation);

    /// <summary>Waits for a limit's end, and a little longer.</summary>
    public Task LimitAsync(TimeSpan wait, CancellationToken cancellation) =>
        Task.Delay(wait + TimeSpan.FromSeconds(1 + Random()), Clock, cancellation);
}
