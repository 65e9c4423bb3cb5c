using R1Cloud.LocalHost.Commands;
using R1Cloud.Pipeline.Model;
using R1Cloud.Shared;

namespace R1Cloud.LocalHost.Tests.Commands;

public sealed class SampleFilterTests
{
    private static readonly SampleRowView Row = new()
    {
        Question = 3, Sample = 1, Prompt = "2+2=", PromptChars = 4, Completion = "Wait, <answer>5</answer>", CompletionChars = 24,
        Correct = false, Formatted = true, Tokens = 120, Reward = -0.5,
        Rewards = [new("accuracy/exact", "scored", "", 0, 1), new("format/tags", "scored", "", 1, 0.5)],
    };

    [Theory]
    [InlineData("reward < 0 and tokens > 100", true)]
    [InlineData("reward < 0 and tokens > 120", false)]
    [InlineData("tokens >= 120 and tokens <= 120 and reward = -0.5", true)]
    [InlineData("correct or formatted", true)]
    [InlineData("not correct and not (truncated or dropped)", true)]
    [InlineData("correct = false", true)]
    [InlineData("correct != false", false)]
    [InlineData("completion ~ \"wait\"", true)]
    [InlineData("completion ~ wait and not completion ~ wait5", true)]
    [InlineData("completion ~ \"and or (\"", false)]
    [InlineData("accuracy/exact = 0 and format/tags=1", true)]
    [InlineData("length/overlong < 1", false)]
    [InlineData("answer = \"4\" or answer != \"4\"", false)] // the row has none
    [InlineData("correct or formatted and reward > 0", false)] // and binds closer
    public void Meets_Filter_IsWhatItSays(string filter, bool meets) => SampleFilter.Parse(filter).Meets(Row).ShouldBe(meets);

    [Theory]
    [InlineData("", "at character 1 is the end")]
    [InlineData("rewrd < 0", "at character 1 is 'rewrd'; allowed is question, sample")]
    [InlineData("reward <", "at character 9 is the end; allowed is a number")]
    [InlineData("reward < 0 tokens", "at character 12 is 'tokens'; allowed is \"and\"")]
    [InlineData("(correct", "allowed is \")\"")]
    [InlineData("reward ? 1", "at character 8 is '?'; allowed is = !=")]
    public void Parse_NoFilter_NamesThePlace(string filter, string message) =>
        Should.Throw<BadInputException>(() => SampleFilter.Parse(filter)).Message.ShouldContain(message);
}
