namespace R1Cloud.Shared.Recipes;

/// <summary>A training that should teach nothing: what a real one gains beyond it comes from what it was taught.</summary>
public enum TrainingControl
{
    /// <summary>The reward is drawn by lot, whatever was sampled: 0 or the sum of the weights, each half of the times.</summary>
    RandomReward,
    /// <summary>All is done as in the training, at learning rate 0: how far figures move by themselves.</summary>
    ZeroLearningRate,
    /// <summary>Each problem is judged by another one's answer, always the same one.</summary>
    ShuffledAnswers,
}
