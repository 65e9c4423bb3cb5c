using R1Cloud.Rewards.Scoring;

namespace R1Cloud.Rewards.Tests;

/// <summary>Ways in which models settle on a choice, or do not.</summary>
public sealed class MultipleChoiceTests
{
    [Theory]
    [InlineData("The answer is (B).")]
    [InlineData("The answer is **B**.")]
    [InlineData("**Answer:** B")]
    [InlineData("Answer: $\\boxed{B}$")]
    [InlineData("Final answer: B\n")]
    [InlineData("The correct option is B, because A fails.")]
    [InlineData("the answer is b.")]
    [InlineData("So the answer should be B")]
    [InlineData("The answer is: B) 42")]
    [InlineData("The answer is option B.")]
    [InlineData("ANSWER IS B. C IS WRONG.")]
    [InlineData("The answer is not C but B.")]
    [InlineData("The answer is not A, but B")]
    [InlineData("The answer is A? No. The answer is B.")]
    [InlineData("The correct answer is B and not C because C is too large.")]
    [InlineData("答案：B")]
    [InlineData("所以正确答案是B。")]
    [InlineData("故选：B．")]
    [InlineData("因此应选（B）")]
    [InlineData("Die richtige Antwort ist B.")]
    [InlineData("Antwort: Antwort: B")]
    [InlineData("La bonne réponse est B.")]
    [InlineData("La respuesta correcta: la respuesta es B")]
    [InlineData("A resposta é B.")]
    [InlineData("La risposta è B.")]
    [InlineData("Правильный ответ: B")]
    [InlineData("答えはBです。")]
    [InlineData("정답은 B입니다.")]
    [InlineData("الإجابة هي B")]
    [InlineData("Đáp án là B.")]
    [InlineData("<think>A or C?</think><answer>B</answer>")]
    [InlineData("<think>x</think><answer>The answer is B.</answer>")]
    [InlineData("\\boxed{\\text{(B)}}")]
    [InlineData("I weighed them all.\nB")]
    public void Score_SettledOnB_IsRight(string text) => Score(text, "B").ShouldBe(1, text);

    [Theory]
    [InlineData("A", "The answer is A or B.")]
    [InlineData("A", "The answer is A, B or C")]
    [InlineData("A", "The answer is A and B.")]
    [InlineData("A", "The answer is either A or C.")]
    [InlineData("A", "The answer is A/B")]
    [InlineData("A", "答案是A或B")]
    [InlineData("A", "The answer is (A) or (C).")]
    [InlineData("A", "The answer is A, maybe B.")]
    [InlineData("A", "<answer>The answer is A or D</answer>")]
    [InlineData("A", "<answer>A or D</answer>")]
    [InlineData("A", "\\boxed{A \\text{ or } B}")]
    [InlineData("A", "\\boxed{A, B}")]
    [InlineData("A", "The answer is a car.")]
    [InlineData("A", "The answer is A bit unclear.")]
    [InlineData("I", "ANSWER: I don't know")]
    [InlineData("I", "The answer is I think C.")]
    [InlineData("I", "Answer: I'm not sure")]
    [InlineData("D", "Answer: Don't know")]
    [InlineData("B", "The answer is not B.")]
    [InlineData("B", "The answer isn't B.")]
    [InlineData("C", "The answer is not C but B.")]
    [InlineData("B", "The answer is 5, not B")]
    [InlineData("C", "Die Antwort ist C oder D.")]
    [InlineData("E", "The answer is E=mc^2.")]
    [InlineData("B", "I do not know, B or C")]
    public void Score_SettledOnAnotherOrNone_IsNotRight(string gold, string text) => Score(text, gold).ShouldBe(0, text);

    private static double Score(string text, string gold)
    {
        var reward = RewardFunctions.Get("accuracy/multiple-choice")(new Completion(text, gold, Finished: true));
        reward.Judged.ShouldBeTrue(reward.Reason);
        return reward.Score;
    }
}
