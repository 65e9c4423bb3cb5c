using R1Cloud.Shared;
using R1Cloud.Shared.Recipes;
using R1Cloud.Shared.Recipes.Reading;
using R1Cloud.Tokenizers.Prompts;

namespace R1Cloud.Tokenizers.Tests.Prompts;

public sealed class PromptTemplatesTests : IDisposable
{
    private readonly TokenizerFolder folder = new TokenizerFolder()
        .With("tokenizer_config.json", """{"bos_token":"<|begin|>","eos_token":"<|end|>","add_bos_token":true}""")
        .With("chat_template.jinja",
            "{{ bos_token }}{% for m in messages %}[{{ m.role }}]{{ m.content }}{% endfor %}{% if add_generation_prompt %}[assistant]{% "
            + "endif %}");

    [Fact]
    public void Names_OfTheRegistry_AreThoseThatRecipesMayUse() => PromptTemplates.Names.ShouldBe(KnownNames.Prompts);

    [Theory]
    [InlineData("plain", null, "<|begin|>2+2?")]
    [InlineData("chat", null, "<|begin|>[user]2+2?[assistant]")]
    [InlineData("chat", "Think.", "<|begin|>[system]Think.[user]2+2?[assistant]")]
    public void Create_OfEachForm_WritesTheProblemInIt(string template, string? system, string expected) =>
        Text(new() { Template = template, System = system }, "2+2?").ShouldBe(expected);

    [Theory]
    [InlineData("What is 2+2?", "User: What is 2+2? Assistant:")]
    [InlineData("Find x", "User: Find x. Assistant:")]
    [InlineData("Use {0} and {1}.\n", "User: Use {0} and {1}. Assistant:")]
    public void Create_OfR1Zero_IsTheDialogue(string problem, string end)
    {
        var text = Text(new() { Template = "r1-zero" }, problem);
        text.ShouldStartWith("<|begin|>A conversation between User and Assistant.");
        text.ShouldContain("<think> reasoning process here </think> <answer> answer here </answer>");
        text.ShouldEndWith(end);
    }

    [Fact]
    public void Create_OfWhatATokenizerCannotWrite_IsAnError()
    {
        Should.Throw<BadInputException>(() => PromptTemplates.Create(new() { Template = "chat" }, new SymbolTokenizer("01")))
            .Message.ShouldContain("use plain");
        Should.Throw<BadInputException>(() => PromptTemplates.Create(new() { Template = "other" }, folder.Load()))
            .Message.ShouldContain("'other' is not one of plain, r1-zero, chat");
    }

    private string Text(PromptRecipe prompt, string problem)
    {
        var tokenizer = folder.Load();
        return tokenizer.Decode(PromptTemplates.Create(prompt, tokenizer)(problem).Ids, keepSpecial: true);
    }

    public void Dispose() => folder.Dispose();
}
