using R1Cloud.Rewards.Code;

namespace R1Cloud.Rewards.Tests.Code;

/// <summary>Fenced blocks as CommonMark has them, and which of them is the program.</summary>
public sealed class CodeFencesTests
{
    [Theory]
    [InlineData("```python\nx\n```", "x\n")]
    [InlineData("~~~python\nx\n~~~", "x\n")]
    [InlineData("````python\n```\nx\n```\n````", "```\nx\n```\n")]
    [InlineData("~~~~py\n~~~\nx\n~~~~", "~~~\nx\n")]
    [InlineData("- item\n\n  ```python\n  if a:\n      b\n  ```\n", "if a:\n    b\n")]
    [InlineData("1. a\n\n      ```python\n      x\n      ```", "x\n")]
    [InlineData("```python\nx\n", "x\n\n")]
    [InlineData("``` python\r\nx\r\n```\r\n", "x\n")]
    [InlineData("```{.python}\nx\n```", "x\n")]
    [InlineData("```python title=\"a.py\"\nx\n```", "x\n")]
    [InlineData("``` ``` inline\n```python\nx\n```", "x\n")]
    [InlineData("```python\nx\n`````", "x\n")]
    public void Read_FirstBlock_HoldsItsCode(string text, string code) => CodeFences.Read(text)[0].Code.ShouldBe(code);

    [Theory]
    [InlineData("```python\ndef f(x): return x\n```\nUse:\n```python\nprint(f(3))\n```", "def f(x): return x\n")]
    [InlineData("```python\ndef f(x): return 1\n```\nBetter:\n```python\ndef f(x): return 2\n```", "def f(x): return 2\n")]
    [InlineData("```\n9\n```\n~~~py\nf = lambda x: x\n~~~\n```\n81\n```", "f = lambda x: x\n")]
    [InlineData("```bash\npip install x\n```\n```\ndef f(x): pass\n```", "def f(x): pass\n")]
    [InlineData("def f(x):\n    return x", "def f(x):\n    return x")]
    [InlineData("import math\ndef f(x):\n    return x", "import math\ndef f(x):\n    return x")]
    [InlineData("<think>```python\nold\n```</think>def f(x): return x", "def f(x): return x")]
    [InlineData("<answer>def f(x): return x</answer>", "def f(x): return x")]
    [InlineData("The function returns x.", null)]
    [InlineData("```javascript\nfunction f(x) { return x; }\n```", null)]
    public void Extract_SeveralBlocks_IsTheOneThatDefinesWhatTestsCall(string text, string? code) =>
        CodeBlock.Extract(text, "python", ["f"]).ShouldBe(code);

    [Fact]
    public void Extract_BlockThatNeverEnds_CountsOnlyInACompletionThatEnded()
    {
        const string text = "```python\ndef f(x): return x";
        CodeBlock.Extract(text, "python", ["f"]).ShouldBe("def f(x): return x\n");
        CodeBlock.Extract(text, "python", ["f"], finished: false).ShouldBeNull();
    }
}
