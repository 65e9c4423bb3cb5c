namespace R1Cloud.InferenceServers.Sglang;

/// <summary>A completion that is asked for.</summary>
internal sealed class Flight(string rid)
{
    public string Rid => rid;
    public bool Aborted { get; set; }
    public bool Running { get; set; }
    public int Retractions { get; set; }
    /// <summary>The weights that made each of its tokens.</summary>
    public List<string> Versions { get; } = [];
}

/// <summary>The completions under way: which run and which wait, and what holds them up.</summary>
/// <param name="most">How many run at once.</param>
internal sealed class SglangFlights(int most)
{
    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(2);
    private readonly List<Flight> flights = [];
    private readonly Lock gate = new();

    /// <summary>How it is paused; null while it is not.</summary>
    public string? Paused { get; private set; }

    /// <summary>Whether weights are being changed, which new ones wait for.</summary>
    public bool Changing { get; set; }

    /// <summary>How long each token takes.</summary>
    public TimeSpan Step { get; set; }

    public int Running { get { lock (gate) return flights.Count(flight => flight.Running); } }

    public int Waiting { get { lock (gate) return flights.Count(flight => !flight.Running); } }

    /// <summary>Tokens made of those that run.</summary>
    public int Made { get { lock (gate) return flights.Sum(flight => flight.Versions.Count); } }

    /// <summary>Joins; null where one of the same name is under way.</summary>
    public Flight? Join(string rid)
    {
        lock (gate)
        {
            if (flights.Any(flight => flight.Rid == rid)) return null;
            flights.Add(new(rid));
            return flights[^1];
        }
    }

    public void Leave(Flight flight)
    {
        lock (gate) flights.Remove(flight);
    }

    /// <summary>Waits for its turn; false where it was aborted meanwhile.</summary>
    public async Task<bool> BeginAsync(Flight flight, CancellationToken cancellation)
    {
        while (true)
        {
            lock (gate)
            {
                if (flight.Aborted) return false;
                if (Paused is null && !Changing && flights.Count(other => other.Running) < most) return flight.Running = true;
            }
            await Task.Delay(Moment, cancellation);
        }
    }

    /// <summary>Makes a token; false where it was aborted.</summary>
    public async Task<bool> StepAsync(Flight flight, Func<string> version, CancellationToken cancellation)
    {
        if (Step > TimeSpan.Zero) await Task.Delay(Step, cancellation);
        while (Paused is not (null or "abort") && !flight.Aborted) await Task.Delay(Moment, cancellation);
        lock (gate) flight.Versions.Add(version()); // an abort takes one more step
        return !flight.Aborted;
    }

    /// <summary>Aborts those of a name, or all.</summary>
    public void Abort(string? rid)
    {
        lock (gate)
        {
            foreach (var flight in flights.Where(flight => rid is null || flight.Rid == rid)) flight.Aborted = true;
        }
    }

    /// <summary>Pauses; by aborting what there is, by leaving it as it is, or by taking it back to the queue.</summary>
    public async Task PauseAsync(string mode)
    {
        Paused = mode;
        if (mode == "retract")
        {
            lock (gate)
            {
                foreach (var flight in flights.Where(flight => flight.Running)) flight.Retractions++;
            }
        }
        if (mode != "abort") return;
        Abort(null);
        await IdleAsync();
    }

    public void Continue() => Paused = null;

    /// <summary>Whether the cache can be dropped.</summary>
    public bool CanFlush => Paused == "retract" || Running + Waiting == 0;

    public async Task IdleAsync()
    {
        while (Running > 0) await Task.Delay(Moment);
    }
}
