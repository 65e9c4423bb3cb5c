namespace R1Cloud.Orchestrator.Tests.BatchWorkers;

/// <summary>Waits for a program's turn.</summary>
internal delegate Task Step();

/// <summary>
/// Runs two asynchronous programs once for every order in which their steps can follow each other, where either is interrupted at any of
/// its steps, up to three times in all. Everything that they share is reached by a step, and between two steps only one of them runs:
/// nothing is left to chance.
/// </summary>
internal static class Interleavings
{
    private const int MaxInterruptions = 3;

    /// <summary>Tries all orders.</summary>
    /// <param name="start">Starts both programs on a new world and gives what is to hold when they have ended.</param>
    /// <returns>How many orders there are.</returns>
    public static async Task<int> ExploreAsync(Func<Step, Step, Task<(Task First, Task Second, Func<Task> Check)>> start)
    {
        var choices = new List<int>();
        for (var count = 1; ; count++)
        {
            var path = await RunAsync(start, choices);
            // The next order differs as late as possible: the last choice that has an alternative left takes it.
            var last = path.FindLastIndex(choice => choice.Taken + 1 < choice.Options);
            if (last < 0) return count;
            choices = [.. path.Take(last).Select(choice => choice.Taken), path[last].Taken + 1];
        }
    }

    private static async Task<List<(int Taken,
        int Options)>> RunAsync(Func<Step, Step, Task<(Task First, Task Second, Func<Task> Check)>> start, List<int> choices)
    {
        var waiting = new TaskCompletionSource?[2];
        var (first, second, check) = await start(() => StepAsync(0), () => StepAsync(1));
        var path = new List<(int Taken, int Options)>();
        var order = "";
        var (running, interruptions) = (0, 0);
        while (true)
        {
            // The one that runs comes first: to choose the other is to interrupt it.
            int[] ready = [.. new[] { running, 1 - running }.Where(who => waiting[who] is not null)];
            if (ready.Length == 0) break;
            if (ready.Length == 2 && interruptions == MaxInterruptions) ready = [running];
            var taken = path.Count < choices.Count ? choices[path.Count] : 0;
            path.Add((taken, ready.Length));
            if (taken == 1) interruptions++;
            running = ready[taken];
            var turn = waiting[running]!;
            waiting[running] = null;
            order += "AB"[running];
            turn.SetResult(); // what follows runs here, up to the next step
        }
        try
        {
            first.IsCompleted.ShouldBeTrue();
            second.IsCompleted.ShouldBeTrue();
            await Task.WhenAll(first, second);
            await check();
        }
        catch (Exception e)
        {
            throw new InvalidOperationException($"In the order {order}: {e.Message}", e);
        }
        return path;

        Task StepAsync(int who) => (waiting[who] = new()).Task;
    }
}
