using System.Text.Json;
using R1Cloud.Shared;
using R1Cloud.Shared.Recipes.Tasks;

namespace R1Cloud.GpuJob.Tests.Jobs;

/// <summary>
/// Preferences and labels in the symbols of the arithmetic task: a summary with a comma is the better one, a response with a star is not
/// safe.
/// </summary>
internal static class RewardData
{
    public static DatasetTask Pairs(DirectoryInfo folder)
    {
        var random = new SeededRandom(7);
        return Write(folder, "pairs", DatasetLayout.Preferences, Enumerable.Range(0, 600).Select(number =>
        {
            var (digits, place) = (Digits(random), random.Next(3));
            return new { prompt = Prompt(number), chosen = $"<think>{Digits(random)}</think><answer>{digits.Insert(place, ",")}</answer>",
                rejected = $"<think>{Digits(random)},</think><answer>{digits.Insert(place, ";")}</answer>" };
        }));
    }

    public static DatasetTask Labels(DirectoryInfo folder)
    {
        var random = new SeededRandom(8);
        return Write(folder, "labels", DatasetLayout.Labels, Enumerable.Range(0, 600).Select(number =>
        {
            var safe = random.Chance(0.5);
            return new { prompt = Prompt(number),
                response = $"<think>{Digits(random).Insert(random.Next(3), safe ? "-" : "*")}</think><answer>{Digits(random)}</answer>",
                safe };
        }));
    }

    public static DatasetTask Write<T>(DirectoryInfo folder, string name, DatasetLayout layout, IEnumerable<T> rows)
    {
        var path = Path.Combine(folder.FullName, name + ".jsonl");
        File.WriteAllLines(path, rows.Select(row => JsonSerializer.Serialize(row)));
        return new() { Files = [path], Layout = layout, HeldOutPercent = 20 };
    }

    private static string Prompt(int number) => $"{number:D3}+1=";

    private static string Digits(SeededRandom random) => $"{random.Next(1000):D3}";
}
