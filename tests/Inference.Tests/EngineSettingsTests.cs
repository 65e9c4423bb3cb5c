using R1Cloud.Shared;

namespace R1Cloud.Inference.Tests;

public sealed class EngineSettingsTests
{
    [Fact]
    public void Read_OfServers_TakesThemWithTheirKey()
    {
        var settings = Read(("R1_ENGINE_SERVERS", "http://127.0.0.1:8000, http://10.0.0.2:8001"), ("R1_ENGINE_KEY", "k"),
            ("R1_ENGINE_CONCURRENCY", "64"), ("R1_ENGINE_STALL_SECONDS", "30"), ("R1_ENGINE_WEIGHTS", "/shared"));
        settings.Servers.Select(server => server.Authority).ShouldBe(["127.0.0.1:8000", "10.0.0.2:8001"]);
        (settings.Key, settings.WeightsFolder, settings.Serving.Concurrency).ShouldBe(("k", "/shared", 64));
        settings.Serving.StallLimit.ShouldBe(TimeSpan.FromSeconds(30));
    }

    [Theory]
    [InlineData("R1_ENGINE_SERVERS", "127.0.0.1:8000", "is no address")]
    [InlineData("R1_ENGINE_SERVERS", "http://127.0.0.1:8000/v1", "is no address")]
    [InlineData("R1_ENGINE_TYPE", "int8", "allowed are auto")]
    [InlineData("R1_ENGINE_CONCURRENCY", "0", "from 1 to 65536")]
    [InlineData("R1_ENGINE_STALL_SECONDS", "soon", "whole number")]
    [InlineData("R1_ENGINE_KEY", "k", "random key")]
    public void Read_OfWhatCannotBe_IsRefused(string name, string value, string says)
    {
        var message = Should.Throw<BadInputException>(() => Read((name, value))).Message;
        message.ShouldContain(name);
        message.ShouldContain(says);
    }

    [Theory]
    [InlineData("R1_ENGINE_COMMAND", "vllm")]
    [InlineData("R1_ENGINE_ARGUMENTS", "--max-model-len 96")]
    [InlineData("R1_ENGINE_GPUS", "1")]
    [InlineData("R1_ENGINE_TYPE", "bfloat16")]
    public void Read_OfASettingThatServersLeaveWithoutEffect_IsRefused(string name, string value) =>
        Should.Throw<BadInputException>(() => Read(("R1_ENGINE_SERVERS", "http://127.0.0.1:8000"), (name, value))).Message
            .ShouldContain("have no effect");

    private static EngineSettings Read(params (string Name, string Value)[] variables) =>
        EngineSettings.FromEnvironment(name => variables.FirstOrDefault(variable => variable.Name == name).Value);
}
