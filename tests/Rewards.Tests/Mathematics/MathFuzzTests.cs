using R1Cloud.Rewards.Mathematics;
using R1Cloud.Shared.Recipes.Rewards;

namespace R1Cloud.Rewards.Tests.Mathematics;

[Collection(nameof(Timing))]
public sealed class MathFuzzTests
{
    private const int DefaultInputs = 100_000, DefaultSeed = 20251107;
    private const double Limit = 0.05;

    private static readonly string[] Pieces =
    [
        "\\frac{", "}", "{", "\\sqrt{", "\\sqrt[", "]", "(", ")", "[", "|", "^", "_", "^{", "\\left", "\\right", "\\begin{pmatrix}",
            "\\end{pmatrix}", "&", "\\\\", "\\text{", "$", "\\(", "\\boxed{", "9", "999999999999", ".", ",", "!", "!!",
        "\\sum_{k=1}^{400}", "\\log_", "\\sin", "x", "e", "i", "\\pi", "\\infty", "\\pm", "=", "<", "\\le", "\\cup", "\\in", "and", " or ",
            "%", "°", "\\{", "\\}", "\\mid", "/", "-", "+", "*", "1e308", "0.000001", "\\overline{3}", "<answer>", "</think>", "\u0000",
            "\uD800", "é", "十", "٣", "½", "the answer is ", "\\", "\\binom{", "'", ":", ";", "\n",
    ];

    [Fact]
    public void Judge_MutatedInputs_NeverFailsAndStopsInTime()
    {
        // More inputs, and others, for those who changed the parser: CONTRIBUTING.md.
        var random = new Random(Given("R1_FUZZ_SEED", DefaultSeed));
        var inputs = Given("R1_FUZZ_INPUTS", DefaultInputs);
        var seeds = AnswerCases.Texts;
        var slow = new List<string>();
        var failed = new List<string>();
        for (var i = 0; i < inputs; i++)
        {
            var (gold, pred) = (seeds[random.Next(seeds.Count)], Mutate(seeds, random));
            if (random.Next(4) == 0) (gold, pred) = (pred, random.Next(2) == 0 ? gold : Mutate(seeds, random));
            var (verdict, seconds) = Timing.Quickest(3, () => MathAnswer.Judge(gold, pred, MathOptions.Default), Limit);
            if (AnswerCases.IsFault(verdict)) failed.Add($"{gold} | {pred}: {verdict.Reason}");
            if (seconds >= Limit) slow.Add($"{gold} | {pred}: {seconds * 1000:F0} ms");
        }
        failed.ShouldBeEmpty();
        slow.ShouldBeEmpty();
    }

    private static int Given(string variable, int otherwise) =>
        int.TryParse(Environment.GetEnvironmentVariable(variable), out var given) && given > 0 ? given : otherwise;

    private static string Mutate(IReadOnlyList<string> seeds, Random random)
    {
        var text = seeds[random.Next(seeds.Count)];
        for (var times = random.Next(1, 6); times > 0; times--)
        {
            var at = random.Next(text.Length + 1);
            var length = random.Next(Math.Min(12, text.Length - at) + 1);
            text = random.Next(6) switch
            {
                0 => text.Remove(at, length),
                1 => text.Insert(at, Pieces[random.Next(Pieces.Length)]),
                2 => text.Insert(at, string.Concat(Enumerable.Repeat(Pieces[random.Next(Pieces.Length)], random.Next(1, 40)))),
                3 => string.Concat(text[..at], text.Substring(at, length), text[at..]),
                4 => text + seeds[random.Next(seeds.Count)],
                _ => text.Remove(at, length).Insert(at, ((char)random.Next(32, 127)).ToString()),
            };
        }
        return text;
    }
}
