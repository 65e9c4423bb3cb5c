using System.Text.Json;
using R1Cloud.Rewards.Language;
using R1Cloud.Rewards.Scoring;
using R1Cloud.Shared;
using R1Cloud.Shared.Recipes.Reading;
using R1Cloud.Shared.Recipes.Rewards;
using R1Cloud.Testing;
using static R1Cloud.Rewards.Tests.AccuracyRewardsTests;

namespace R1Cloud.Rewards.Tests;

public sealed class TextRewardsTests
{
    private const string English =
        "We know that the sum of the two numbers is ten. So the first number must be four, because it is smaller.";
    private const string Chinese = "我们知道这两个数的和是十。所以第一个数一定是四，因为它比较小。";

    [Theory]
    [InlineData("en", English, 1, 1)]
    [InlineData("zh", Chinese, 1, 1)]
    [InlineData("en", Chinese, 0, 0)]
    [InlineData("zh", English, 0, 0)]
    [InlineData("en", English + " " + Chinese, 0.5, 0.75)]
    [InlineData("zh", Chinese + " So the first is four.", 0.6, 0.8)]
    [InlineData("en", "Wir wissen, dass die Summe der beiden Zahlen zehn ist.", 0, 0)] // the same script, another language
    [InlineData("de", "Wir wissen, dass die Summe der beiden Zahlen zehn ist.", 1, 1)]
    [InlineData("en", "Nous savons que la somme des deux nombres est dix.", 0, 0)]
    [InlineData("en", "We compute $x = \\frac{数}{2}$ and `变量 = 3` in code: ```\n打印(数)\n``` done.", 1, 1)] // code and formulas are no words
    [InlineData("zh", "我们知道 \\begin{align} the answer of it \\end{align} 是四。", 1, 1)]
    [InlineData("zh", "我们调用 GPU 计算 x 和 y2 的和。", 1, 1)] // acronyms and variables are in no language
    [InlineData("zh", "私たちは答えを知っています。", 0, 0.3)] // Japanese, although it has Chinese characters
    [InlineData("ja", "私たちは答えを知っています。", 1, 1)]
    [InlineData("en", "seven plus eight plus four", 1, 1)] // few words, and "plus" is French too
    [InlineData("en", "seven plus eight is fifteen，加四得十九", 0.66, 0.67)] // five words to five characters
    [InlineData("zh", "seven plus eight is fifteen，加四得十九", 0.33, 0.34)]
    [InlineData("zh", "七加八得十五，加四得十九", 1, 1)]
    [InlineData("ru", "Мы знаем, что сумма этих чисел равна десяти.", 1, 1)]
    public void Language_Thinking_IsTheShareOfWordsInTheTarget(string language, string thinking, double least, double most)
    {
        var reward =
            Score("language/consistency", $"<think>{thinking}</think><answer>4</answer>", "", options: $$"""{"language":"{{language}}"}""");
        reward.Score.ShouldBeInRange(least, most, reward.Reason);
    }

    [Theory]
    [InlineData("\"zh\"", 1, RewardOutcome.Scored)]
    [InlineData("\"en\"", 0, RewardOutcome.Scored)]
    [InlineData("\"xx\"", 0, RewardOutcome.Error)]
    [InlineData("5", 0, RewardOutcome.Error)]
    [InlineData("null", 0, RewardOutcome.Error)]
    public void Language_TargetFromAColumn_IsTheRows(string column, double score, object outcome)
    {
        var reward = RewardFunctions.Create("language/consistency", JsonSerializer.Deserialize<JsonElement>("""{ "field": "lang" }"""))(
            new($"<think>{Chinese}</think><answer>4</answer>", "4",
                Finished: true) {
                    Fields = new Dictionary<string, JsonElement> { ["lang"] = JsonSerializer.Deserialize<JsonElement>(column) } });
        reward.Score.ShouldBe(score);
        reward.Outcome.ShouldBe(outcome);
    }

    [Fact]
    public void Language_AnswerInAnotherLanguage_DoesNotCount() =>
        Score("language/consistency", $"<think>{English}</think><answer>{Chinese}</answer>", "").Score.ShouldBe(1);

    [Theory]
    [InlineData("<think></think><answer>4</answer>")]
    [InlineData("<think>1+3=4</think><answer>4</answer>")]
    [InlineData("no thinking at all")]
    public void Language_NoWords_EarnNothing(string text) => Score("language/consistency", text, "").ShouldSatisfyAllConditions(
        reward => reward.Score.ShouldBe(0), reward => reward.Outcome.ShouldBe(RewardOutcome.Unparsable));

    [Fact]
    public void Language_HostileText_IsQuick()
    {
        foreach (var part in new[] { "\\[", "$$", "```", "`", "\\begin{a}", "<<", "the ", "数", "a1" })
            ProcessorTime.Of(() => Score("language/consistency", "<think>" + string.Concat(Enumerable.Repeat(part, 20_000)), ""))
                .ShouldBeLessThan(TimeSpan.FromSeconds(2), part);
    }

