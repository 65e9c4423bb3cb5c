using R1Cloud.GpuJob.Models;
using R1Cloud.Shared.Metrics;
using static TorchSharp.torch;

namespace R1Cloud.GpuJob.Jobs.RewardTraining;

/// <summary>A reward model's scores on held-out rows, summed up.</summary>
/// <param name="Scores">All of them.</param>
/// <param name="Metrics">Figures by the field's names.</param>
internal sealed record HeldOutFigures(float[] Scores, IReadOnlyDictionary<string, double> Metrics)
{
    private const int AtOnce = 32; // responses in one pass

    /// <summary>Mean score.</summary>
    public double Mean => Scores.Average(score => (double)score);

    /// <summary>Standard deviation of the scores.</summary>
    public double Std => Math.Sqrt(Scores.Average(score => (score - Mean) * (score - Mean)));

    /// <summary>Measures on pairs.</summary>
    public static HeldOutFigures Of(CausalLm model, IReadOnlyList<PairRow> rows)
    {
        float[] chosen = Score(model, [.. rows.Select(row => row.Chosen)]), rejected = Score(model, [.. rows.Select(row => row.Rejected)]);
        var margins = chosen.Zip(rejected, (better, worse) => (double)better - worse).ToList();
        return Create([.. chosen, .. rejected], new()
        {
            [MetricNames.HeldOutLoss] = margins.Average(margin => SoftPlus(-margin)),
            [MetricNames.HeldOutAccuracy] = margins.Count(margin => margin > 0) / (double)margins.Count,
            [MetricNames.HeldOutMargin] = margins.Average(),
        });
    }

    /// <summary>Measures on labelled responses. The area and the margin are left out where all have one label.</summary>
    public static HeldOutFigures Of(CausalLm model, IReadOnlyList<LabelRow> rows)
    {
        var scores = Score(model, [.. rows.Select(row => row.Response)]);
        var labelled = scores.Zip(rows, (score, row) => (Score: (double)score, row.Safe)).ToList();
        var metrics = new Dictionary<string, double>
        {
            [MetricNames.HeldOutLoss] = labelled.Average(row => SoftPlus(row.Safe ? -row.Score : row.Score)),
            [MetricNames.HeldOutAccuracy] = labelled.Count(row => row.Score > 0 == row.Safe) / (double)labelled.Count,
        };
        var (safe, unsafeOnes) =
            (labelled.Where(row => row.Safe).Select(row => row.Score).ToList(),
                labelled.Where(row => !row.Safe).Select(row => row.Score).ToList());
        if (safe.Count > 0 && unsafeOnes.Count > 0)
        {
            metrics[MetricNames.HeldOutAuc] = Area(safe, unsafeOnes);
            metrics[MetricNames.HeldOutMargin] = safe.Average() - unsafeOnes.Average();
        }
        return Create(scores, metrics);
    }

    /// <summary>The chance that one of the first scores higher than one of the second; a tie counts half (Mann–Whitney U).</summary>
    internal static double Area(IReadOnlyList<double> positives, IReadOnlyList<double> negatives)
    {
        var below = negatives.Order().ToArray();
        return positives.Sum(score => (Rank(below, score, orEqual: false) + Rank(below, score, orEqual: true)) / 2.0)
            / ((double)positives.Count * negatives.Count);

        static int Rank(double[] sorted, double score, bool orEqual)
        {
            var (low, high) = (0, sorted.Length);
            while (low < high)
            {
                var middle = (low + high) / 2;
                if (sorted[middle] < score || (orEqual && sorted[middle] == score)) low = middle + 1;
                else high = middle;
            }
            return low;
        }
    }

    private static HeldOutFigures Create(float[] scores, Dictionary<string, double> metrics)
    {
        var figures = new HeldOutFigures(scores, metrics);
        (metrics[MetricNames.HeldOutMean], metrics[MetricNames.HeldOutStd]) = (figures.Mean, figures.Std);
        return figures;
    }

    private static float[] Score(CausalLm model, IReadOnlyList<int[]> sequences)
    {
        using var _ = no_grad();
        return [.. sequences.Chunk(AtOnce).SelectMany(part =>
        {
            using var scope = NewDisposeScope();
            return model.Scores(part).cpu().data<float>().ToArray();
        })];
    }

    private static double SoftPlus(double x) => Math.Max(x, 0) + Math.Log(1 + Math.Exp(-Math.Abs(x)));
}
