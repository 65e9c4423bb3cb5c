using R1Cloud.Shared.Processes;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace R1Cloud.LocalHost.Display;

/// <summary>
/// Lets only printable text through to a console, whatever is drawn: the console's own colours and moves of the cursor pass.
/// </summary>
internal sealed class PrintableConsole : IRenderHook
{
    private static readonly PrintableConsole Hook = new();

    /// <summary>The process's console.</summary>
    public static IAnsiConsole Create() =>
        Over(Spectre.Console.AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(StandardStreams.RawOutput) }));

    /// <summary>The same console, guarded from now on.</summary>
    public static IAnsiConsole Over(IAnsiConsole console)
    {
        console.Pipeline.Attach(Hook);
        return console;
    }

    /// <inheritdoc/>
    public IEnumerable<IRenderable> Process(RenderOptions options, IEnumerable<IRenderable> renderables) =>
        renderables.Select(renderable => new PrintableRenderable(renderable));

    private sealed class PrintableRenderable(IRenderable inner) : IRenderable
    {
        public Measurement Measure(RenderOptions options, int maxWidth) => inner.Measure(options, maxWidth);

        public IEnumerable<Segment> Render(RenderOptions options, int maxWidth) =>
            inner.Render(options, maxWidth)
                .Select(segment =>
                    segment.IsControlCode || segment.IsLineBreak ? segment : new Segment(Printable.Of(segment.Text), segment.Style));
    }
}
