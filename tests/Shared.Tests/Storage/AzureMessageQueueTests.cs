using Azure.Storage.Queues;
using R1Cloud.Shared.Storage;
using R1Cloud.Testing;

namespace R1Cloud.Shared.Tests.Storage;

public sealed class AzureMessageQueueTests(AzuriteFixture azurite) : IAsyncLifetime
{
    private static readonly TimeSpan Long = TimeSpan.FromMinutes(15), Short = TimeSpan.FromSeconds(1);
    private readonly string name = $"q-{Guid.NewGuid():n}";

    private IMessageQueue Queue => azurite.Open().Queue(name);

    public async ValueTask InitializeAsync() => await Queue.EnsureCreatedAsync();

    public async ValueTask DisposeAsync() => await Queue.DropAsync();

    [Fact]
    public async Task ReceiveAsync_Taken_IsHiddenAndComesBackWithACount()
    {
        await Queue.SendAsync("größer ≥ 1");
        var first = (await Queue.ReceiveAsync(1, Long)).ShouldHaveSingleItem();
        (first.Text, first.DequeueCount).ShouldBe(("größer ≥ 1", 1));
        (await Queue.ReceiveAsync(1, Long)).ShouldBeEmpty();
        await Queue.RenewAsync(first, Short);
        var second = await WaitAsync();
        (second.Id, second.DequeueCount).ShouldBe((first.Id, 2));
    }

    [Fact]
    public async Task SendAsync_Delayed_IsHiddenAtFirst()
    {
        await Queue.SendAsync("much later", Long);
        (await Queue.ReceiveAsync(1, Long)).ShouldBeEmpty();
        await Queue.SendAsync("later", Short);
        (await WaitAsync()).Text.ShouldBe("later");
    }

    [Fact]
    public async Task RenewAsync_Held_StaysHiddenAndKeepsItsText()
    {
        await Queue.SendAsync("job");
        var message = (await Queue.ReceiveAsync(1, Short))[0];
        var renewed = (await Queue.RenewAsync(message, Long)).ShouldNotBeNull();
        renewed.Receipt.ShouldNotBe(message.Receipt);
        await Task.Delay(1500);
        (await Queue.ReceiveAsync(1, Long)).ShouldBeEmpty();
        (await Queue.RenewAsync(renewed, TimeSpan.Zero)).ShouldNotBeNull();
        (await WaitAsync()).Text.ShouldBe("job");
    }

    [Fact]
    public async Task RenewAndDelete_LostToAnother_LeaveItToTheOther()
    {
        await Queue.SendAsync("job");
        var lost = (await Queue.ReceiveAsync(1, Short))[0];
        var theirs = await WaitAsync();
        (await Queue.RenewAsync(lost, Long)).ShouldBeNull();
        await Queue.DeleteAsync(lost);
        (await Queue.RenewAsync(theirs, Long)).ShouldNotBeNull("the other's message is still there");
    }

    [Fact]
    public async Task DeleteAsync_Held_IsGone()
    {
        await Queue.SendAsync("job");
        var message = (await Queue.ReceiveAsync(1, Long))[0];
        await Queue.DeleteAsync(message);
        await Queue.DeleteAsync(message);
        (await Queue.CountAsync()).ShouldBe(0);
        (await Queue.RenewAsync(message, Long)).ShouldBeNull();
    }

    [Fact]
    public async Task HoldsAsync_Waiting_TakenOrGone_TellsAndDisturbsNobody()
    {
        var sent = await Queue.SendAsync("job");
        (await Queue.HoldsAsync(sent)).ShouldBeTrue("waiting");
        (await Queue.HoldsAsync(sent)).ShouldBeTrue("waiting still");
        var message = (await Queue.ReceiveAsync(1, Long)).ShouldHaveSingleItem();
        (message.Text, message.DequeueCount).ShouldBe(("job", 1));

        (await Queue.HoldsAsync(sent)).ShouldBeTrue("taken");
        (await Queue.ReceiveAsync(1, Long)).ShouldBeEmpty();
        message = (await Queue.RenewAsync(message, Long)).ShouldNotBeNull("its holder keeps it");
        (await Queue.HoldsAsync(sent)).ShouldBeTrue("renewed");

        await Queue.DeleteAsync(message);
        (await Queue.HoldsAsync(sent)).ShouldBeFalse("done");
        await Queue.DropAsync();
        (await Queue.HoldsAsync(sent)).ShouldBeFalse("the queue is gone");
    }

    [Fact]
    public async Task HoldsAsync_TakenBeforeItIsAskedFor_IsThere()
    {
        var sent = await Queue.SendAsync("job");
        (await Queue.ReceiveAsync(1, Long)).Count.ShouldBe(1);
        (await Queue.HoldsAsync(sent)).ShouldBeTrue();
        (await Queue.ReceiveAsync(1, Long)).ShouldBeEmpty();
    }

    [Fact]
    public async Task CountAsync_Messages_CountsHiddenOnesToo()
    {
        for (var i = 0; i < 3; i++) await Queue.SendAsync($"{i}");
        (await Queue.ReceiveAsync(1, Long)).Count.ShouldBe(1);
        (await Queue.CountAsync()).ShouldBe(3);
        (await Queue.ReceiveAsync(32, Long)).Count.ShouldBe(2);
    }

    [Fact]
    public async Task SendAsync_Large_FitsUpToTheLimitAndIsRefusedBeyond()
    {
        var most = new string('x', 48 << 10);
        await Queue.SendAsync(most);
        (await Queue.ReceiveAsync(1, Long))[0].Text.ShouldBe(most);
        var error = await Should.ThrowAsync<StorageException>(() => Queue.SendAsync(most + "x"));
        error.Message.ShouldContain("49153 bytes");
        error.Message.ShouldContain(name);
        error.Message.ShouldContain("49152");
    }

    [Theory]
    [InlineData("plain text, no base64!")]
    [InlineData("{\"runId\":\"x\"}")]
    [InlineData("/////w==")] // base64 of bytes that are not text
    public async Task ReceiveAsync_PutThereByHand_ComesAsItIs(string text)
    {
        await new QueueClient(azurite.ConnectionString, name).SendMessageAsync(text);
        (await Queue.ReceiveAsync(1, Long)).ShouldHaveSingleItem().Text.ShouldBe(text);
    }

    [Fact]
    public async Task Queue_Dropped_IsMissing()
    {
        await Queue.SendAsync("job");
        var message = (await Queue.ReceiveAsync(1, Long))[0];
        await Queue.DropAsync();
        await Queue.DropAsync();
        foreach (var operation in (Func<Task>[])[() => Queue.ReceiveAsync(1, Long), () => Queue.SendAsync("x"), () => Queue.CountAsync()])
        {
            var error = await Should.ThrowAsync<StorageException>(operation);
            error.IsMissing.ShouldBeTrue();
            error.Message.ShouldContain(name);
        }
        (await Queue.RenewAsync(message, Long)).ShouldBeNull();
        await Queue.DeleteAsync(message);
    }

    private async Task<QueueMessage> WaitAsync()
    {
        for (var deadline = DateTime.UtcNow.AddMinutes(30); DateTime.UtcNow < deadline; await Task.Delay(50))
        {
            if (await Queue.ReceiveAsync(1, Long) is [var message]) return message;
        }
        throw new TimeoutException($"No message came to queue '{name}'.");
    }
}
