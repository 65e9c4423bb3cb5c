using R1Cloud.GpuJob.Attempts;
using R1Cloud.Shared;
using R1Cloud.Shared.Storage;

namespace R1Cloud.GpuJob.Jobs.Rollouts;

/// <summary>
/// The problems that a stage has asked up to an iteration, each as it was answered when it was last asked: JSON lines in the order of
/// sources and problems, so that a pool is the same bits whoever wrote it.
/// </summary>
internal sealed class DifficultyPool
{
    /// <summary>The name of the outputs that hold a pool, and what was asked.</summary>
    public const string Output = "pool", Asked = "asked";

    private readonly SortedDictionary<string, AskedProblem> problems = new(StringComparer.Ordinal);

    /// <summary>A pool of nothing.</summary>
    public static DifficultyPool Empty { get; } = new([]);

    /// <summary>A pool of problems. Of equal ones the later count; what was asked twice in an iteration is added up.</summary>
    public DifficultyPool(IEnumerable<AskedProblem> asked)
    {
        foreach (var problem in asked.Where(problem => problem.Judged > 0))
        {
            var key = $"{problem.Source}\n{problem.Problem}";
            problems[key] = problems.TryGetValue(key, out var known) && known.Iteration == problem.Iteration
                ? known with { Judged = known.Judged + problem.Judged, Right = known.Right + problem.Right } : problem;
        }
    }

    /// <summary>The problems.</summary>
    public IReadOnlyCollection<AskedProblem> Problems => problems.Values;

    /// <summary>Reads a pool.</summary>
    /// <param name="path">The blob; null for a pool of nothing.</param>
    /// <param name="context">The attempt.</param>
    /// <exception cref="BadInputException">There is no such blob.</exception>
    public static async Task<DifficultyPool> ReadAsync(string? path, JobContext context) =>
        path is null ? Empty : new(await ReadLinesAsync(path, context));

    /// <summary>Reads what was asked, or a pool, line by line.</summary>
    /// <exception cref="BadInputException">There is no such blob.</exception>
    public static async Task<IReadOnlyList<AskedProblem>> ReadLinesAsync(string path, JobContext context)
    {
        using var _ = context.Time.Measure(TimePart.Storage);
        var lines = await context.Blobs.TryReadAsync(path, context.Preemption)
            ?? throw new BadInputException($"Job '{context.Spec.JobId}': there is no pool '{path}'.");
        return [.. JsonLines.Read<AskedProblem>(lines, path)];
    }
}
