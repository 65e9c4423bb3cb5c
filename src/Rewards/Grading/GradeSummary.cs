using R1Cloud.Rewards.Scoring;

namespace R1Cloud.Rewards.Grading;

/// <summary>Counts of a graded file.</summary>
internal sealed class GradeSummary
{
    /// <summary>Rows read.</summary>
    public int Rows { get; set; }

    /// <summary>Rows that could not be graded.</summary>
    public int Bad { get; set; }

    /// <summary>Rows with the full score.</summary>
    public int Correct { get; private set; }

    /// <summary>Rows by outcome.</summary>
    public SortedDictionary<RewardOutcome, int> Outcomes { get; } = [];

    /// <summary>Rows that say what is expected.</summary>
    public int Expected { get; private set; }

    /// <summary>Rows of them on which the verdict is the expected one.</summary>
    public int Agreed { get; private set; }

    /// <summary>Rows judged right that were expected to be wrong.</summary>
    public int FalsePositives { get; private set; }

    /// <summary>Rows judged wrong that were expected to be right.</summary>
    public int FalseNegatives { get; private set; }

    /// <summary>Wall time.</summary>
    public double Seconds { get; set; }

    /// <summary>Counts a row.</summary>
    public void Count(Grade grade, bool? expected)
    {
        if (grade.Correct) Correct++;
        Outcomes[grade.Outcome] = Outcomes.GetValueOrDefault(grade.Outcome) + 1;
        if (expected is not { } right) return;
        Expected++;
        if (grade.Correct == right) Agreed++;
        else if (grade.Correct) FalsePositives++;
        else FalseNegatives++;
    }
}
