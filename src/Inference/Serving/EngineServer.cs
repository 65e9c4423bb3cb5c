using Microsoft.Extensions.Logging;
using R1Cloud.Inference.Proofs;
using R1Cloud.Inference.Protocols;
using R1Cloud.Inference.Wire;

namespace R1Cloud.Inference.Serving;

/// <summary>A server, the weights that it was given, and what is wrong with it.</summary>
internal sealed partial class EngineServer(IEngineHost host, ServingOptions options, TimeProvider time, ILogger log)
{
    /// <summary>How errors call it.</summary>
    public string Name => host.Name;

    /// <summary>What it said of itself when it was last given weights.</summary>
    public EngineFacts? Facts { get; private set; }

    /// <summary>Why it is not to be asked; null while it is.</summary>
    public string? Trouble { get; private set; } = "it holds no weights yet";

    // What it told of the weights that it proved last.
    private ToldDigests? earlier;

    /// <summary>Completions that it has been asked for and not answered.</summary>
    public int Asked;

    /// <summary>Completions that it has answered.</summary>
    public int Answered;

    /// <summary>The way to it.</summary>
    public IEngineProtocol Protocol => host.Running ?? throw new EngineException(EngineProblem.Away, $"{Name} does not run.");

    /// <summary>Says what is wrong with it.</summary>
    public void Fail(string trouble)
    {
        Trouble = trouble;
        LogTrouble(log, trouble);
    }

    /// <summary>
    /// Gives it weights and has it show that it samples with them. One that does not is started again from the folder, where it is ours to
    /// start, and must show it then.
    /// </summary>
    /// <returns>What it has shown; null where it failed, which <see cref="Trouble"/> tells.</returns>
    public async Task<ProvenWeights?> GiveAsync(HandedWeights weights, CancellationToken cancellation)
    {
        var (folder, proof) = (weights.Folder, weights.Proof);
        if (host.Running is not null && await TryAsync(LoadAsync) is { } loaded) return loaded;
        return host.Starts ? await TryAsync(StartAsync) : null;

        async Task LoadAsync()
        {
            Facts = await Protocol.DescribeAsync(cancellation);
            if (Facts.WeightVersion != proof.Name()) await Protocol.LoadWeightsAsync(folder, proof.Name(), cancellation);
        }

        async Task StartAsync()
        {
            earlier = null;
            var started = await host.StartAsync(folder, weights.Seed, cancellation);
            Facts = await started.DescribeAsync(cancellation);
            await started.NameWeightsAsync(proof.Name(), cancellation);
        }

        async Task<ProvenWeights?> TryAsync(Func<Task> load)
        {
            try
            {
                await load();
                (var shown, earlier) = await Verification.VerifyAsync(Protocol, folder, proof, Facts!.MaxPrompt, earlier, cancellation);
                Trouble = null;
                LogProven(log, Name, proof.Name(), shown.Told(), shown.MeanDifference);
                return shown;
            }
            catch (EngineException e)
            {
                earlier = null; // what it holds is not known
                Fail(e.Message);
                return null;
            }
        }
    }

    /// <summary>Asks it what it is.</summary>
    public async Task<EngineView> LookAsync(CancellationToken cancellation)
    {
        try
        {
            var facts = await Protocol.DescribeAsync(cancellation);
            var digests = await Protocol.TensorDigestsAsync(cancellation);
            return new(Name, facts, await Protocol.GeneratedTokensAsync(cancellation),
                digests.Values.Count(digest => digest != TensorDigests.Nothing),
                await Protocol.IsHealthyAsync(cancellation) ? null : $"{Name} says that it is not well.");
        }
        catch (EngineException e)
        {
            return new(Name, null, 0, 0, e.Message);
        }
    }

    /// <summary>Waits for a server of others to be well again; one of ours is started when weights are given.</summary>
    public async Task<bool> ReturnsAsync(CancellationToken cancellation)
    {
        if (host.Starts) return true;
        var began = time.GetTimestamp();
        while (!await Protocol.IsHealthyAsync(cancellation))
        {
            if (time.GetElapsedTime(began) > options.ReturnLimit) return false;
            await Task.Delay(options.ReturnInterval, time, cancellation);
        }
        return true;
    }

    [LoggerMessage(2701, LogLevel.Information,
        "{Server} samples with {Weights}: {Proven}, log-probabilities within {Difference}")]
    private static partial void LogProven(ILogger log, string server, string weights, string proven, double difference);

    [LoggerMessage(2702, LogLevel.Warning, "{Trouble}")]
    private static partial void LogTrouble(ILogger log, string trouble);
}
