using System.Text.Json;
using R1Cloud.Rewards.Instructions;
using R1Cloud.Rewards.Scoring;
using static R1Cloud.Rewards.Tests.AccuracyRewardsTests;

namespace R1Cloud.Rewards.Tests;

public sealed class InstructionRewardTests
{
    // One instruction, a response that follows it and one that does not.
    public static TheoryData<string, string, string, string> Kinds => new()
    {
        { "keywords:existence", """{"keywords":["river","Bank"]}""", "The RIVER's bank.", "The river." },
        { "keywords:frequency", """{"keyword":"ox","frequency":2,"relation":"at least"}""", "Ox and fox.", "One ox." },
        { "keywords:frequency", """{"keyword":"ox","frequency":2,"relation":"less than"}""", "One ox.", "Ox and fox." },
        { "keywords:forbidden_words", """{"forbidden_words":["cat","dog"]}""", "A category of dogma.", "A Cat." },
        { "keywords:letter_frequency", """{"letter":"Z","let_frequency":2,"let_relation":"at least"}""", "Zigzag", "zoo" },
        { "language:response_language", """{"language":"de"}""", "Das ist die Antwort auf die Frage.",
            "This is the answer to the question." },
        { "length_constraints:number_sentences", """{"num_sentences":3,"relation":"at least"}""", "Dr. Smith paid $3.50. Did he? Yes!",
            "Mr. A. B. Smith left. He ran" },
        { "length_constraints:number_paragraphs", """{"num_paragraphs":2}""", "One.\n***\nTwo.\n***", "One.\n***\n\n***\nTwo." },
        { "length_constraints:number_words", """{"num_words":4,"relation":"less than"}""", "one two, three", "one two three four" },
        { "length_constraints:nth_paragraph_first_word", """{"num_paragraphs":2,"nth_paragraph":2,"first_word":"firefly"}""",
            "One.\n\n\"Firefly\", it said.", "One.\n\nThe firefly." },
        { "detectable_content:number_placeholders", """{"num_placeholders":2}""", "[name], [address]", "[name" },
        { "detectable_content:postscript", """{"postscript_marker":"P.S."}""", "Bye.\nP. S. More.", "Bye. PS more" },
        { "detectable_content:postscript", """{"postscript_marker":"P.P.S"}""", "Bye.\np.p.s more", "Bye.\nP.S. more" },
        { "detectable_format:number_bullet_lists", """{"num_bullets":2}""", "List:\n* one\n - two\n**bold**", "* one" },
        { "detectable_format:constrained_response", "{}", "Well: My answer is maybe.", "my answer is yes" },
        { "detectable_format:number_highlighted_sections", """{"num_highlights":2}""", "*one* and *two*", "*one* and **" },
        { "detectable_format:multiple_sections", """{"section_spliter":"SECTION","num_sections":2}""", "SECTION 1\na\nSECTION 2\nb",
            "SECTION 1\na\nSECTION two" },
        { "detectable_format:json_format", "{}", "```json\n{\"a\": [1, 2]}\n```", "{a: 1}" },
        { "detectable_format:title", "{}", "<<poem of joy>>\ntext", "<< >>\ntext" },
        { "combination:two_responses", "{}", "Yes.\n******\nNo.", "Yes.\n******\nYes." },
        { "combination:repeat_prompt", """{"prompt_to_repeat":"Write a poem."}""", "Write a poem. Roses are red.", "Roses. Write a poem." },
        { "startend:end_checker", """{"end_phrase":"Any other questions?"}""", "\"Done. any other questions?\"",
            "Any other questions? No." },
        { "startend:quotation", "{}", " \"quoted\"\n", "\"half" },
        { "change_case:capital_word_frequency", """{"capital_frequency":2,"capital_relation":"at least"}""", "This is VERY WELL-KNOWN.",
            "This is VERY Well-KNOWN." },
        { "change_case:english_capital", "{}", "THIS IS THE ANSWER TO IT, NO 4.", "THIS IS THE answer." },
        { "change_case:english_lowercase", "{}", "this is the answer to it.", "this is The answer." },
        { "punctuation:no_comma", "{}", "One and two.", "One, two." },
    };

