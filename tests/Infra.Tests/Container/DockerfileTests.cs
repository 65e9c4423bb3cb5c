using System.Text.RegularExpressions;

namespace R1Cloud.Infra.Tests.Container;

/// <summary>The rules that the image keeps, read from its Dockerfile: no engine is at hand everywhere to build it.</summary>
public sealed class DockerfileTests
{
    private static IReadOnlyList<DockerInstruction> Instructions => Dockerfile.Instructions;

    [Fact]
    public void From_EveryImage_IsPinnedByVersionAndCanBeByDigest()
    {
        var images = Instructions.Where(instruction => instruction.Word == "FROM").Select(instruction => instruction.Text.Split(' ')[0])
            .ToList();
        images.Count.ShouldBe(3);
        foreach (var image in images)
        {
            var name = Regex.Match(image, @"^\$\{(\w+)_IMAGE\}\$\{\1_DIGEST\}$").Groups[1].Value;
            name.ShouldNotBeEmpty(image);
            Argument($"{name}_IMAGE").ShouldMatch(@"^[a-z0-9./-]+:\d+\.\d+\.\d+-[a-z0-9.-]+$");
            Argument($"{name}_DIGEST").ShouldBeEmpty();
        }
        Dockerfile.Content.ShouldNotContain(":latest");
    }

    [Fact]
    public void Sdk_IsOfTheVersionThatTheRepositoryAsksFor() =>
        Argument("SDK_IMAGE")
            .ShouldContain(Regex.Match(File.ReadAllText(Repository.Path("global.json")), "\"version\": \"([^\"]+)\"").Groups[1].Value);

    [Fact]
    public void Build_TakesTheTorchBackendAsAnArgument()
    {
        Instructions.ShouldContain(instruction =>
            instruction.Stage == "build" && instruction.Word == "ARG" && instruction.Text == "TORCH_BACKEND");
        Argument("TORCH_BACKEND").ShouldBe("cuda");
        Instructions.Count(instruction =>
            instruction.Stage == "build" && instruction.Word == "RUN"
            && instruction.Text.Contains("-p:TorchBackend=${TORCH_BACKEND}", StringComparison.Ordinal)).ShouldBe(2);
        File.ReadAllText(Repository.Path("eng", "Torch.props")).ShouldContain("'$(TorchBackend)' == 'cuda'");
    }

    [Fact]
    public void Image_RunsWithoutRootWithHealthCheckAndEntrypoint()
    {
        var own = Instructions.Where(instruction => instruction.Stage == "final").ToList();
        var user = own.Last(instruction => instruction.Word == "USER").Text;
        int.Parse(user, System.Globalization.CultureInfo.InvariantCulture)
            .ShouldBeGreaterThan(1000, "a number, so that the runtime can see that it is not root");
        own.FindLastIndex(instruction => instruction.Word is "RUN" or "COPY")
            .ShouldBeLessThan(own.FindIndex(instruction => instruction.Word == "USER"));
        own.ShouldContain(instruction =>
            instruction.Word == "HEALTHCHECK" && instruction.Text.Contains("/usr/local/bin/health", StringComparison.Ordinal));
        own.Single(instruction => instruction.Word == "ENTRYPOINT").Text.ShouldBe("[\"/usr/local/bin/entrypoint\"]");
        own.Single(instruction => instruction.Word == "STOPSIGNAL").Text.ShouldBe("SIGTERM");
        own.ShouldContain(instruction =>
            instruction.Word == "COPY" && instruction.Text.StartsWith("--from=build /app", StringComparison.Ordinal));
    }

    [Fact]
    public void Instructions_AreThoseOfTheClassicBuilder()
    {
        // az acr build refuses what needs BuildKit (github.com/Azure/acr/issues/721).
        Dockerfile.Content.ShouldNotContain("syntax=");
        Instructions.Where(instruction => instruction.Word == "COPY").SelectMany(instruction => instruction.Options)
            .ShouldAllBe(option => option.StartsWith("--from=", StringComparison.Ordinal));
        Instructions.Where(instruction => instruction.Word == "RUN")
            .ShouldAllBe(instruction => !instruction.Text.StartsWith("--", StringComparison.Ordinal));
    }

    [Fact]
    public void Layers_AreKeptSmall()
    {
        foreach (var run in Instructions.Where(instruction =>
            instruction.Word == "RUN" && instruction.Text.Contains("apt-get install", StringComparison.Ordinal)))
        {
            run.Text.ShouldContain("--no-install-recommends");
            run.Text.ShouldContain("rm -rf /var/lib/apt/lists/*");
        }
        Instructions.ShouldAllBe(instruction =>
            instruction.Stage != "final" || !instruction.Text.Contains("sdk", StringComparison.OrdinalIgnoreCase));
        Instructions.ShouldNotContain(instruction => instruction.Word == "ADD");
    }

    [Fact]
    public void Copies_NameWhatIsThereAndNotIgnored()
    {
        var ignore = File.ReadAllLines(Repository.Path(".dockerignore"));
        ignore[0].ShouldBe("*");
        var allowed = ignore.Where(line => line.StartsWith('!')).Select(line => line[1..]).ToList();
        foreach (var copy in Instructions.Where(instruction => instruction.IsCopyOfTheRepository))
        {
            foreach (var source in copy.Arguments.SkipLast(1))
            {
                var folder = Path.GetDirectoryName(source.TrimEnd('/'))!;
                Directory.EnumerateFileSystemEntries(Repository.Path(folder), Path.GetFileName(source.TrimEnd('/')))
                    .ShouldNotBeEmpty(source);
                allowed.ShouldContain(pattern =>
                    source.StartsWith(pattern, StringComparison.Ordinal)
                    || Regex.IsMatch(source, "^" + Regex.Escape(pattern).Replace("\\*", "[^/]*", StringComparison.Ordinal) + "$"), source);
            }
        }
    }

    private static string Argument(string name) =>
        Instructions.Single(instruction => instruction.Word == "ARG" && instruction.Text.StartsWith(name + "=", StringComparison.Ordinal))
        .Text[(name.Length + 1)..];
}
