using System.Text;
using System.Text.Json;
using R1Cloud.Rewards.Sandboxing;
using R1Cloud.Rewards.Scoring;
using R1Cloud.Shared;

namespace R1Cloud.Rewards.Verification;

/// <summary>The inside of a verifier process: reads requests, one JSON line each, and answers each before it reads the next.</summary>
internal static class Verifier
{
    /// <summary>Serves until the input ends.</summary>
    /// <param name="input">Requests.</param>
    /// <param name="output">Replies.</param>
    /// <param name="create">Makes a reward function from its name and options.</param>
    public static void Serve(Stream input, Stream output, Func<string, JsonElement?, RewardFunction> create)
    {
        var functions = new Dictionary<(string, string?), RewardFunction>();
        using var reader = new StreamReader(input, new UTF8Encoding(false));
        while (reader.ReadLine() is { } line)
        {
            var reply = Answer(line, functions, create);
            output.Write(JsonSerializer.SerializeToUtf8Bytes(reply, R1Json.Options));
            output.WriteByte((byte)'\n');
            output.Flush();
        }
    }

    private static VerificationReply Answer(string line, Dictionary<(string, string?), RewardFunction> functions,
        Func<string, JsonElement?, RewardFunction> create)
    {
        try
        {
            var request = JsonSerializer.Deserialize<VerificationRequest>(line, R1Json.Options)!;
            var key = (request.Reward, request.Options?.GetRawText());
            if (!functions.TryGetValue(key, out var score)) functions.Add(key, score = create(request.Reward, request.Options));
            return new() { Verdict = score(request.Completion) };
        }
        catch (BadInputException e)
        {
            return new() { BadInput = e.Message };
        }
        catch (SandboxUnavailableException e)
        {
            return new() { Unavailable = e.Message };
        }
        catch (Exception e) when (e is not OutOfMemoryException) // after which nothing in this process can be trusted
        {
            return new() { Verdict = new Reward(0, $"{e.GetType().Name}: {e.Message}", RewardOutcome.Error) };
        }
    }
}
