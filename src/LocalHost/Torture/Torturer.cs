using System.Globalization;
using R1Cloud.LocalHost.Environments;
using R1Cloud.LocalHost.Hosting;

namespace R1Cloud.LocalHost.Torture;

/// <summary>
/// Runs a recipe once undisturbed, then again and again under a nemesis, over storage that misbehaves, until all has been done to it; and
/// compares what each of the runs has made.
/// </summary>
/// <param name="options">What is to be done.</param>
/// <param name="time">The clock.</param>
/// <param name="say">Tells how far it is.</param>
internal sealed class Torturer(TortureOptions options, TimeProvider time, Action<string> say)
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(100);

    private const string Calm = "calm", Rounds = "round-";

    // The share of the strikes that wait until an attempt runs; the others come whenever they come, between jobs and into a start as well.
    private const double AtWork = 0.75;

    // Starts one after another in which no attempt begins: the run cannot go on.
    private const int MostVainStarts = 10;

    private readonly Random random = new(options.Seed);
    private readonly List<double> restarts = [];

    // Attempts that were ended: the log tells nothing of that before the worker's next process.
    private readonly HashSet<string> ended = new(StringComparer.Ordinal);

    /// <summary>Does it.</summary>
    /// <exception cref="EnvironmentException">The undisturbed run does not end well.</exception>
    public async Task<TortureReport> RunAsync(CancellationToken cancellation)
    {
        Clear();
        var began = time.GetTimestamp();
        var calm = await CalmAsync(cancellation);
        var calmSeconds = time.GetElapsedTime(began).TotalSeconds;
        say(string.Create(CultureInfo.InvariantCulture, $"undisturbed: {calmSeconds:0} s, {calm.ByPath.Count} files to compare"));

        await using var storage = options.Faults > 0
            ? await FaultyStorage.StartAsync(Path.Combine(options.Folder, "storage.ports"), options.Faults, options.Seed) : null;
        var rounds = new List<Round>();
        do
        {
            var left = options.Kills - rounds.Sum(round => round.Strikes.Count);
            rounds.Add(await RoundAsync(rounds.Count + 1, left, calm, storage, cancellation));
        }
        while (rounds[^1].Differences.Count == 0
            && (rounds.Sum(round => round.Strikes.Count) < options.Kills || storage is { IsSpent: false }));
        if (!options.Keep && rounds[^1].Differences.Count == 0) Clear();
        return new(options.Seed, calmSeconds, calm.ByPath.Count, rounds, storage?.Happened ?? new Dictionary<string, int>(),
            storage?.Requests ?? 0);
    }

    private async Task<RunContents> CalmAsync(CancellationToken cancellation)
    {
        await using var victim = Create(Calm, null);
        var began = time.GetTimestamp();
        victim.Start();
        await AttemptAsync(victim, 0, cancellation);
        restarts.Add(time.GetElapsedTime(began).TotalSeconds);
        await victim.Exited.WaitAsync(cancellation);
        if (victim.ExitCode != ExitCode.Ok)
            throw new EnvironmentException($"The undisturbed run ended with exit code {victim.ExitCode}:\n{victim.LastWords()}");
        return await ReadAsync(victim, cancellation);
    }

    private async Task<Round> RoundAsync(int number, int kills, RunContents calm, FaultyStorage? storage, CancellationToken cancellation)
    {
        await using var victim = Create(string.Create(CultureInfo.InvariantCulture, $"{Rounds}{number}"), storage);
        var (began, strikes, vain) = (time.GetTimestamp(), new List<Strike>(), 0);
        victim.Start();
        while (true)
        {
            if (strikes.Count < kills && !victim.HasExited)
            {
                await Task.WhenAny(Task.Delay(Wait(), time, cancellation), victim.Exited);
                cancellation.ThrowIfCancellationRequested();
                if (random.NextDouble() < AtWork)
                {
                    while (!victim.HasExited && !victim.Activity.Running.Values.Any(IsAlive)) await Task.Delay(Look, cancellation);
                }
                if (!victim.HasExited && await StrikeAsync(victim, cancellation) is { } strike) strikes.Add(strike);
                if (!victim.HasExited) continue;
            }
            await victim.Exited.WaitAsync(cancellation);
            if (victim.IsOver || vain >= MostVainStarts) break;

            var before = victim.Activity.Begun;
            victim.Start();
            vain = await AttemptAsync(victim, before, cancellation) ? 0 : vain + 1;
        }
        var seconds = time.GetElapsedTime(began).TotalSeconds;
        if (victim.ExitCode != ExitCode.Ok)
            return new(strikes, victim.Starts, seconds, [
                $"round {number} ended with exit code {victim.ExitCode}: {victim.LastWords()}"], 0, 0);
        var contents = await ReadAsync(victim, cancellation);
        var differences = calm.Differences(contents).ToList();
        say(string.Create(CultureInfo.InvariantCulture,
            $"round {number}: {strikes.Count} strikes, {strikes.Count(strike => strike.Phases.Count > 0)} of them hit attempts, "
            + $"{storage?.Happened.Values.Sum() ?? 0} faults so far, {seconds:0} s, {differences.Count} differences"));
        return new(strikes, victim.Starts, seconds, differences, contents.Twice, contents.Left);
    }

    // Strikes once, if there is something to strike; a host that dies of it is started again, and the run is productive once an attempt has
    // begun.
    private async Task<Strike?> StrikeAsync(Victim victim, CancellationToken cancellation)
    {
        var nemesis = options.Nemeses[random.Next(options.Nemeses.Count)];
        var (draw, before, began) = (random.NextDouble(), victim.Activity, time.GetTimestamp());
        if (await nemesis.Strikes(victim, new(options.Freeze), draw) is not { } hit)
        {
            await Task.Delay(Look, cancellation);
            return null;
        }
        var attempts = hit.Where(before.Running.ContainsKey).Select(worker => before.Running[worker])
            .Where(IsAlive).ToList();
        if (!nemesis.StandsStill) ended.UnionWith(attempts.Select(attempt => attempt.Name));
        List<string> phases = [.. attempts.Select(attempt => attempt.Kind).Distinct()];
        if (victim.HasExited && !victim.IsOver) victim.Start();
        if (phases.Count == 0 || nemesis.StandsStill) return new(nemesis.Name, phases, null);
        if (!await AttemptAsync(victim, before.Begun, cancellation)) return new(nemesis.Name, phases, null);
        restarts.Add(time.GetElapsedTime(began).TotalSeconds);
        return new(nemesis.Name, phases, restarts[^1]);
    }

    // Waits until another attempt begins, or the host ends; whether one did.
    private static async Task<bool> AttemptAsync(Victim victim, int begun, CancellationToken cancellation)
    {
        while (victim.Activity.Begun <= begun)
        {
            if (victim.HasExited) return victim.Activity.Begun > begun;
            await Task.Delay(Look, cancellation);
        }
        return true;
    }

    private bool IsAlive(RunningAttempt attempt) => !ended.Contains(attempt.Name);

    // Exponentially distributed around a multiple of the usual restart: strikes have no rhythm, and between them there is progress.
    private TimeSpan Wait()
    {
        var usual = restarts.Order().ElementAt(restarts.Count / 2);
        return TimeSpan.FromSeconds(options.Spacing * usual * -Math.Log(1 - random.NextDouble()));
    }

    private Victim Create(string name, FaultyStorage? storage) => new(options.Program, options.Arguments,
        Path.Combine(options.Folder, name), storage is null ? new Dictionary<string, string>()
            : new Dictionary<string, string> { [Azurite.StorageDetour.Variable] = storage.Detour });

    private async Task<RunContents> ReadAsync(Victim victim, CancellationToken cancellation)
    {
        await using var storage = await LocalStorage.StartAsync(victim.Data, options.Azurite, cancellation);
        return await RunContents.ReadAsync(storage.Blobs, cancellation);
    }

    private void Clear()
    {
        Directory.CreateDirectory(options.Folder);
        foreach (var name in (string[])[Calm, Rounds + "*"])
        {
            foreach (var folder in Directory.GetDirectories(options.Folder, name)) Directory.Delete(folder, recursive: true);
            foreach (var log in Directory.GetFiles(options.Folder, name + ".log")) File.Delete(log);
        }
    }
}
