using System.Xml.Linq;

namespace R1Cloud.Infra.Tests.Container;

public sealed class ImageSourcesTests
{
    /// <summary>
    /// A project that the trainer gains reaches its image: restore sees it, the build sees its sources, and both may be sent.
    /// </summary>
    [Fact]
    public void Image_IsBuiltOfEveryProjectOfTheTrainer()
    {
        var dockerfile = File.ReadAllText(Repository.Path("infra", "docker", "Dockerfile"));
        var sent = File.ReadAllLines(Repository.Path(".dockerignore"));
        foreach (var project in Closure("GpuJob"))
        {
            dockerfile.ShouldContain($"COPY src/{project}/{project}.csproj src/{project}/");
            dockerfile.ShouldContain($"COPY src/{project}/ src/{project}/");
            sent.ShouldContain($"!src/{project}");
        }
    }

    private static HashSet<string> Closure(string project)
    {
        var found = new HashSet<string>();
        var open = new Stack<string>([project]);
        while (open.TryPop(out var next))
        {
            if (!found.Add(next)) continue;
            foreach (var reference in XDocument.Load(Repository.Path("src", next, next + ".csproj")).Descendants("ProjectReference"))
                open.Push(Path.GetFileNameWithoutExtension(
                    reference.Attribute("Include")!.Value.Replace('/', Path.DirectorySeparatorChar)));
        }
        return found;
    }
}
