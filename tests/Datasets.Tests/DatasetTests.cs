using Parquet.Serialization;
using R1Cloud.Shared.Recipes.Tasks;

namespace R1Cloud.Datasets.Tests;

public sealed class DatasetTests : IDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("r1-data-tests");

    public void Dispose() => folder.Delete(recursive: true);

    [Theory]
    [InlineData(DatasetLayout.Plain, """{"question":"1+1?","answer":2}""", "1+1?", "2")]
    [InlineData(DatasetLayout.Plain, """{"prompt":"Write.","instruction_id_list":["punctuation:no_comma"]}""", "Write.", "")]
    [InlineData(DatasetLayout.Plain,
        """{"messages":[{"role":"system","content":"Be brief."},{"role":"user","content":"Hi?"}],"answer":"yes"}""", "Be brief.\n\nHi?",
        "yes")]
    [InlineData(DatasetLayout.Gsm8k, """{"question":"How many?","answer":"Some 3 and\nmore.\n#### 1,234"}""", "How many?", "1234")]
    [InlineData(DatasetLayout.Math, """{"problem":"Find x.","solution":"So \\boxed{1} or \\boxed{\\frac{1}{2}}.","level":"Level 3"}""",
        "Find x.", "\\frac{1}{2}")]
    [InlineData(DatasetLayout.Math, """{"problem":"Find x.","solution":"…","answer":"7"}""", "Find x.", "7")]
    [InlineData(DatasetLayout.Mbpp, """{"text":"Add.","code":"…","test_list":["assert f(1)==2"],"test_setup_code":""}""",
        "Add.\nYour code should pass these tests:\n\nassert f(1)==2", "")]
    [InlineData(DatasetLayout.HumanEval,
        """{"task_id":"HumanEval/0","prompt":"def f(x):","entry_point":"f","test":"def check(candidate): pass"}""", "def f(x):", "")]
    public void Load_Layout_IsBroughtToOneForm(DatasetLayout layout, string line, string prompt, string answer)
    {
        var row = Load(new() { Files = [Write("a.jsonl", line)], Layout = layout, HeldOutPercent = 0 }).Training.ShouldHaveSingleItem();
        (row.Prompt, row.Answer).ShouldBe((prompt, answer));
    }

    [Theory]
    [InlineData("""{"prompt":"Hi?","completion":"Hello."}""", "Hi?", "Hello.")]
    [InlineData("""{"question":"Hi?","response":"Hello.","answer":"x"}""", "Hi?", "Hello.")]
    [InlineData(
        """{"messages":[{"role":"system","content":"Be brief."},{"role":"user","content":"Hi?"},{"role":"assistant","content":"Hello."}]}""", "Be brief.\n\nHi?", "Hello.")]
    public void Load_Completions_HaveWhatIsToBeWritten(string line, string prompt, string completion)
    {
        var row = Load(new() { Files = [Write("a.jsonl", line)], Layout = DatasetLayout.Completions, HeldOutPercent = 0 })
            .Training.ShouldHaveSingleItem();
        (row.Prompt, row.Completion).ShouldBe((prompt, completion));
    }

    [Fact]
    public void Load_Countdown_MakesPromptAndColumnsForTheReward()
    {
        var row = Load(
            new() { Files = [Write("a.jsonl", """{"numbers":[3,5],"target":8}""")], Layout = DatasetLayout.Countdown, HeldOutPercent = 0 })
            .Training[0];
        row.Prompt.ShouldContain("[3, 5]");
        row.Prompt.ShouldContain("equals 8");
        row.Fields["nums"].GetRawText().ShouldBe("[3,5]");
        row.Answer.ShouldBe("8");
    }

    [Fact]
    public void Load_CodeLayouts_MakeTests()
    {
        var human = Load(
            new() { Files =
                [Write("h.jsonl", """{"prompt":"def f(x):","entry_point":"f","test":"def check(candidate):\n  assert candidate(1)==2"}""")],
                Layout = DatasetLayout.HumanEval, HeldOutPercent = 0 });
        human.Training[0].Fields["tests"][0].GetString()!.ShouldEndWith("check(f)");
        var mbpp = Load(
            new() { Files =
                [Write("m.jsonl", """{"text":"Add.","test_list":["assert f(1)==2","assert f(2)==3"],"test_setup_code":"import math"}""")],
                Layout = DatasetLayout.Mbpp, HeldOutPercent = 0 });
        mbpp.Training[0].Fields["tests"].EnumerateArray().Select(test => test.GetString())
            .ShouldBe(["import math\nassert f(1)==2", "import math\nassert f(2)==3"]);
    }

    [Theory]
    [InlineData(DatasetLayout.Plain, """{"question":"q","answer":"a"} x""", "", "is not JSON")]
    [InlineData(DatasetLayout.Plain, "[1]", "", "an object a line")]
    [InlineData(DatasetLayout.Plain, """{"question":"q"}""", "answer", "is missing")]
    [InlineData(DatasetLayout.Plain, """{"answer":"a"}""", "prompt", "is missing")]
    [InlineData(DatasetLayout.Plain, """{"question":" ","answer":"a"}""", "", "is empty")]
    [InlineData(DatasetLayout.Plain, """{"question":5,"answer":"a"}""", "question", "5 is not allowed: a text")]
    [InlineData(DatasetLayout.Plain, """{"question":"q","answer":["a"]}""", "answer", "a text or a number")]
    [InlineData(DatasetLayout.Plain, """{"question":"q","answer":"a","question":"r"}""", "question", "here twice")]
    [InlineData(DatasetLayout.Plain, """{"question":"q","answer":"a","more":[{"x":{"y":1,"y":2}}]}""", "more.x.y", "here twice")]
    [InlineData(DatasetLayout.Plain, """{"messages":[{"role":"user","content":"x"}],"tools":"[]","answer":"a"}""", "tools",
        "a list of objects")]
    [InlineData(DatasetLayout.Plain, """{"question":"q","answer":"a","pass_rate":1.5}""", "pass_rate", "from 0 to 1")]
    [InlineData(DatasetLayout.Plain, """{"question":"q","tests":"assert"}""", "tests", "a list")]
    [InlineData(DatasetLayout.Plain, """{"messages":[{"role":"user"}],"answer":"a"}""", "messages", "role and content")]
    [InlineData(DatasetLayout.Plain, """{"messages":[{"role":"assistant","content":"x"}],"answer":"a"}""", "messages",
        "the last message is the user's")]
    [InlineData(DatasetLayout.Plain, """{"question":"\ud800","answer":"a"}""", "", "")]
    [InlineData(DatasetLayout.Completions, """{"prompt":"q","answer":"a"}""", "completion",
        "is missing: a text in one of completion, response, output")]
    [InlineData(DatasetLayout.Completions, """{"prompt":"q","completion":" "}""", "completion", "is empty")]
    [InlineData(DatasetLayout.Completions, """{"messages":[{"role":"user","content":"x"}]}""", "messages",
        "the last message is the assistant's")]
    [InlineData(DatasetLayout.Completions, """{"messages":[{"role":"assistant","content":"x"}]}""", "messages", "only the assistant's")]
    [InlineData(DatasetLayout.Gsm8k, """{"question":"q","answer":"72"}""", "answer", "####")]
    [InlineData(DatasetLayout.Math, """{"problem":"q","solution":"\\boxed{1"}""", "solution", "\\boxed")]
    [InlineData(DatasetLayout.Countdown, """{"nums":[1,"2"],"target":3}""", "nums", "a list of whole numbers")]
    [InlineData(DatasetLayout.Countdown, """{"nums":[1,2],"target":3.5}""", "target", "a whole number")]
    [InlineData(DatasetLayout.Mbpp, """{"text":"q","test_list":[]}""", "test_list", "at least one")]
    [InlineData(DatasetLayout.HumanEval, """{"prompt":"q","test":"t"}""", "entry_point", "is missing")]
    public void Load_BadRow_NamesFileRowAndColumn(DatasetLayout layout, string line, string column, string message)
    {
        var good = layout switch
        {
            DatasetLayout.Completions => """{"prompt":"q","completion":"a"}""",
            DatasetLayout.Gsm8k => """{"question":"q","answer":"#### 1"}""",
            DatasetLayout.Math => """{"problem":"q","answer":"1"}""",
            DatasetLayout.Countdown => """{"nums":[1],"target":1}""",
            DatasetLayout.Mbpp => """{"text":"q","test_list":["t"]}""",
            DatasetLayout.HumanEval => """{"prompt":"q","entry_point":"f","test":"t"}""",
            _ => """{"question":"q","answer":"a"}""",
        };
        var file = Write("bad.jsonl", good, "", line);
        var problem = Fails(new() { Files = [file], Layout = layout }).ShouldHaveSingleItem();
        (problem.File, problem.Row, problem.Field).ShouldBe((file, 3, column)); // an empty line counts
        problem.Message.ShouldContain(message);
    }

    [Theory]
    [InlineData("rows.jsonl")]
    [InlineData("rows.parquet")]
    public void Load_GitLfsPointer_IsToldSo(string name)
    {
        var file = Write(name, "version https://git-lfs.github.com/spec/v1", "oid sha256:4d7a", "size 12345");
        var problem = Fails(new() { Files = [file] }).ShouldHaveSingleItem();
        (problem.File, problem.Row).ShouldBe((file, 0));
        problem.Message.ShouldContain("Git LFS pointer");
    }

    [Fact]
    public void Load_BadFiles_AreNamedOneAndAll()
    {
        File.WriteAllBytes(Path.Combine(folder.FullName, "latin.jsonl"), [.. "{\"question\":\"caf"u8, 0xE9, .. "\",\"answer\":\"1\"}\n"u8]);
        File.WriteAllText(Path.Combine(folder.FullName, "no.parquet"), "no parquet");
        var problems =
            Fails(new() {
                Files = [At("absent.jsonl"), At("data.csv"), folder.FullName + ".jsonl", At("latin.jsonl"), At("no.parquet"),
                    Write("empty.jsonl")] });
        problems.Select(problem => Path.GetFileName(problem.File)).Take(2).ShouldBe(["absent.jsonl", "data.csv"]);
        problems.ShouldContain(problem => problem.File.EndsWith("latin.jsonl") && problem.Message.Contains("UTF-8"));
        problems.ShouldContain(problem => problem.File.EndsWith("no.parquet") && problem.Message.Contains("Parquet"));
        Fails(new() { Files = [Write("empty.jsonl")] }).ShouldHaveSingleItem().Message.ShouldContain("no rows");
    }

    [Fact]
    public void Load_ManyProblems_ListsFiftyAndCountsTheRest()
    {
        var problems =
            Fails(new() { Files = [Write("bad.jsonl", [.. Enumerable.Range(0, 80).Select(i => $$"""{"question":"q{{i}}"}""")])] });
        problems.Count.ShouldBe(51);
        problems[^1].Message.ShouldContain("30 more");
    }

    [Fact]
    public void Load_Split_IsByTextAndNotByFileOrSeed()
    {
        var lines = Enumerable.Range(0, 1000).Select(i => $$"""{"question":"What is {{i}} and {{i * 7}}?","answer":"{{i}}"}""").ToArray();
        var whole = Load(new() { Files = [Write("all.jsonl", lines)], HeldOutPercent = 20 });
        whole.HeldOut.Count.ShouldBeInRange(150, 250);
        whole.Training.Count.ShouldBe(1000 - whole.HeldOut.Count);
        whole.Training.Select(row => row.Id).Intersect(whole.HeldOut.Select(row => row.Id)).ShouldBeEmpty();
        var parts = Load(new() { Files = [Write("b.jsonl", lines[500..]), Write("a.jsonl", lines[..500])], HeldOutPercent = 20, Seed = 9 });
        parts.HeldOut.Select(row => row.Prompt)
            .ShouldBe(whole.HeldOut.Select(row => row.Prompt), "neither files nor the seed decide what is held out, nor its order");
        parts.Training.Select(row => row.Prompt)
            .ShouldNotBe(whole.Training.Select(row => row.Prompt), "the seed decides the order of training");
        Load(new() { Files = [At("all.jsonl")], HeldOutPercent = 20 }).Training.Select(row => row.Prompt)
            .ShouldBe(whole.Training.Select(row => row.Prompt));
    }

    [Fact]
    public void Load_Duplicates_StayOnceAndSymbolsCount()
    {
        var data = Load(
            new() { Files =
                [Write("a.jsonl", """{"question":"What  is 2+3?","answer":"5"}""", """{"question":"what is 2+3?","answer":"5"}""",
                    """{"question":"What is 2-3?","answer":"-1"}""")], HeldOutPercent = 0 });
        (data.Report.Duplicates, data.Training.Count).ShouldBe((1, 2));
    }

    [Fact]
    public void Load_Against_LeavesOutWhatSharesTenWordsAndSaysWhere()
    {
        const string shared = "A train leaves the town at nine and travels at sixty miles an hour";
        var file = Write("train.jsonl",
            $$"""{"question":"Please solve: {{shared.ToUpperInvariant()}}. When does it arrive?","answer":"1"}""",
            """{"question":"A train leaves the town at nine and then it stops, so what?","answer":"2"}""", // 8 words shared
            """{"question":"Short question?","answer":"3"}""",
            """{"question":"Another short question?","answer":"4"}""");
        var eval = Write("eval.jsonl", """{"problem":"Something else entirely, of no interest."}""",
            $$"""{"prompt":"{{shared}}, they say."}""", """{"question":"short  question?"}""");
        var data = Load(new() { Files = [file], Against = [eval], HeldOutPercent = 0 });
        data.Report.Contaminated.ShouldBe([new(file, 1, eval, 2), new(file, 3, eval, 3)]);
        data.Training.Select(row => row.Answer).Order().ShouldBe(["2", "4"]);
        data.Report.EvaluationRows.ShouldBe(3);
    }

    [Fact]
    public void Load_HeldOutFiles_AreNeverLearnedFrom()
    {
        var train = Write("train.jsonl", """{"question":"Q one?","answer":"1"}""", """{"question":"Q two?","answer":"2"}""");
        var test = Write("test.jsonl", """{"question":"q ONE?","answer":"1"}""");
        var data = Load(new() { Files = [train], HeldOutFiles = [test] });
        data.Training.ShouldHaveSingleItem().Answer.ShouldBe("2");
        data.HeldOut.ShouldHaveSingleItem().File.ShouldBe(test);
    }

    [Fact]
    public void Load_CountdownSentences_AreNotContamination()
    {
        var train = Write("train.jsonl", """{"nums":[1,2,3],"target":6}""", """{"nums":[4,5],"target":9}""");
        var eval = Write("eval.jsonl", """{"nums":[3,2,1],"target":6}""");
        Load(new() { Files = [train], Against = [eval], Layout = DatasetLayout.Countdown, HeldOutPercent = 0 })
            .Training.ShouldHaveSingleItem().Answer.ShouldBe("9");
    }

    [Fact]
    public void Load_Difficulty_DropsAlwaysRightAndAlwaysWrong()
    {
        var file = Write("a.jsonl", """{"question":"a","answer":"1","pass_rate":0}""", """{"question":"b","answer":"1","pass_rate":0.5}""",
            """{"question":"c","answer":"1","pass_rate":1}""", """{"question":"d","answer":"1"}""");
        var data = Load(new() { Files = [file], Difficulty = new(), HeldOutPercent = 0 });
        data.Training.Select(row => row.Prompt).Order().ShouldBe(["b", "d"]);
        (data.Report.Difficulty, data.Report.Unrated).ShouldBe((2, 1));
        var rates = Write("rates.jsonl", """{"question":"d","pass_rate":1}""", """{"question":"a","pass_rate":0.25}""");
        Load(new() { Files = [file], Difficulty = new() { PassRates = rates }, HeldOutPercent = 0 }).Training.Select(row => row.Prompt)
            .Order().ShouldBe(["a", "b"]);
        Fails(new() { Files = [file], Difficulty = new() { PassRates = Write("none.jsonl", """{"question":"d"}""") } })
            .ShouldHaveSingleItem().Field.ShouldBe("pass_rate");
    }

    [Fact]
    public void Load_EasyToHard_OrdersByPassRateOrLevel()
    {
        var file = Write("a.jsonl", """{"question":"hard","answer":"1","pass_rate":0.1}""",
            """{"question":"easy","answer":"1","pass_rate":0.9}""", """{"question":"middle","answer":"1","pass_rate":0.6}""");
        Load(new() { Files = [file], Order = DatasetOrder.EasyToHard, HeldOutPercent = 0 }).Training.Select(row => row.Prompt)
            .ShouldBe(["easy", "middle", "hard"]);
        file = Write("m.jsonl", """{"problem":"five","answer":"1","level":"Level 5"}""",
            """{"problem":"one","answer":"1","level":"Level 1"}""");
        Load(new() { Files = [file], Layout = DatasetLayout.Math, Order = DatasetOrder.EasyToHard, HeldOutPercent = 0 })
            .Training.Select(row => row.Prompt).ShouldBe(["one", "five"]);
        Fails(new() { Files = [Write("n.jsonl", """{"question":"a","answer":"1"}""")], Order = DatasetOrder.EasyToHard })
            .ShouldHaveSingleItem().Message.ShouldContain("easy-to-hard");
    }

    [Fact]
    public void Load_Domain_LeavesOutTheOthers()
    {
        var file = Write("a.jsonl", """{"question":"a","answer":"1","domain":"math"}""",
            """{"question":"b","answer":"1","domain":"logic"}""", """{"question":"c","answer":"1"}""");
        var data = Load(new() { Files = [file], Domain = "math", HeldOutPercent = 0 });
        data.Training.ShouldHaveSingleItem().Prompt.ShouldBe("a");
        (data.Report.OtherDomains, data.Report.Domains["logic"]).ShouldBe((2, 1));
    }

    [Fact]
    public async Task Load_Parquet_ReadsTextsNumbersAndLists()
    {
        var file = At("a.parquet");
        await ParquetSerializer.SerializeAsync(
            [new ParquetRow { question = "one?", answer = "1", pass_rate = 0.25, choices = ["x", "y"],
                messages = [new() { role = "user", content = "one?" }] },
                new ParquetRow { question = "two?", answer = "2", pass_rate = null, choices = ["z"] }],
            file, cancellationToken: TestContext.Current.CancellationToken);
        var rows = Load(new() { Files = [file], HeldOutPercent = 0 }).Training.OrderBy(row => row.Number).ToList();
        rows.Select(row => (row.Prompt, row.Answer, row.PassRate)).ShouldBe([("one?", "1", 0.25), ("two?", "2", null)]);
        rows[0].Fields["choices"].GetRawText().ShouldBe("""["x","y"]""");
        rows[0].Fields["messages"].GetRawText().ShouldBe("""[{"role":"user","content":"one?"}]""");
    }

    [Fact]
    public void Load_Preferences_KeepsSeveralPairsOfAPromptOnOneSide()
    {
        var lines = Enumerable.Range(0, 400).Select(row => Pair($"prompt {row / 4}", $"good {row}", "bad"));
        var set = Load(
            new() { Files = [Write("pairs.jsonl", [.. lines, Pair("prompt 0", "good 0", "bad")])], Layout = DatasetLayout.Preferences,
                HeldOutPercent = 30 });
        (set.Report.Rows, set.Report.Duplicates, set.Report.Training + set.Report.HeldOut).ShouldBe((401, 1, 400));
        set.Report.HeldOut.ShouldBeInRange(60, 180);
        set.HeldOut.Select(row => row.Prompt).Intersect(set.Training.Select(row => row.Prompt)).ShouldBeEmpty();
        set.Training[0].Fields["chosen"].GetString()!.ShouldStartWith("good");
    }

    [Fact]
    public void Load_PairFilters_LeaveOutSmallGapsAndEvenLengthsOut()
    {
        string[] lines =
            [.. Enumerable.Range(0, 100)
                .Select(row => Pair($"p{row}", new string('x', 10 + row), $"short {row % 10}", gap: row % 2 == 0 ? 0.5 : 2))];
        DatasetTask task = new() { Files = [Write("pairs.jsonl", lines)], Layout = DatasetLayout.Preferences, HeldOutPercent = 0 };
        Load(task with { Pairs = new() { MinimumGap = 1 } }).Training.ShouldAllBe(row => row.Number % 2 == 0);

        var even = Load(task with { Pairs = new() { LengthTolerance = 1 } });
        even.Report.Pairs.ShouldBeInRange(1, 99);
        double chosen = even.Training.Average(row => row.Fields["chosen"].GetString()!.Length),
            rejected = even.Training.Average(row => row.Fields["rejected"].GetString()!.Length);
        (chosen - rejected).ShouldBeLessThanOrEqualTo((chosen + rejected) / 2);
        even.Training.Max(row => row.Fields["chosen"].GetString()!.Length).ShouldBeLessThan(109, "the longest go first");
    }

    [Theory]
    [InlineData(DatasetLayout.Preferences, """{"prompt":"p","chosen":"a","rejected":"a"}""", "rejected", "must differ")]
    [InlineData(DatasetLayout.Preferences, """{"prompt":"p","chosen":"a"}""", "rejected", "is missing")]
    [InlineData(DatasetLayout.Preferences, """{"prompt":"p","chosen":"a","rejected":"b","gap":"wide"}""", "gap", "a number")]
    [InlineData(DatasetLayout.Labels, """{"prompt":"p","response":"a"}""", "safe", "is missing")]
    [InlineData(DatasetLayout.Labels, """{"prompt":"p","response":"a","safe":"yes"}""", "safe", "true or false")]
    public void Load_BadRewardRow_NamesColumnAndWhatIsAllowed(DatasetLayout layout, string line, string field, string message)
    {
        var problem = Fails(new() { Files = [Write("a.jsonl", line)], Layout = layout }).ShouldHaveSingleItem();
        problem.Field.ShouldBe(field);
        problem.Message.ShouldContain(message);
    }

    private static string Pair(string prompt, string chosen, string rejected, double gap = 2) =>
        System.Text.Json.JsonSerializer.Serialize(new { prompt, chosen, rejected, gap });

    [Fact]
    public void Words_Text_IgnoreCasePunctuationAndWidth()
    {
        TextKeys.Words("The  Cat, sat!").ShouldBe(TextKeys.Words("the cat　ＳＡＴ"));
        TextKeys.Words("数学题").Length.ShouldBe(3);
        TextKeys.Words("\ud800 x").Length.ShouldBe(1);
    }

    private static Dataset Load(DatasetTask task) => Dataset.Load(task);

    private static IReadOnlyList<DataProblem> Fails(DatasetTask task) => Should.Throw<DatasetException>(() => Dataset.Load(task)).Problems;

    private string At(string name) => Path.Combine(folder.FullName, name);

    private string Write(string name, params string[] lines)
    {
        File.WriteAllLines(At(name), lines);
        return At(name);
    }

    public sealed class ParquetRow
    {
#pragma warning disable IDE1006 // the columns' names
        public string? question { get; set; }
        public string? answer { get; set; }
        public double? pass_rate { get; set; }
        public List<string>? choices { get; set; }
        public List<ParquetMessage>? messages { get; set; }
    }

    public sealed class ParquetMessage
    {
        public string? role { get; set; }
        public string? content { get; set; }
#pragma warning restore IDE1006
    }
}
