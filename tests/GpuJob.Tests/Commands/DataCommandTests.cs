using R1Cloud.Testing;
using System.Text.Json;
using R1Cloud.GpuJob.Commands;
using R1Cloud.Shared.Jobs;

namespace R1Cloud.GpuJob.Tests.Commands;

public sealed class DataCommandTests : IDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("r1-data-command");

    public void Dispose() => folder.Delete(recursive: true);

    [Fact]
    public async Task Data_GoodFiles_PrintsCountsSplitAndContamination()
    {
        var train = Write("train.jsonl", """{"question":"What is one plus one?","answer":"#### 2"}""",
            """{"question":"What is two plus two?","answer":"#### 4"}""", """{"question":"What is two plus two?","answer":"#### 4"}""");
        var eval = Write("eval.jsonl", """{"prompt":"What is one plus one?"}""");
        var (code, output, error) = await RunAsync("data", train, "--layout", "gsm8k", "--against", eval, "--held-out", "0", "--json");
        (code, error).ShouldBe((ExitCodes.Done, ""));
        var report = JsonSerializer.Deserialize<JsonElement>(output);
        (report.GetProperty("rows").GetInt32(), report.GetProperty("duplicates").GetInt32(), report.GetProperty("training").GetInt32())
            .ShouldBe((3, 1, 1));
        report.GetProperty("contaminated")[0].GetProperty("evaluationRow").GetInt32().ShouldBe(1);

        (code, output, _) = await RunAsync("data", train, "--layout", "gsm8k", "--against", eval, "--held-out", "0");
        code.ShouldBe(ExitCodes.Done);
        output.ShouldMatch(@"training\s+1\b");
        output.ShouldContain($"{train}(1) shares 10 words with {eval}(1)");
    }

    [Fact]
    public async Task Data_BadRowOrInstruction_ExitsWithBadInputAndNamesIt()
    {
        var bad = Write("bad.jsonl", """{"question":"q","answer":"1"}""", """{"question":"q"}""");
        var (code, _, error) = await RunAsync("data", bad);
        code.ShouldBe(ExitCodes.BadInput);
        error.ShouldContain($"{bad}(2): answer: is missing");

        var instructions = Write("ifeval.jsonl", """{"prompt":"p","instruction_id_list":["keywords:existance"],"kwargs":[{}]}""");
        (code, var output, error) = await RunAsync("data", instructions, "--json");
        code.ShouldBe(ExitCodes.BadInput);
        error.ShouldContain("keywords:existance");
        output.ShouldContain("\"row\":1");
    }

    [Fact]
    public async Task Data_RowsThatARewardCannotJudge_AreNamed()
    {
        var rows = Write("math.jsonl", """{"question":"a?","answer":"5"}""", """{"question":"b?","answer":"\\frac{1"}""",
            """{"question":"c?","answer":"$$"}""");
        var (code, _, error) = await RunAsync("data", rows, "--held-out", "0", "--reward", "accuracy/math");
        code.ShouldBe(ExitCodes.BadInput);
        error.ShouldContain($"{rows}(2): accuracy/math: ");
        error.ShouldContain($"{rows}(3): accuracy/math: ");
        error.ShouldNotContain($"{rows}(1)");
        (await RunAsync("data", rows, "--held-out", "0")).Code.ShouldBe(ExitCodes.Done);
    }

    [Theory]
    [InlineData("data", "x.jsonl", "--held-out", "101")]
    [InlineData("data", "x.jsonl", "--layout", "gsm")]
    [InlineData("data")]
    public async Task Data_BadArguments_SayWhatIsAllowed(params string[] arguments)
    {
        var (code, _, error) = await RunAsync(arguments);
        code.ShouldBe(ExitCodes.BadInput);
        error.ShouldContain("gpujob data --help");
    }

    [Fact]
    public async Task Data_PublicTrainingProblems_AreGood()
    {
        var (code, output, error) = await RunAsync("data", Fixtures.Shared("data/shared_only/train_problems.jsonl"), "--json");
        (code, error).ShouldBe((ExitCodes.Done, ""));
        var report = JsonSerializer.Deserialize<JsonElement>(output);
        report.GetProperty("rows").GetInt32().ShouldBe(1000);
        report.GetProperty("heldOut").GetInt32().ShouldBeInRange(70, 130);
    }

    private static async Task<(int Code, string Output, string Error)> RunAsync(params string[] arguments)
    {
        using StringWriter output = new(), error = new();
        var code = await TrainerCommandLine.RunAsync(arguments, new CommandStreams(TextReader.Null, output, error));
        return (code, output.ToString(), error.ToString());
    }

    private string Write(string name, params string[] lines)
    {
        var file = Path.Combine(folder.FullName, name);
        File.WriteAllLines(file, lines);
        return file;
    }
}