    [Theory, MemberData(nameof(Kinds))]
    public void Follows_Response_TellsThoseThatDo(string id, string arguments, string follows, string breaks)
    {
        var parsed = JsonSerializer.Deserialize<JsonElement>(arguments);
        InstructionKinds.Follows(id, follows, parsed).ShouldBeTrue(follows);
        InstructionKinds.Follows(id, breaks, parsed).ShouldBeFalse(breaks);
    }

    [Fact]
    public void Kinds_All_AreThePapersTwentyFiveAndTested()
    {
        InstructionKinds.Ids.Count.ShouldBe(25);
        Kinds.Select(row => row.Data.Item1).Distinct().Order(StringComparer.Ordinal)
            .ShouldBe(InstructionKinds.Ids.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Score_SeveralInstructions_AreTheirShareOrAllOrNothing()
    {
        const string fields =
            """{"instruction_id_list":["punctuation:no_comma","length_constraints:number_words"],"kwargs":[{},{"num_words":3,"relation":"at least"}]}""";
        Score("instructions/ifeval", "<think>a, b</think>One two", "", fields).Score.ShouldBe(0.5);
        Score("instructions/ifeval", "<think>a, b</think>One two", "", fields, """{"score":"all"}""").Score.ShouldBe(0);
        Score("instructions/ifeval", "<think>a, b</think><answer>One two three</answer>", "", fields, """{"score":"all"}""")
            .Score.ShouldBe(1);
        Score("instructions/ifeval", "<think>a b</think>One two", "", fields, """{"part":"whole"}""").Score.ShouldBe(1);
    }

    [Theory]
    [InlineData("Sure, here it is:\n{\"a\": 1}", """["detectable_format:json_format"]""", "[{}]")]
    [InlineData("{\"a\": 1}\nDoes that help?", """["detectable_format:json_format"]""", "[{}]")]
    [InlineData("**My** text ends *here*", """["startend:end_checker"]""", """[{"end_phrase":"ends here"}]""")]
    public void Score_Loose_ForgivesPolitenessAndEmphasis(string text, string ids, string arguments)
    {
        var fields = $$"""{"instruction_id_list":{{ids}},"kwargs":{{arguments}}}""";
        Score("instructions/ifeval", text, "", fields).Score.ShouldBe(0);
        Score("instructions/ifeval", text, "", fields, """{"mode":"loose"}""").Score.ShouldBe(1);
    }

    [Theory]
    [InlineData("{}", "instruction_id_list")]
    [InlineData("""{"instruction_id_list":["keywords:none"],"kwargs":[{}]}""", "keywords:none")]
    [InlineData("""{"instruction_id_list":["keywords:existence"],"kwargs":[{}]}""", "keywords is missing")]
    [InlineData("""{"instruction_id_list":["keywords:existence"],"kwargs":[]}""", "one an instruction")]
    [InlineData("""{"instruction_id_list":["length_constraints:number_words"],"kwargs":[{"num_words":3,"relation":"more"}]}""",
        "less than")]
    public void Score_RowThatCannotBeUnderstood_IsAnErrorThatSaysWhy(string fields, string reason)
    {
        var reward = Score("instructions/ifeval", "text", "", fields);
        reward.Outcome.ShouldBe(RewardOutcome.Error);
        reward.Reason.ShouldContain(reason);
    }

    [Theory]
    [InlineData("I write C++ daily.", "C++", 0)]
    [InlineData("I write C++.", "c++", 0)]
    [InlineData("I write C and more.", "C++", 1)]
    [InlineData("It costs $5.", "$5", 0)]
    [InlineData("It is .NET here", ".NET", 0)]
    [InlineData("The start was smart.", "art", 1)]
    [InlineData("Modern art.", "art", 0)]
    public void Score_ForbiddenWordWithSigns_IsFound(string text, string word, double expected) =>
        Score("instructions/ifeval", text, "",
            $$"""{"instruction_id_list":["keywords:forbidden_words"],"kwargs":[{"forbidden_words":["{{word}}"]}]}""")
                .Score.ShouldBe(expected);

    [Theory]
    [InlineData("<think>plan\n\nplan</think>\n\nHello there.\n\nSecond one.", 1, "hello")]
    [InlineData("\n\nHello there.\n\n\n\nSecond one.\n\n", 2, "second")]
    [InlineData("Hello there.\r\n\r\nSecond one.", 2, "second")]
    public void Score_ParagraphsAfterThinking_AreCountedWithoutBlankOnes(string text, int nth, string word) =>
        Score("instructions/ifeval", text, "",
            $$"""{"instruction_id_list":["length_constraints:nth_paragraph_first_word"],"kwargs":[{"num_paragraphs":2,"nth_paragraph":{{nth}},"first_word":"{{word}}"}]}""").Score.ShouldBe(1);

    [Theory]
    [InlineData("vi", "Chúng tôi sẽ giải bài toán này bằng cách thử từng số.")]
    [InlineData("vi", "Trời hôm nay rất đẹp.")]
    [InlineData("es", "Hoy hace buen tiempo y vamos al parque con los niños.")]
    [InlineData("fr", "Il fait beau aujourd'hui, alors nous allons au parc.")]
    [InlineData("it", "Il tempo è bello e noi andiamo al parco.")]
    [InlineData("pt", "O tempo está bom, por isso vamos ao parque.")]
    [InlineData("de", "Heute ist schönes Wetter, deshalb gehen wir in den Park.")]
    [InlineData("nl", "Het weer is mooi vandaag, dus we gaan naar het park.")]
    [InlineData("pl", "Dzisiaj jest ładna pogoda, więc idziemy do parku.")]
    [InlineData("sv", "Det är fint väder i dag så vi går till parken.")]
    [InlineData("ru", "Сегодня хорошая погода, и мы идём в парк.")]
    [InlineData("bg", "Днес времето е хубаво и ние отиваме в парка.")]
    [InlineData("ne", "आज मौसम राम्रो छ र हामी पार्क जाँदैछौं।")]
    [InlineData("ur", "آج موسم اچھا ہے اور ہم پارک جا رہے ہیں۔")]
    public void Score_Language_IsRecognised(string language, string text) =>
        Score("instructions/ifeval", text, "",
            $$"""{"instruction_id_list":["language:response_language"],"kwargs":[{"language":"{{language}}"}]}""").Score.ShouldBe(1);

    [Theory]
    [InlineData("keywords:existence", "\"keywords\":[\"art\"]", "The start was smart.", 0)]
    [InlineData("keywords:existence", "\"keywords\":[\"art\"]", "It is art.", 1)]
    [InlineData("keywords:existence", "\"keywords\":[\"学习\"]", "我们学习数学。", 1)]
    [InlineData("keywords:existence", "\"keywords\":[\"c++ (2020)\"]", "I like C++ (2020).", 1)]
    [InlineData("detectable_format:number_highlighted_sections", "\"num_highlights\":1", "2 * 3 * 4", 0)]
    [InlineData("detectable_format:number_highlighted_sections", "\"num_highlights\":3", "*one* and **two** and *a long one*", 1)]
    [InlineData("detectable_format:number_highlighted_sections", "\"num_highlights\":2", "**only one**", 0)]
    [InlineData("detectable_format:number_bullet_lists", "\"num_bullets\":2", "* a\n*b* is\n- c", 1)]
    public void Score_SignsAndWords_AreWhatTheyLook(string id, string arguments, string text, double expected) =>
        Score("instructions/ifeval", text, "", $$"""{"instruction_id_list":["{{id}}"],"kwargs":[{ {{arguments}} }]}""")
            .Score.ShouldBe(expected);

    [Fact]
    public void Score_EmptyAnswer_FollowsNothing() =>
        Score("instructions/ifeval", "<think>x</think> ", "", """{"instruction_id_list":["punctuation:no_comma"]}""").Score.ShouldBe(0);

    [Theory]
    [InlineData("", 0)]
    [InlineData("One. Two! Three?", 3)]
    [InlineData("He paid $3.14 to Mr. Smith at example.com. Fine.", 2)]
    [InlineData("Wait... what? \"Yes.\" He left", 4)]
    [InlineData("你好。再见！", 2)]
    [InlineData("1. First point\n2. Second point", 1)]
    public void Sentences_Text_AreCounted(string text, int expected) => TextUnits.Sentences(text).ShouldBe(expected);
}
