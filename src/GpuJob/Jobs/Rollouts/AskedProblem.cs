using R1Cloud.GpuJob.Tasks;

namespace R1Cloud.GpuJob.Jobs.Rollouts;

/// <summary>
/// A problem that was asked: how to draw it again, and how it was answered. A draw is a pure function, so it stands for its problem
/// whatever the task.
/// </summary>
/// <param name="Source">The prompt source's name; empty for the stage's own task.</param>
/// <param name="Problem">The problem's id.</param>
/// <param name="Seed">As of <see cref="ProblemDraw"/>.</param>
/// <param name="Position">As of <see cref="ProblemDraw"/>.</param>
/// <param name="Progress">As of <see cref="ProblemDraw"/>.</param>
/// <param name="Judged">Samples that a reward could judge.</param>
/// <param name="Right">Those of them that were right.</param>
/// <param name="Iteration">The iteration in which it was last asked, from 0.</param>
internal sealed record AskedProblem(string Source, string Problem, ulong Seed, long Position, double Progress, int Judged, int Right,
    int Iteration)
{
    /// <summary>The draw that gives it.</summary>
    public ProblemDraw Draw() => new(Seed, Position, Progress);

    /// <summary>The share of right samples.</summary>
    public double PassRate() => Right / (double)Judged;
}
