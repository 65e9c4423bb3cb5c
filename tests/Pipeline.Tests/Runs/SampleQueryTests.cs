using System.Text.Json;
using R1Cloud.Pipeline.Model;
using R1Cloud.Pipeline.Runs;
using R1Cloud.Shared;

namespace R1Cloud.Pipeline.Tests.Runs;

public class SampleQueryTests
{
    private static readonly SampleQuery All = new() { Stage = "rl" };

    [Fact]
    public void View_OfARowOfNow_SaysWhatItIsAndWhatEachRewardSaid()
    {
        var row = View("""
            {"question":"1+1=","completion":"2","tokens":3,"reward":1.5,
             "number":7,"sample":3,"problem":"1+1","checkpoint":6,"engine":"torch","truncated":true,
             "reasons":{"accuracy/exact":"2","format/x":"timeout: slow"},"scores":{"accuracy/exact":1,"format/x":0}}
            """);
        (row.Question, row.Sample, row.Problem, row.Checkpoint, row.Truncated, row.Engine).ShouldBe((7, 3, "1+1", 6, true, "torch"));
        row.Rewards.ShouldBe([new("accuracy/exact", "scored", "2", 1, 0.5), new("format/x", "timeout", "slow", 0, 0.5)]);
    }

    [Fact]
    public void View_OfARowOfBefore_IsNumberedByItsPlaceAndHasNoScores()
    {
        var row = View("""{"question":"1+1=","completion":"2","reasons":{"accuracy/exact":"2"}}""", place: 5);
        (row.Question, row.Sample, row.Checkpoint, row.Truncated).ShouldBe((2, 1, null, null));
        row.Rewards.ShouldBe([new("accuracy/exact", "scored", "2", null, 0.5)]);
    }

    [Fact]
    public void Wants_EachFilter_DecidesByItself()
    {
        var row = View("""{"question":"Q","completion":"text","reward":1,"correct":true,"truncated":false,"source":"s","problem":"p"}""");
        SampleQuery[] yes = [All, All with { MinReward = 1, MaxReward = 1 }, All with { Correct = true }, All with { Text = "EX" },
            All with { Text = "q" }, All with { Truncated = false }, All with { Prompts = "s" }, All with { Problem = "p" }];
        SampleQuery[] no = [All with { MinReward = 1.1 }, All with { MaxReward = 0.9 }, All with { Correct = false },
            All with { Text = "none" }, All with { Truncated = true }, All with { Prompts = "t" }, All with { Problem = "o" },
            All with { Question = 9 }, All with { Dropped = true }, All with { Formatted = true }];
        yes.ShouldAllBe(query => query.Wants(row));
        no.ShouldAllBe(query => !query.Wants(row));
    }

    [Fact]
    public void Cut_OfALongText_LeavesNoHalfCharacterAndKeepsItsLength()
    {
        var row = View(JsonSerializer.Serialize(new { question = "q", completion = new string('a', 99) + "😀😀" }));
        var cut = (All with { Chars = 100 }).Cut(row);
        cut.Completion.ShouldBe(new string('a', 99));
        cut.CompletionChars.ShouldBe(103);
    }

    [Theory]
    [InlineData("order", "0 1 2"), InlineData("reward", "1 2 0"), InlineData("-reward", "0 2 1"), InlineData("-length", "2 0 1")]
    public void Sorted_ByAName_IsInThatOrder(string sort, string order)
    {
        var rows = new (double Reward, int Tokens)[] { (3, 2), (1, 1), (2, 9) }.Select((row, i) =>
            View(JsonSerializer.Serialize(new { question = "q", reward = row.Reward, tokens = row.Tokens, number = i, sample = 0 })));
        string.Join(' ', (All with { Sort = sort }).Sorted(rows.Reverse()).Select(row => row.Question)).ShouldBe(order);
    }

    [Theory]
    [InlineData("advantage", "1 2 0 3"), InlineData("-advantage", "2 1 0 3")]
    public void Sorted_ByAdvantage_HasRowsWithoutOneLast(string sort, string order)
    {
        var rows = new double?[] { null, -1.5, 0.5, null }.Select((advantage, i) =>
            View(JsonSerializer.Serialize(new { question = "q", number = i, sample = 0 })) with { Advantage = advantage });
        string.Join(' ', (All with { Sort = sort }).Sorted(rows.Reverse()).Select(row => row.Question)).ShouldBe(order);
    }

    private static SampleRowView View(string json, int place = 0) =>
        JsonSerializer.Deserialize<StoredSample>(json, R1Json.Options)!.View(place, 2, (_, _) => 0.5);
}
