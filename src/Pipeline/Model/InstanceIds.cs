using System.Globalization;

namespace R1Cloud.Pipeline.Model;

/// <summary>The ids of a run's orchestrations.</summary>
internal static class InstanceIds
{
    /// <summary>The id of a stage's orchestration; some engines take no slash in it.</summary>
    public static string Stage(string runId, string label) => $"{runId}:{label.Replace('/', '.')}";

    /// <summary>The id of an iteration's orchestration.</summary>
    public static string Iteration(string stageInstance, int iteration) =>
        string.Create(CultureInfo.InvariantCulture, $"{stageInstance}:{iteration}");

    /// <summary>Whether an id is an iteration's.</summary>
    public static bool IsIteration(string instance) =>
        instance.Split(':') is [_, _, var iteration] && int.TryParse(iteration, NumberStyles.None, CultureInfo.InvariantCulture, out _);
}
