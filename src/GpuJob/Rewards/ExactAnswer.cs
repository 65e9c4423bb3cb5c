namespace R1Cloud.GpuJob.Rewards;

/// <summary>Accuracy of tasks whose answer has one spelling: the text between the answer tags equals it.</summary>
internal static class ExactAnswer
{
    /// <summary>1 when equal, else 0; a completion that is cut off or has no answer tags is unparsable.</summary>
    public static Reward Score(Completion completion)
    {
        if (!completion.Finished) return new(0, "cut off at the length limit", RewardOutcome.Unparsable);
        if (ThinkAnswerFormat.ExtractAnswer(completion.Text) is not { } answer) return new(0, "no <answer>…</answer>", RewardOutcome.Unparsable);
        return answer == completion.Answer ? new(1, "right") : new(0, $"{answer} is not {completion.Answer}");
    }
}
