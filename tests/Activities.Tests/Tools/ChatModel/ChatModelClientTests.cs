using System.Text.Json.Nodes;
using AtomicDevOps.Activities.Tools;
using AtomicDevOps.Activities.Tools.ChatModel;
using AtomicDevOps.Primitives.Agents;
using Microsoft.Extensions.AI;

namespace AtomicDevOps.Activities.Tests.Tools.ChatModel;

public sealed class ChatModelClientTests
{
    private static readonly ChatMessage[] Messages = [new(ChatRole.System, "Be brief."), new(ChatRole.User, "Hello.")];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public static TheoryData<ChatModelProvider> Providers { get; } = [ChatModelProvider.OpenAI, ChatModelProvider.Anthropic];

    [Theory, MemberData(nameof(Providers))]
    public async Task An_answer_has_its_text_its_end_and_its_tokens(ChatModelProvider provider)
    {
        await using var harness = await ChatModelHarness.StartAsync(provider);
        harness.Endpoint.Say("Hello yourself.");

        var answer = await harness.Client.GetResponseAsync(Messages, cancellationToken: Token);

        answer.Text.ShouldBe("Hello yourself.");
        answer.FinishReason.ShouldBe(ChatFinishReason.Stop);
        answer.Usage!.InputTokenCount.ShouldBe(120);
        answer.Usage.OutputTokenCount.ShouldBe(34);
        var request = harness.Endpoint.Requests.ShouldHaveSingleItem();
        request.Prompt.ShouldContain("Be brief.");
        (request.Json["temperature"]?.GetValue<double>()).ShouldBe(provider == ChatModelProvider.OpenAI ? 0 : null);
        request.Json["stream"]!.GetValue<bool>().ShouldBeFalse();
    }

    [Theory, MemberData(nameof(Providers))]
    public async Task A_model_that_takes_no_temperature_is_sent_none(ChatModelProvider provider)
    {
        await using var harness = await ChatModelHarness.StartAsync(provider, ("ChatModel:Temperature", ""));

        await harness.Client.GetResponseAsync(Messages, cancellationToken: Token);

        harness.Endpoint.Requests.ShouldHaveSingleItem().Json.ContainsKey("temperature").ShouldBeFalse();
    }

    [Theory, MemberData(nameof(Providers))]
    public async Task A_temperature_that_is_set_is_sent(ChatModelProvider provider)
    {
        await using var harness = await ChatModelHarness.StartAsync(provider, ("ChatModel:Temperature", "0.5"));

        await harness.Client.GetResponseAsync(Messages, cancellationToken: Token);

        harness.Endpoint.Requests.ShouldHaveSingleItem().Json["temperature"]!.GetValue<double>().ShouldBe(0.5);
    }

    [Theory, MemberData(nameof(Providers))]
    public async Task A_stream_is_the_whole_answer(ChatModelProvider provider)
    {
        await using var harness = await ChatModelHarness.StartAsync(provider);
        harness.Endpoint.Say("All of it.");

        var parts = new List<ChatResponseUpdate>();
        await foreach (var part in harness.Client.GetStreamingResponseAsync(Messages, cancellationToken: Token))
        {
            parts.Add(part);
        }

        parts.ToChatResponse().Text.ShouldBe("All of it.");
    }

    [Theory]
    [InlineData(ChatModelProvider.OpenAI, "length", "length")]
    [InlineData(ChatModelProvider.OpenAI, "content_filter", "content_filter")]
    [InlineData(ChatModelProvider.OpenAI, "novel", "novel")]
    [InlineData(ChatModelProvider.Anthropic, "max_tokens", "length")]
    [InlineData(ChatModelProvider.Anthropic, "refusal", "content_filter")]
    [InlineData(ChatModelProvider.Anthropic, "pause_turn", "pause_turn")]
    public async Task What_ended_an_answer_is_told(ChatModelProvider provider, string reason, string expected)
    {
        await using var harness = await ChatModelHarness.StartAsync(provider);
        harness.Endpoint.Say("Half a", reason);

        (await harness.Client.GetResponseAsync(Messages, cancellationToken: Token)).FinishReason!.Value.Value.ShouldBe(expected);
    }

    [Fact]
    public async Task A_refusal_in_the_message_is_one()
    {
        await using var harness = await ChatModelHarness.StartAsync(ChatModelProvider.OpenAI);
        var answer = harness.Endpoint.Answer("");
        answer["choices"]![0]!["message"] = new JsonObject { ["role"] = "assistant", ["content"] = null, ["refusal"] = "I cannot help with that." };
        harness.Endpoint.Reply(new ChatReply(200, answer));

        (await harness.Client.GetResponseAsync(Messages, cancellationToken: Token)).FinishReason.ShouldBe(ChatFinishReason.ContentFilter);
    }

