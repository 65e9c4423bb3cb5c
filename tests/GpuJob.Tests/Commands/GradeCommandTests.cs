using System.Text.Json;
using R1Cloud.GpuJob.Commands;
using R1Cloud.Shared.Jobs;

namespace R1Cloud.GpuJob.Tests.Commands;

public sealed class GradeCommandTests
{
    private static async Task<(int Code, string[] Verdicts, string Output, string Error)> RunAsync(string rows, params string[] arguments)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        var folder = Directory.CreateTempSubdirectory("grade");
        try
        {
            var (input, target) = (Path.Combine(folder.FullName, "cases.jsonl"), Path.Combine(folder.FullName, "verdicts.jsonl"));
            await File.WriteAllTextAsync(input, rows);
            var code = await TrainerCommandLine.RunAsync(["grade", "--input", input, "--output", target, .. arguments],
                new CommandStreams(TextReader.Null, output, error));
            return (code, File.Exists(target) ? await File.ReadAllLinesAsync(target) : [], output.ToString(), error.ToString());
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task Grade_RewardOfAModel_SaysThatItNeedsARun()
    {
        var (code, verdicts, _, error) =
            await RunAsync("""{"gold":"","pred":"yes"}""", "--reward", "helpful/model", "--options", """{"stage":"helpful"}""");
        (code, verdicts.Length).ShouldBe((ExitCodes.BadInput, 0));
        error.ShouldContain("inside a run");
    }

    [Fact]
    public async Task Grade_Rows_WritesOneVerdictALineInOrder()
    {
        var (code, verdicts, output, _) = await RunAsync("""
            {"gold":"1/2","pred":"So \\boxed{0.5}","expected":true}
            {"gold":"3","pred":"4","expected":false}
            {"gold":"3","pred":"","expected":true}
            {"gold":"1/3","pred":"0.33","options":{"decimalPlaces":2}}
            """, "--reward", "accuracy/math", "--json");
        code.ShouldBe(ExitCodes.Done);
        var rows = verdicts.Select(line => JsonSerializer.Deserialize<JsonElement>(line)).ToList();
        rows.Select(row => row.GetProperty("correct").GetBoolean()).ShouldBe([true, false, false, true]);
        rows[0].GetProperty("extracted").GetString().ShouldBe("0.5");
        rows.Select(row => row.GetProperty("outcome").GetString()).ShouldBe(["scored", "scored", "unparsable", "scored"]);
        var summary = JsonSerializer.Deserialize<JsonElement>(output);
        (summary.GetProperty("rows").GetInt32(), summary.GetProperty("expected").GetInt32(), summary.GetProperty("agreed").GetInt32(),
            summary.GetProperty("falseNegatives").GetInt32()).ShouldBe((4, 3, 2, 1));
        summary.GetProperty("outcomes").GetProperty("unparsable").GetInt32().ShouldBe(1);
    }

    [Fact]
    public async Task Grade_BadRows_NamesFileAndLineAndGoesOn()
    {
        var (code, verdicts, _, error) = await RunAsync("""
            {"gold":"1","pred":"1"}
            {"gold":"1"
            {"pred":"1"}
            {"gold":"1","pred":"1","options":{"percent":"maybe"}}
            {"gold":"1","pred":"1"}
            """, "--reward", "accuracy/math");
        code.ShouldBe(ExitCodes.BadInput);
        verdicts.Length.ShouldBe(5);
        verdicts[4].ShouldContain("\"correct\":true");
        error.ShouldContain("cases.jsonl:2: not JSON");
        error.ShouldContain("cases.jsonl:3: the problem has no right answer");
        error.ShouldContain("cases.jsonl:4: options.percent: \"maybe\"");
        error.ShouldContain("hundredth");
    }

    [Fact]
    public async Task Grade_OtherReward_IsLookedUpByName()
    {
        var (code, verdicts, output, _) = await RunAsync("""{"gold":"7","pred":"<answer>7</answer>"}""", "--reward", "accuracy/exact");
        code.ShouldBe(ExitCodes.Done);
        verdicts.Single().ShouldContain("\"correct\":true");
        output.ShouldContain("1 rows, 1 correct");
    }

    [Theory]
    [InlineData("accuracy/none", "{}", "There is no reward 'accuracy/none'")]
    [InlineData("accuracy/math", "{\"speed\":1}", "'speed' is no option")]
    [InlineData("accuracy/math", "{\"decimalPlaces\":99}", "Allowed: 0 to 15")]
    [InlineData("accuracy/math", "[", "is not JSON")]
    public async Task Grade_BadArgument_SaysWhatIsAllowed(string reward, string options, string message)
    {
        var (code, _, _, error) = await RunAsync("""{"gold":"7","pred":"7"}""", "--reward", reward, "--options", options);
        code.ShouldBe(ExitCodes.BadInput);
        error.ShouldContain(message);
    }

    [Fact]
    public async Task Grade_UnknownOptionInRow_IsThatRowsError()
    {
        var (code, verdicts, _, error) = await RunAsync("""
            {"gold":"7","pred":"7","options":{"strict":true}}
            {"gold":"7","pred":"7","options":{"precision":3}}
            """, "--reward", "accuracy/math");
        code.ShouldBe(ExitCodes.BadInput);
        verdicts[0].ShouldContain("\"outcome\":\"error\"");
        verdicts[1].ShouldContain("\"correct\":true");
        error.ShouldContain("cases.jsonl:1: options: 'strict' is no option");
    }

    [Fact]
    public async Task Grade_RowWithColumnsAndOptions_ReachesTheReward()
    {
        async Task<JsonElement> Graded(string reward, string row) =>
            JsonSerializer.Deserialize<JsonElement>((await RunAsync(row, "--reward", reward)).Verdicts.Single());
        (await Graded("accuracy/countdown", """{"pred":"<answer>3*4</answer>","nums":[3,4],"target":12}""")).GetProperty("score")
            .GetDouble().ShouldBe(1);
        (await Graded("accuracy/countdown", """{"pred":"<answer>3*4+1</answer>","nums":[3,4,1],"target":12,"options":{"formScore":0.1}}"""))
            .GetProperty("score").GetDouble().ShouldBe(0.1);
        (await Graded("length/overlong", """{"pred":"x","tokens":[1,2,3,4],"options":{"maxTokens":4,"bufferTokens":2}}"""))
            .GetProperty("score").GetDouble().ShouldBe(-1);
        (await Graded("length/cosine", """{"pred":"x","tokens":[1,2],"maxTokens":2,"accuracy":1}""")).GetProperty("score").GetDouble()
            .ShouldBe(0.5);
        (await Graded("instructions/ifeval", """{"pred":"no sign","instruction_id_list":["punctuation:no_comma"],"kwargs":[{}]}"""))
            .GetProperty("score").GetDouble().ShouldBe(1);
        (await Graded("repetition/ngram", """{"pred":"a b c a b c","options":{"ngramSize":-1}}""")).GetProperty("outcome").GetString()
            .ShouldBe("error");
        (await Graded("accuracy/multiple-choice", """{"gold":"T","pred":"The answer is T.","options":{"letters":26}}"""))
            .GetProperty("score").GetDouble().ShouldBe(1);
        (await Graded("accuracy/multiple-choice", """{"gold":"red","pred":"<answer>B</answer>","options":["blue","red"]}"""))
            .GetProperty("score").GetDouble().ShouldBe(1);
        (await Graded("accuracy/exact", """{"gold":" ","pred":"<answer> </answer>"}""")).GetProperty("outcome").GetString()
            .ShouldBe("error");
    }
}
