using R1Cloud.GpuJob.ModelFiles;
using R1Cloud.Shared.Storage;

namespace R1Cloud.GpuJob.Tests.Strangers;

/// <summary>Files of a model's folder that are not what they seem: links to nothing, and text with a mark before it.</summary>
public sealed class StrangersLinksTests
{
    [Theory]
    [InlineData("config.json")]
    [InlineData("tokenizer.json")]
    [InlineData("tokenizer_config.json")]
    [InlineData("generation_config.json")]
    public void Check_JsonBehindAByteOrderMark_IsToldSo(string file)
    {
        using var folder = new StrangersFolder();
        Directory.Delete(folder.At(StrangersFolder.Adapter), recursive: true);
        File.WriteAllBytes(folder.At(file), [.. "\uFEFF"u8, .. File.ReadAllBytes(folder.At(file))]);
        folder.Refusal(root => ModelFolder.Check(root)).ShouldContain($"{file}: it begins with a byte-order mark");
    }

    /// <summary>As in a Hub cache whose blobs are gone.</summary>
    [Theory]
    [InlineData("config.json")]
    [InlineData("model.safetensors")]
    [InlineData("model.safetensors.index.json")]
    [InlineData("tokenizer.json")]
    [InlineData("tokenizer_config.json")]
    [InlineData("generation_config.json")]
    [InlineData("chat_template.jinja")]
    public void Check_LinkThatLeadsNowhere_IsToldSo(string file)
    {
        Assert.SkipUnless(FileStatus.IsKnown, "This system does not tell what a path leads to.");
        foreach (var target in new[] { "../../blobs/4d7a", file })
        {
            using var folder = new StrangersFolder();
            Directory.Delete(folder.At(StrangersFolder.Adapter), recursive: true);
            File.Delete(folder.At(file));
            File.CreateSymbolicLink(folder.At(file), target);
            var message = folder.Refusal(root => ModelFolder.Check(root));
            message.ShouldContain($"{file}: it is a link to '{target}', where there is no file");
        }
    }
}