    [Theory]
    [InlineData(ChatModelProvider.OpenAI, 429)]
    [InlineData(ChatModelProvider.Anthropic, 429)]
    [InlineData(ChatModelProvider.Anthropic, 529)]
    [InlineData(ChatModelProvider.OpenAI, 503)]
    public async Task A_limit_is_waited_for_as_long_as_it_says(ChatModelProvider provider, int status)
    {
        await using var harness = await ChatModelHarness.StartAsync(provider);
        harness.Endpoint.Reply(harness.Endpoint.Error(status, "rate_limit_error", "Slow down.").RetryAfter(7)).Say("Now.");

        (await harness.Client.GetResponseAsync(Messages, cancellationToken: Token)).Text.ShouldBe("Now.");

        harness.Clock.Waits.ShouldContain(TimeSpan.FromSeconds(7));
        harness.Endpoint.Requests.Count.ShouldBe(2);
    }

    [Theory, MemberData(nameof(Providers))]
    public async Task A_limit_that_is_too_far_off_is_told_and_keeps_later_requests_back(ChatModelProvider provider)
    {
        await using var harness = await ChatModelHarness.StartAsync(provider);
        harness.Endpoint.Reply(harness.Endpoint.Error(429, "rate_limit_error", "Slow down.").RetryAfter(3_600));

        (await Should.ThrowAsync<ToolUnavailableException>(() => harness.Client.GetResponseAsync(Messages, cancellationToken: Token))).RetryAfter.ShouldBe(TimeSpan.FromHours(1));
        await Should.ThrowAsync<ToolUnavailableException>(() => harness.Client.GetResponseAsync(Messages, cancellationToken: Token));

        harness.Endpoint.Requests.Count.ShouldBe(1);
        (await harness.Probes[0].ProbeAsync(Token)).Health.ShouldBe(AgentHealth.Degraded);
    }

    [Theory]
    [InlineData(500)]
    [InlineData(529)]
    public async Task A_short_trouble_is_tried_again_and_a_long_one_is_told(int status)
    {
        await using var harness = await ChatModelHarness.StartAsync(ChatModelProvider.Anthropic);
        var trouble = harness.Endpoint.Error(status, status == 529 ? "overloaded_error" : "api_error", "Overloaded");
        harness.Endpoint.Reply(trouble).Reply(trouble).Say("Now.");

        (await harness.Client.GetResponseAsync(Messages, cancellationToken: Token)).Text.ShouldBe("Now.");

        for (var time = 0; time < 4; time++)
        {
            harness.Endpoint.Reply(trouble);
        }

        (await Should.ThrowAsync<ToolUnavailableException>(() => harness.Client.GetResponseAsync(Messages, cancellationToken: Token))).Message.ShouldContain("Overloaded");
        harness.Endpoint.Requests.Count.ShouldBe(7);
    }

    [Theory, MemberData(nameof(Providers))]
    public async Task An_answer_that_is_cut_halfway_is_asked_for_again(ChatModelProvider provider)
    {
        await using var harness = await ChatModelHarness.StartAsync(provider);
        harness.Endpoint.Reply(new ChatReply(200, harness.Endpoint.Answer("Half")) { CutsAfter = 20 }).Say("Whole.");

        (await harness.Client.GetResponseAsync(Messages, cancellationToken: Token)).Text.ShouldBe("Whole.");
    }

    [Theory, MemberData(nameof(Providers))]
    public async Task A_request_without_an_answer_in_time_is_given_up_and_not_paid_for_twice(ChatModelProvider provider)
    {
        await using var harness = await ChatModelHarness.StartAsync(provider, ("ChatModel:Timeout", "00:00:01"));
        harness.Endpoint.Reply(new ChatReply(200) { WaitsForEver = true });

        (await Should.ThrowAsync<ToolTimeoutException>(() => harness.Client.GetResponseAsync(Messages, cancellationToken: Token))).Message.ShouldContain("ChatModel:Timeout");

        harness.Endpoint.Requests.Count.ShouldBe(1);
    }

    [Theory]
    [InlineData("{\"id\": \"msg_1\", \"type\": \"mess", "application/json", "broken")]
    [InlineData("<html>Sign in</html>", "text/html", "text/html")]
    [InlineData("data: {}\n\n", "text/event-stream", "text/event-stream")]
    [InlineData("[]", "application/json", "not in the form")]
    [InlineData("{}", "application/json", "not in the form")]
    [InlineData("\"text\"", "application/json", "not in the form")]
    [InlineData("{\"choices\": [], \"type\": \"message\", \"content\": [], \"stop_reason\": \"end_turn\"}", "application/json", "not in the form")]
    [InlineData("{\"choices\": [{}], \"type\": \"message\", \"content\": 1}", "application/json", "not in the form")]
    [InlineData("{\"choices\": [7], \"type\": \"message\", \"content\": [7], \"stop_reason\": \"end_turn\"}", "application/json", "not in the form")]
    public async Task What_is_no_answer_is_told_once(string body, string type, string problem)
    {
        foreach (var provider in Providers)
        {
            await using var harness = await ChatModelHarness.StartAsync(provider.Data);
            harness.Endpoint.Reply(new ChatReply(200) { Text = body, ContentType = type });

            (await Should.ThrowAsync<ToolException>(() => harness.Client.GetResponseAsync(Messages, cancellationToken: Token))).Message.ShouldContain(problem);

            harness.Endpoint.Requests.Count.ShouldBe(1);
        }
    }

