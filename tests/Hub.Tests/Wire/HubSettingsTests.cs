using R1Cloud.Hub.Wire;
using R1Cloud.Shared;
using R1Cloud.Testing;

namespace R1Cloud.Hub.Tests.Wire;

public sealed class HubSettingsTests
{
    private static HubSettings Read(params (string Name, string Value)[] variables) =>
        HubSettings.FromEnvironment(name => variables.FirstOrDefault(variable => variable.Name == name).Value);

    [Fact]
    public void Settings_OfAnEmptyEnvironment_AreThePublicHubAndTheHomesCache()
    {
        var settings = Read(("HOME", "/home/ada"));
        settings.Endpoint.ShouldBe("https://huggingface.co");
        settings.CacheFolder.ShouldBe("/home/ada/.cache/huggingface/hub");
        settings.Token.ShouldBeNull();
        settings.IsOffline.ShouldBeFalse();
        settings.ReadTimeout.ShouldBe(TimeSpan.FromSeconds(10));
    }

    [Theory]
    [InlineData("HF_HOME=/x", "/x/hub")]
    [InlineData("HF_HOME=~/x", "/home/ada/x/hub")]
    [InlineData("HF_HOME=$WORK/x WORK=/w", "/w/x/hub")]
    [InlineData("HF_HOME=${WORK}/x WORK=/w", "/w/x/hub")]
    [InlineData("XDG_CACHE_HOME=/c", "/c/huggingface/hub")]
    [InlineData("HF_HOME=/x HUGGINGFACE_HUB_CACHE=/z", "/z")]
    [InlineData("HF_HOME=/x HF_HUB_CACHE=/y HUGGINGFACE_HUB_CACHE=/z", "/y")]
    public void Cache_IsWhereTheVariablesSay(string variables, string folder) =>
        Read([("HOME", "/home/ada"), .. variables.Split(' ').Select(variable => (variable.Split('=')[0], variable.Split('=')[1]))])
            .CacheFolder.ShouldBe(folder);

    [Fact]
    public void Token_IsTheFirstThatIsSet_AndIsNotPrinted()
    {
        using var home = new TempFolder();
        File.WriteAllText(home["token"], "hf_file\n");
        File.WriteAllText(home["other"], " \n");
        Read(("HF_HOME", home.Path)).Token.ShouldBe("hf_file");
        Read(("HF_HOME", home.Path), ("HUGGING_FACE_HUB_TOKEN", "hf_old")).Token.ShouldBe("hf_old");
        Read(("HF_HOME", home.Path), ("HF_TOKEN", " hf_new\r\n"), ("HUGGING_FACE_HUB_TOKEN", "hf_old")).Token.ShouldBe("hf_new");
        Read(("HF_HOME", home.Path), ("HF_TOKEN_PATH", home["other"])).Token.ShouldBeNull();
        Read(("HF_HOME", home.Path), ("HF_HUB_DISABLE_IMPLICIT_TOKEN", "1")).Token.ShouldBeNull();
        Read(("HF_TOKEN", "hf_new")).ToString().ShouldNotContain("hf_new");
    }

    [Theory]
    [InlineData("1", true)]
    [InlineData("yes", true)]
    [InlineData("TRUE", true)]
    [InlineData("0", false)]
    [InlineData("", false)]
    public void Offline_IsOn_WhereTheClientsWordsSaySo(string value, bool isOn)
    {
        Read(("HF_HUB_OFFLINE", value)).IsOffline.ShouldBe(isOn);
        Read(("TRANSFORMERS_OFFLINE", value)).IsOffline.ShouldBe(isOn);
    }

    [Theory]
    [InlineData("HF_ENDPOINT", "hub.example.com")]
    [InlineData("HF_ENDPOINT", "ftp://hub.example.com")]
    [InlineData("HF_ENDPOINT", "https://me:secret@hub.example.com")]
    [InlineData("HF_HUB_DOWNLOAD_TIMEOUT", "soon")]
    [InlineData("HF_HUB_DOWNLOAD_TIMEOUT", "0")]
    public void Settings_OfAValueThatMeansNothing_AreRefused(string name, string value) =>
        Should.Throw<BadInputException>(() => Read((name, value))).Message.ShouldStartWith(name);

    [Fact]
    public void Endpoint_LosesItsLastSlash() => Read(("HF_ENDPOINT", "http://127.0.0.1:5/hub/"))
        .Endpoint.ShouldBe("http://127.0.0.1:5/hub");
}