    [Theory]
    [InlineData("en", "This is the house that we have seen before.")]
    [InlineData("de", "Das ist das Haus, das wir schon gesehen haben.")]
    [InlineData("fr", "C'est la maison que nous avons vue avant.")]
    [InlineData("es", "Esta es la casa que hemos visto antes en la ciudad.")]
    [InlineData("pt", "Esta é a casa que nós já vimos antes na cidade, não é?")]
    [InlineData("it", "Questa è la casa che abbiamo visto prima nella città.")]
    [InlineData("nl", "Dit is het huis dat we al eerder hebben gezien.")]
    [InlineData("pl", "To jest dom, który już wcześniej widzieliśmy i nie jest duży.")]
    [InlineData("sv", "Det är huset som vi har sett och det är inte stort.")]
    [InlineData("fi", "Tämä on talo, jonka me olemme jo nähneet, eikä se ole suuri.")]
    [InlineData("vi", "Đây là ngôi nhà mà chúng tôi đã thấy trước đây.")]
    [InlineData("sw", "Hii ni nyumba ya watu wa kijiji na ni kubwa sana.")]
    [InlineData("ru", "Это дом, который мы уже видели раньше, и он большой.")]
    [InlineData("uk", "Це будинок, який ми вже бачили раніше, і він великий.")]
    [InlineData("bg", "Това е къщата, която вече сме виждали и тя не е голяма.")]
    [InlineData("ar", "هذا هو البيت الذي رأيناه من قبل")]
    [InlineData("fa", "این خانه‌ای است که ما قبلاً دیده‌ایم و بزرگ نیست")]
    [InlineData("ur", "یہ وہ گھر ہے جو ہم نے پہلے دیکھا ہے")]
    [InlineData("hi", "यह वह घर है जो हमने पहले देखा है और यह बड़ा नहीं है")]
    [InlineData("mr", "हे ते घर आहे जे आम्ही आधी पाहिले होते आणि ते मोठे नाही")]
    [InlineData("ne", "यो त्यो घर हो जुन हामीले पहिले देखेका थियौं र यो ठूलो छ")]
    [InlineData("bn", "এটা সেই বাড়ি যা আমরা আগে দেখেছি")]
    [InlineData("ta", "இது நாம் முன்பு பார்த்த வீடு")]
    [InlineData("te", "ఇది మనం ముందు చూసిన ఇల్లు")]
    [InlineData("kn", "ಇದು ನಾವು ಮೊದಲು ನೋಡಿದ ಮನೆ")]
    [InlineData("ml", "ഇത് ഞങ്ങൾ മുമ്പ് കണ്ട വീടാണ്")]
    [InlineData("gu", "આ તે ઘર છે જે આપણે પહેલા જોયું છે")]
    [InlineData("pa", "ਇਹ ਉਹ ਘਰ ਹੈ ਜੋ ਅਸੀਂ ਪਹਿਲਾਂ ਦੇਖਿਆ ਹੈ")]
    [InlineData("th", "นี่คือบ้านที่เราเคยเห็นมาก่อน")]
    [InlineData("he", "זה הבית שראינו קודם")]
    [InlineData("el", "Αυτό είναι το σπίτι που είδαμε πριν")]
    [InlineData("ko", "이것은 우리가 전에 본 집입니다")]
    [InlineData("ja", "これは私たちが前に見た家です")]
    [InlineData("zh", "这是我们以前见过的房子")]
    public void Detect_Sentence_IsItsLanguage(string language, string text)
    {
        LanguageDetector.Detect(text).ShouldBe(language);
        KnownNames.Languages.ShouldContain(language);
    }

    [Fact]
    public void Detect_EveryKnownLanguage_IsTested() =>
        KnownNames.Languages.Order(StringComparer.Ordinal)
            .ShouldBe(typeof(TextRewardsTests).GetMethod(nameof(Detect_Sentence_IsItsLanguage))!
            .GetCustomAttributes(typeof(InlineDataAttribute), false).Cast<InlineDataAttribute>().Select(data => (string)data.Data[0]!)
                .Order(StringComparer.Ordinal));

    [Theory]
    [InlineData("<think>\na\n</think>\n<answer>\n4\n</answer>", 1)]
    [InlineData("<think>\n\n</think>\n<answer>\n\n</answer>", 1)]
    [InlineData("<think>a</think><answer>4</answer>", 0)]
    [InlineData("<think>\na\n</think>\n\n<answer>\n4\n</answer>", 0)]
    [InlineData("<think>\na\n</think>\n<answer>\n4\n</answer>\n", 0)]
    [InlineData("<think>\n</think>\n<answer>\n</answer>", 0)] // the lines between share their breaks
    public void R1Strict_Text_ScoresTheFormToTheLetter(string text, double expected) =>
        Score("format/r1-strict", text, "").Score.ShouldBe(expected);