    [Theory, MemberData(nameof(Providers))]
    public async Task An_enormous_answer_is_not_held_in_memory(ChatModelProvider provider)
    {
        await using var harness = await ChatModelHarness.StartAsync(provider);
        harness.Endpoint.Say(new string('x', ChatModelTransport.MaxAnswerBytes));

        (await Should.ThrowAsync<ToolException>(() => harness.Client.GetResponseAsync(Messages, cancellationToken: Token))).Message.ShouldContain("bytes");

        harness.Endpoint.Requests.Count.ShouldBe(1);
    }

    [Theory]
    [InlineData(400, "invalid_request_error", "temperature: Extra inputs are not permitted", "ChatModel:Temperature")]
    [InlineData(403, "permission_error", "No.", "ChatModel:Model")]
    [InlineData(404, "not_found_error", "model: nothing", "ChatModel:Model")]
    [InlineData(429, "insufficient_quota", "You exceeded your current quota.", "spending limit")]
    [InlineData(307, "", "", "ChatModel:Endpoint")]
    public async Task A_refusal_says_what_would_be_right_and_is_not_repeated(int status, string type, string message, string cure)
    {
        await using var harness = await ChatModelHarness.StartAsync(ChatModelProvider.OpenAI);
        harness.Endpoint.Reply(harness.Endpoint.Error(status, type, message) with { Headers = [("Location", "http://127.0.0.1:1/elsewhere")] });

        (await Should.ThrowAsync<ToolException>(() => harness.Client.GetResponseAsync(Messages, cancellationToken: Token))).Message.ShouldContain(cure);

        harness.Endpoint.Requests.Count.ShouldBe(1);
    }

    [Theory, MemberData(nameof(Providers))]
    public async Task The_key_is_in_no_log_and_no_message(ChatModelProvider provider)
    {
        const string Wrong = "sk-some-other-key-0123456789";
        await using var harness = await ChatModelHarness.StartAsync(provider, ("ChatModel:ApiKey", Wrong));

        var exception = await Should.ThrowAsync<ToolException>(() => harness.Client.GetResponseAsync(Messages, cancellationToken: Token));

        exception.Message.ShouldContain("ChatModel:ApiKey");
        exception.ToString().ShouldNotContain(Wrong);
        harness.Logs.Lines.ShouldNotBeEmpty();
        harness.Logs.Lines.ShouldAllBe(line => !line.Contains(Wrong));
        harness.Endpoint.Requests.ShouldAllBe(request => !request.Path.Contains(Wrong));
    }

    [Theory, MemberData(nameof(Providers))]
    public async Task The_probe_tells_whether_the_model_is_there_without_asking_it_anything(ChatModelProvider provider)
    {
        await using var harness = await ChatModelHarness.StartAsync(provider);
        await using var other = await ChatModelHarness.StartAsync(provider, ("ChatModel:Model", "model-2"));

        (await harness.Probes[0].ProbeAsync(Token)).Health.ShouldBe(AgentHealth.Healthy);
        (await other.Probes[0].ProbeAsync(Token)).Detail.ShouldContain("ChatModel:Model");
        harness.Endpoint.Requests.ShouldAllBe(request => request.Method == "GET");
    }

    [Fact]
    public async Task Without_a_model_nothing_is_sent_and_everything_says_so()
    {
        await using var harness = await ChatModelHarness.StartAsync(ChatModelProvider.OpenAI, ("ChatModel:Model", ""));

        (await Should.ThrowAsync<ToolException>(() => harness.Client.GetResponseAsync(Messages, cancellationToken: Token))).Message.ShouldContain("ChatModel:Model");
        foreach (var probe in harness.Probes)
        {
            (await probe.ProbeAsync(Token)).Health.ShouldBe(AgentHealth.NotConfigured);
        }

        harness.Endpoint.Requests.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("ChatModel:Endpoint", "api.example.com")]
    [InlineData("ChatModel:Endpoint", "http://api.example.com/v1")]
    [InlineData("ChatModel:Endpoint", "https://user:word@api.example.com/v1")]
    [InlineData("ChatModel:ApiKey", "two words")]
    [InlineData("ChatModel:MaxOutputTokens", "1")]
    [InlineData("ChatModel:Temperature", "3")]
    [InlineData("ChatModel:Timeout", "00:00:00")]
    [InlineData("ChatModel:ThrottleWait", "01:00:00")]
    [InlineData("Remediation:MaxFiles", "0")]
    [InlineData("Remediation:MaxChangedLines", "0")]
    [InlineData("Remediation:MaxPatchBytes", "1")]
    public async Task A_wrong_setting_is_named(string key, string value)
    {
        await using var harness = await ChatModelHarness.StartAsync(ChatModelProvider.OpenAI, (key, value));

        Should.Throw<Microsoft.Extensions.Options.OptionsValidationException>(() => (harness.Client, harness.Expert, harness.Limits)).Message.ShouldContain(key);
    }
}
