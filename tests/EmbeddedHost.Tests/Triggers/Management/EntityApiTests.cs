using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using Microsoft.DurableTask.Entities;
using Microsoft.Extensions.DependencyInjection;

namespace AtomicDevOps.EmbeddedHost.Tests.Triggers.Management;

public sealed class EntityApiTests : IAsyncLifetime
{
    private const string Api = "/runtime/webhooks/durabletask/entities";

    private FunctionsTestHost _host = null!;
    private HttpClient _http = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _host = await FunctionsTestHost.StartAsync(typeof(Functions));
        _http = _host.ClientWithKey(FunctionsTestHost.DurableKey);
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await _host.DisposeAsync();
    }

    [Theory]
    [InlineData("GET", "")]
    [InlineData("GET", "/basket")]
    [InlineData("GET", "/basket/a")]
    [InlineData("POST", "/basket/a?op=put")]
    [InlineData("DELETE", "/basket/a")]
    public async Task Every_operation_needs_the_durable_key(string method, string path)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), Api + path);

        (await _host.Client.SendAsync(request, Token)).StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task A_signal_is_accepted_and_its_operation_runs_with_the_bodys_json_or_text()
    {
        (await PostAsync("/basket/a?op=put", """["apple","pear"]""", "application/json")).StatusCode.ShouldBe(HttpStatusCode.Accepted);
        (await PostAsync("/Basket/a?op=putText", "plum", "text/plain")).StatusCode.ShouldBe(HttpStatusCode.Accepted);
        (await PostAsync("/basket/a?op=putNothing", null, null)).StatusCode.ShouldBe(HttpStatusCode.Accepted);
        await WaitForAllAsync("@basket@a");

        (await _http.GetFromJsonAsync<string[]>($"{Api}/basket/a", Token)).ShouldBe(["apple", "pear", "plum", "nothing"]);
    }

    [Fact]
    public async Task The_history_of_an_orchestration_shows_what_it_had_to_do_with_entities()
    {
        var client = _host.Services.GetRequiredService<DurableTaskClient>();
        await client.ScheduleNewOrchestrationInstanceAsync("Shops", new StartOrchestrationOptions("one"), Token);
        await client.WaitForInstanceCompletionAsync("one", Token);

        var bare = await HistoryAsync("showHistory=true");
        var full = await HistoryAsync("showHistory=true&showHistoryOutput=true");

        full.Select(static entry => $"{entry!["EventType"]} {entry["Name"]}".TrimEnd()).ShouldBe([
            "ExecutionStarted", "EntityOperationSignaled putText", "EntityLockGranted", "EntityOperationCompleted count",
            "EntityOperationFailed break", "EntityUnlockSent", "EntityUnlockSent", "ExecutionCompleted"]);
        var signaled = full[1]!;
        signaled["InstanceId"]!.GetValue<string>().ShouldBe("@basket@later");
        signaled["FireAt"]!.GetValue<string>().ShouldBe("2100-01-02T03:04:05.0000000Z");
        signaled["Input"]!.GetValue<string>().ShouldBe("plum");
        var granted = full[2]!;
        granted["LockSet"]!.AsArray().Select(static id => id!.GetValue<string>()).ShouldBe(["@basket@a", "@basket@b"]);
        granted["ScheduledTime"].ShouldNotBeNull();
        var completed = full[3]!;
        completed["InstanceId"]!.GetValue<string>().ShouldBe("@basket@a");
        completed["Result"]!.GetValue<int>().ShouldBe(0);
        completed["ScheduledTime"].ShouldNotBeNull();
        full[4]!["Reason"]!.GetValue<string>().ShouldBe("on purpose");
        full[5]!["LockSet"]!.AsArray().ShouldHaveSingleItem()!.GetValue<string>().ShouldBe("@basket@a");
        bare[1]!["Input"].ShouldBeNull();
        bare[3]!["Result"].ShouldBeNull();

        async Task<JsonArray> HistoryAsync(string query)
        {
            var text = await _http.GetStringAsync($"/runtime/webhooks/durabletask/instances/one?{query}", Token);
            return JsonNode.Parse(text)!["historyEvents"]!.AsArray();
        }
    }

    [Fact]
    public async Task A_call_of_an_entity_without_a_response_stands_in_the_history_as_called()
    {
        var client = _host.Services.GetRequiredService<DurableTaskClient>();
        await client.ScheduleNewOrchestrationInstanceAsync("Forgets", new StartOrchestrationOptions("one"), Token);
        await client.WaitForInstanceCompletionAsync("one", Token);

        var text = await _http.GetStringAsync("/runtime/webhooks/durabletask/instances/one?showHistory=true&showHistoryOutput=true", Token);

        var called = JsonNode.Parse(text)!["historyEvents"]![1]!;
        called["EventType"]!.GetValue<string>().ShouldBe("EntityOperationCalled");
        called["InstanceId"]!.GetValue<string>().ShouldBe("@basket@a");
        called["Name"]!.GetValue<string>().ShouldBe("putText");
        called["Input"]!.GetValue<string>().ShouldBe("plum");
    }

    [Fact]
    public async Task An_entity_is_read_as_its_state_and_one_without_is_not_found()
    {
        (await PostAsync("/basket/a%2Fb?op=putNothing", null, null)).StatusCode.ShouldBe(HttpStatusCode.Accepted);
        (await PostAsync("/basket?op=putText", "of no key", "text/plain")).StatusCode.ShouldBe(HttpStatusCode.Accepted);
        await WaitForAllAsync("@basket@a/b");
        await WaitForAllAsync("@basket@");

        (await _http.GetFromJsonAsync<string[]>($"{Api}/basket/a%2Fb", Token)).ShouldBe(["nothing"]);
        (await _http.GetFromJsonAsync<string[]>($"{Api}/basket/$", Token)).ShouldBe(["of no key"]);
        (await _http.GetAsync($"{Api}/basket/none", Token)).StatusCode.ShouldBe(HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task A_delete_is_the_delete_operation()
    {
        await PostAsync("/basket/a?op=putNothing", null, null);
        (await _http.DeleteAsync($"{Api}/basket/a", Token)).StatusCode.ShouldBe(HttpStatusCode.Accepted);
        await WaitForAllAsync("@basket@a");

        (await _http.GetAsync($"{Api}/basket/a", Token)).StatusCode.ShouldBe(HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task Entities_are_listed_with_id_time_and_on_request_state_page_by_page()
    {
        foreach (var key in new[] { "a", "b", "c" })
        {
            await PostAsync($"/basket/{key}?op=putNothing", null, null);
            await WaitForAllAsync($"@basket@{key}");
        }

        var first = await _http.GetAsync($"{Api}/basket?top=2&fetchState=true", Token);
        var entities = (await first.Content.ReadFromJsonAsync<JsonArray>(Token))!;
        entities.Count.ShouldBe(2);
        entities[0]!.AsObject().Select(property => property.Key).ShouldBe(["entityId", "lastOperationTime", "state"]);
        entities[0]!["entityId"]!.ToJsonString().ShouldBe("""{"name":"basket","key":"a"}""");
        entities[0]!["state"]!.ToJsonString().ShouldBe("""["nothing"]""");
        DateTimeOffset.Parse(entities[0]!["lastOperationTime"]!.GetValue<string>(), System.Globalization.CultureInfo.InvariantCulture)
            .ShouldBe(DateTimeOffset.UtcNow, TimeSpan.FromMinutes(5));

        using var next = new HttpRequestMessage(HttpMethod.Get, $"{Api}/basket?top=2");
        next.Headers.Add("x-ms-continuation-token", first.Headers.GetValues("x-ms-continuation-token"));
        var second = await _http.SendAsync(next, Token);
        var rest = (await second.Content.ReadFromJsonAsync<JsonArray>(Token))!.ShouldHaveSingleItem()!;
        rest["entityId"]!["key"]!.GetValue<string>().ShouldBe("c");
        rest["state"].ShouldBeNull();
        second.Headers.Contains("x-ms-continuation-token").ShouldBeFalse();

        (await _http.GetFromJsonAsync<JsonArray>(Api, Token))!.Count.ShouldBe(3);
        (await _http.GetFromJsonAsync<JsonArray>($"{Api}/bask", Token))!.Count.ShouldBe(0);
        (await _http.GetFromJsonAsync<JsonArray>($"{Api}?lastOperationTimeTo=2020-01-01T00:00:00Z", Token))!.Count.ShouldBe(0);
    }

    [Theory]
    [InlineData("POST", "/nobody/a?op=put", "There is no entity 'nobody'. Known: Basket.")]
    [InlineData("POST", "/basket/a", "?op=add")]
    [InlineData("GET", "/basket?top=0", "'top' is '0'")]
    [InlineData("GET", "/b@d/a", "must not hold an '@'")]
    public async Task Bad_requests_say_what_would_be_right(string method, string path, string detail)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), Api + path);
        var response = await _http.SendAsync(request, Token);

        response.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        (await response.Content.ReadFromJsonAsync<JsonObject>(Token))!["detail"]!.GetValue<string>().ShouldContain(detail);
    }

    [Fact]
    public async Task A_body_that_is_no_json_is_refused_where_it_goes_wrong()
    {
        var response = await PostAsync("/basket/a?op=put", "[1,", "application/json");

        response.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        (await response.Content.ReadAsStringAsync(Token)).ShouldContain("not valid JSON");
    }

    private Task<HttpResponseMessage> PostAsync(string path, string? body, string? contentType) => _http.PostAsync(
        Api + path, body is null ? null : new StringContent(body, Encoding.UTF8, contentType!), Token);

    /// <summary>Returns when the entity has handled all that was sent to it before.</summary>
    private async Task WaitForAllAsync(string entity)
    {
        var client = _host.Services.GetRequiredService<DurableTaskClient>();
        var id = await client.ScheduleNewOrchestrationInstanceAsync("Ask", entity, Token);
        (await client.WaitForInstanceCompletionAsync(id, Token)).RuntimeStatus.ShouldBe(OrchestrationRuntimeStatus.Completed);
    }

    public sealed class Basket : ITaskEntity
    {
        public ValueTask<object?> RunAsync(TaskEntityOperation operation)
        {
            var state = operation.State.GetState<List<string>>() ?? [];
            switch (operation.Name)
            {
                case "put":
                    state.AddRange(operation.GetInput<string[]>()!);
                    break;
                case "putText":
                    state.Add(operation.GetInput<string>()!);
                    break;
                case "putNothing":
                    operation.HasInput.ShouldBeFalse();
                    state.Add("nothing");
                    break;
                case "delete":
                    operation.State.SetState(null);
                    return default;
                case "count":
                    return new ValueTask<object?>(state.Count);
                case "break":
                    throw new InvalidOperationException("on purpose");
                default:
                    return default;
            }

            operation.State.SetState(state);
            return default;
        }
    }

    public static class Functions
    {
        [Function("Basket")]
        public static Task RunBasketAsync([EntityTrigger] TaskEntityDispatcher dispatcher) => dispatcher.DispatchAsync<Basket>();

        [Function("Ask")]
        public static Task AskAsync([OrchestrationTrigger] TaskOrchestrationContext context)
            => context.Entities.CallEntityAsync(EntityInstanceId.FromString(context.GetInput<string>()!), "ask");

        [Function("Shops")]
        public static async Task ShopsAsync([OrchestrationTrigger] TaskOrchestrationContext context)
        {
            var a = new EntityInstanceId("Basket", "a");
            var due = new DateTimeOffset(2100, 1, 2, 3, 4, 5, TimeSpan.Zero);
            await context.Entities.SignalEntityAsync(new EntityInstanceId("Basket", "later"), "putText", "plum", new SignalEntityOptions { SignalTime = due });
            await using (await context.Entities.LockEntitiesAsync(a, new EntityInstanceId("Basket", "b")))
            {
                await context.Entities.CallEntityAsync<int>(a, "count");
                try
                {
                    await context.Entities.CallEntityAsync(a, "break");
                }
                catch (EntityOperationFailedException exception)
                {
                    exception.FailureDetails.ErrorMessage.ShouldBe("on purpose");
                }
            }
        }

        [Function("Forgets")]
        public static Task ForgetsAsync([OrchestrationTrigger] TaskOrchestrationContext context)
        {
            _ = context.Entities.CallEntityAsync(new EntityInstanceId("Basket", "a"), "putText", "plum");
            return Task.CompletedTask;
        }
    }
}
