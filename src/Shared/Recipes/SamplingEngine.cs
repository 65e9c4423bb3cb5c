namespace R1Cloud.Shared.Recipes;

/// <summary>What samples completions.</summary>
public enum SamplingEngine
{
    /// <summary>The trainer itself.</summary>
    Own,
    /// <summary>vLLM, beside the worker.</summary>
    Vllm,
    /// <summary>SGLang, beside the worker.</summary>
    Sglang,
}
