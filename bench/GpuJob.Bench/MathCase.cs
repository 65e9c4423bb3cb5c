using System.Diagnostics;
using R1Cloud.Rewards.Mathematics;
using R1Cloud.Rewards.Scoring;

namespace R1Cloud.GpuJob.Bench;

/// <summary>The verifier of mathematical answers on one thread: cases a second, against a comparison of strings.</summary>
internal static class MathCase
{
    private static readonly (string Gold, string Pred)[] Ordinary =
    [
        ("72", "Natalia sold 48/2 = 24 clips in May, so 48 + 24 = 72 altogether.\n#### 72"),
        ("10", "She earns 12/60 = 0.2 a minute. The answer is $10."),
        ("\\frac{3}{4}", "Therefore the probability is $\\boxed{0.75}$."),
        ("2\\sqrt{3}", "so the height is $\\boxed{\\sqrt{12}}$."),
        ("x^2+2x+1", "We expand and get \\boxed{(x+1)^2}."),
        ("(-\\infty,2)\\cup(3,\\infty)", "The solution is $x<2$ or $x>3$, that is \\boxed{(-\\infty, 2) \\cup (3, \\infty)}."),
        ("\\frac{\\pi}{4}", "Thus $\\theta = \\boxed{\\pi/4}$."),
        ("\\begin{pmatrix}1&2\\\\3&4\\end{pmatrix}", "\\boxed{\\begin{bmatrix} 1 & 2 \\\\ 3 & 4 \\end{bmatrix}}"),
        ("\\{1,2,3\\}", "The roots are 1, 2 and 3: \\boxed{3, 2, 1}"),
        ("y=2x+3", "The line is $\\boxed{2x - y + 3 = 0}$."),
        ("3+4i", "<think>…</think> <answer>4i + 3</answer>"),
        ("1,000,000", "In total there are \\boxed{10^6} of them."),
        ("42", "I think the answer is 41."),
        ("\\text{even}", "So $f$ is \\boxed{\\text{even}}."),
        ("5\\text{ cm}", "The length is \\boxed{50\\text{ mm}}."),
        ("\\sin 2x", "It simplifies to \\boxed{2\\sin x\\cos x}."),
    ];

    /// <summary>Runs the cases for some seconds.</summary>
    public static object Run()
    {
        var texts = Ordinary.Select(item => new Completion(item.Pred, item.Gold, Finished: true)).ToArray();
        var right = texts.Count(text => MathAnswer.Score(text).Score > 0);
        var cases = Rate(texts, text => MathAnswer.Score(text).Score > 0, TimeSpan.FromSeconds(3));
        var strings = Rate(texts, text => text.Text.Contains(text.Answer, StringComparison.Ordinal), TimeSpan.FromSeconds(1));
        var stringsRight = texts.Count(text => text.Text.Contains(text.Answer, StringComparison.Ordinal));
        return new { casesPerSecond = Math.Round(cases), right, of = texts.Length, baselineStringCasesPerSecond = Math.Round(strings),
            baselineRight = stringsRight };
    }

    private static double Rate(Completion[] texts, Func<Completion, bool> judge, TimeSpan time)
    {
        foreach (var text in texts) for (var i = 0; i < 200; i++) judge(text);
        var watch = Stopwatch.StartNew();
        long done = 0;
        for (; watch.Elapsed < time; done += texts.Length) foreach (var text in texts) judge(text);
        return done / watch.Elapsed.TotalSeconds;
    }
}