    [Fact]
    public void Overlong_NoOptions_TakesTheStagesLimitAndAFifthOfIt()
    {
        var score = RewardFunctions.Get("length/overlong");
        Reward Of(int tokens) => score(new Completion("", "", true) { Tokens = new int[tokens], MaxTokens = 100 });
        Of(80).Score.ShouldBe(0);
        Of(90).Score.ShouldBe(-0.5);
        Of(100).Score.ShouldBe(-1);
        Should.Throw<BadInputException>(() => score(new Completion("", "", true))).Message.ShouldContain("maxTokens");
    }

    [Fact]
    public void Cosine_InASum_LooksAtTheAccuracyReward()
    {
        var sum = new RewardSum(new Dictionary<string, RewardRecipe> { ["length/cosine"] = 1, ["accuracy/exact"] = 0 });
        sum.Score(new("<answer>2</answer>", "2", true) { MaxTokens = 100, Tokens = new int[10] })
            .Total.ShouldBe(0.5 + 0.25 * (1 + Math.Cos(Math.PI / 10)), 1e-12);
        sum.Score(new("<answer>3</answer>", "2", true) { MaxTokens = 100, Tokens = new int[10] })
            .Total.ShouldBe(-0.5 - 0.25 * (1 + Math.Cos(Math.PI / 10)), 1e-12);
    }

    [Fact]
    public void Cosine_AccuracyThatFailed_HasNoVerdictEither()
    {
        var sum = new RewardSum(new Dictionary<string, RewardRecipe> { ["length/cosine"] = 1, ["accuracy/countdown"] = 1 });
        sum.Score(new("<answer>2</answer>", "2", true) { MaxTokens = 100 }).Verdicts["length/cosine"].Outcome.ShouldBe(RewardOutcome.Error);
    }

    [Fact]
    public void Cosine_WithoutAccuracy_IsBadInput() =>
        Should.Throw<BadInputException>(() =>
            new RewardSum(new Dictionary<string, RewardRecipe> { ["length/cosine"] = 1 }).Score(new("", "", true) { MaxTokens = 10 }))
            .Message.ShouldContain("accuracy reward");

    [Fact]
    public void Repetition_Chinese_IsSeenWithoutSpaces() =>
        Score("repetition/ngram", "答案是四答案是四答案是四答案是四", "").Score.ShouldBeLessThan(-0.5);

    [Theory]
    [InlineData("ການທົດສອບການທົດສອບການທົດສອບການທົດສອບການທົດສອບ")]
    [InlineData("สวัสดีสวัสดีสวัสดีสวัสดีสวัสดีสวัสดีสวัสดีสวัสดี")]
    [InlineData("ស្វាគមន៍ស្វាគមន៍ស្វាគមន៍ស្វាគមន៍ស្វាគមន៍ស្វាគមន៍")]
    [InlineData("1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1")]
    [InlineData("foo;bar;foo;bar;foo;bar;foo;bar;foo;bar;foo;bar")]
    [InlineData("hahahahahahahahahahahahahahahahahahahahahahahahahahahaha")]
    [InlineData("a=b=a=b=a=b=a=b=a=b=a=b=a=b=a=b=a=b=a=b=")]
    public void Repetition_TextWithoutSpaces_IsSeen(string text) => Score("repetition/ngram", text, "").Score.ShouldBeInRange(-1, -0.3);

    [Fact]
    public void Repetition_OrdinaryText_HasNone() => Score("repetition/ngram",
        "The internationalization of well-known, state-of-the-art methods doesn't repeat anything here.", "").Score.ShouldBe(0);

    [Fact]
    public void Score_AnyText_NeverThrows()
    {
        var random = new Random(5);
        string[] parts =
            ["<think>", "</think>", "<answer>", "</answer>", "\\boxed{", "}", "(", "1/0", "A", "答案是", "\ud83d", "\0", "***", "******",
                "\n\n", "P.S.", "<<", ">>", "=", "é", "ก"];
        // these run programs or models: they have tests of their own
        foreach (var (name, kind) in RewardFunctions.All.Where(reward => reward.Key != "accuracy/code" && !reward.Value.ByModel))
        {
            var score = kind.Create(name, null);
            for (var i = 0; i < 300; i++)
            {
                var text = string.Concat(Enumerable.Range(0, random.Next(20)).Select(_ => parts[random.Next(parts.Length)]));
                var completion = new Completion(text, "A", random.Next(2) == 0)
                {
                    MaxTokens = 10, Verdicts = new Dictionary<string, Reward> { ["accuracy/x"] = new(1, "") },
                    Fields = JsonSerializer.Deserialize<Dictionary<string, JsonElement>>(
                        """{"nums":[1,2],"target":3,"instruction_id_list":["combination:two_responses"],"kwargs":[{}]}""")!,
                };
                score(completion).Score.ShouldBeInRange(-1, 1, name);
            }
        }
    }
}
