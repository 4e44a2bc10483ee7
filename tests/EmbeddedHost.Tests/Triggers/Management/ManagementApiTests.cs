using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using Microsoft.Extensions.DependencyInjection;

namespace AtomicDevOps.EmbeddedHost.Tests.Triggers.Management;

public sealed class ManagementApiTests : IAsyncLifetime
{
    private const string Api = "/runtime/webhooks/durabletask";

    private FunctionsTestHost _host = null!;
    private HttpClient _http = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private DurableTaskClient Client => _host.Services.GetRequiredService<DurableTaskClient>();

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
    [InlineData("GET", "/instances")]
    [InlineData("DELETE", "/instances?createdTimeFrom=2020-01-01")]
    [InlineData("GET", "/instances/x")]
    [InlineData("DELETE", "/instances/x")]
    [InlineData("POST", "/instances/x/raiseEvent/e")]
    [InlineData("POST", "/instances/x/terminate")]
    [InlineData("POST", "/instances/x/suspend")]
    [InlineData("POST", "/instances/x/resume")]
    [InlineData("POST", "/instances/x/rewind")]
    [InlineData("POST", "/instances/x/restart")]
    [InlineData("POST", "/orchestrators/Echo")]
    public async Task Every_operation_needs_the_durable_key_or_the_master_key(string method, string path)
    {
        (await AskAsync(null)).ShouldBe(HttpStatusCode.Unauthorized);
        (await AskAsync(FunctionsTestHost.HostKey)).ShouldBe(HttpStatusCode.Unauthorized);
        (await AskAsync(FunctionsTestHost.DurableKey)).ShouldNotBe(HttpStatusCode.Unauthorized);
        (await AskAsync(FunctionsTestHost.MasterKey)).ShouldNotBe(HttpStatusCode.Unauthorized);

        async Task<HttpStatusCode> AskAsync(string? key)
        {
            using var request = new HttpRequestMessage(new HttpMethod(method), Api + path);
            if (key is not null)
            {
                request.Headers.Add("x-functions-key", key);
            }

            return (await _host.Client.SendAsync(request, Cancellation)).StatusCode;
        }
    }

    [Fact]
    public async Task A_started_instance_is_accepted_with_links_that_work_by_themselves()
    {
        var response = await _http.PostAsync($"{Api}/orchestrators/Echo/my-id", Json("""{"a":1}"""), Cancellation);
        var links = await JsonOf(response);
        await Client.WaitForInstanceCompletionAsync("my-id", Cancellation);

        response.StatusCode.ShouldBe(HttpStatusCode.Accepted);
        response.Headers.RetryAfter?.Delta.ShouldBe(TimeSpan.FromSeconds(10));
        response.Headers.Location?.ToString().ShouldBe(links["statusQueryGetUri"]!.GetValue<string>());
        links.AsObject().Select(link => link.Key).ShouldBe([
            "id", "statusQueryGetUri", "sendEventPostUri", "terminatePostUri", "rewindPostUri", "purgeHistoryDeleteUri", "restartPostUri",
            "suspendPostUri", "resumePostUri"]);
        links["id"]!.GetValue<string>().ShouldBe("my-id");
        var status = await _host.Client.GetAsync(links["statusQueryGetUri"]!.GetValue<string>(), Cancellation);
        status.StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task A_finished_instance_is_shown_as_the_reference_describes()
    {
        await RunAsync("Echo", "one", new { text = "hi" });

        var status = await GetAsync("/instances/one");

        status.AsObject().Select(property => property.Key).ShouldBe([
            "name", "instanceId", "runtimeStatus", "input", "customStatus", "output", "createdTime", "lastUpdatedTime"]);
        status["name"]!.GetValue<string>().ShouldBe("Echo");
        status["instanceId"]!.GetValue<string>().ShouldBe("one");
        status["runtimeStatus"]!.GetValue<string>().ShouldBe("Completed");
        status["input"]!.ToJsonString().ShouldBe("""{"text":"hi"}""");
        status["output"]!.ToJsonString().ShouldBe("""{"text":"hi"}""");
        status["customStatus"]!.GetValue<string>().ShouldBe("echoing");
        status["createdTime"]!.GetValue<string>().ShouldMatch(@"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$");
        status["lastUpdatedTime"]!.GetValue<string>().ShouldMatch(@"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$");
    }

    [Fact]
    public async Task The_input_is_left_out_on_request()
    {
        await RunAsync("Echo", "one", "secret input");

        (await GetAsync("/instances/one?showInput=false"))["input"].ShouldBeNull();
    }

    [Fact]
    public async Task The_history_is_shown_on_request_with_results_only_if_asked_for()
    {
        await RunAsync("Echo", "one", "hi");

        var bare = (await GetAsync("/instances/one?showHistory=true"))["historyEvents"]!.AsArray();
        var full = (await GetAsync("/instances/one?showHistory=true&showHistoryOutput=true"))["historyEvents"]!.AsArray();

        bare.Select(entry => entry!["EventType"]!.GetValue<string>()).ShouldBe(["ExecutionStarted", "TaskCompleted", "ExecutionCompleted"]);
        bare[1]!["FunctionName"]!.GetValue<string>().ShouldBe("Same");
        bare[1]!["ScheduledTime"].ShouldNotBeNull();
        bare[1]!["Timestamp"].ShouldNotBeNull();
        bare[1]!["Result"].ShouldBeNull();
        full[1]!["Result"]!.GetValue<string>().ShouldBe("hi");
        full[2]!["OrchestrationStatus"]!.GetValue<string>().ShouldBe("Completed");
        full[2]!["Result"]!.GetValue<string>().ShouldBe("hi");
    }

    [Fact]
    public async Task A_running_instance_is_accepted_with_where_and_when_to_ask_again()
    {
        await StartWaitingAsync("one");

        var response = await _http.GetAsync($"{Api}/instances/one", Cancellation);

        response.StatusCode.ShouldBe(HttpStatusCode.Accepted);
        response.Headers.Location?.AbsolutePath.ShouldBe($"{Api}/instances/one");
        response.Headers.RetryAfter?.Delta.ShouldBe(TimeSpan.FromSeconds(5));
        (await JsonOf(response))["runtimeStatus"]!.GetValue<string>().ShouldBe("Running");
    }

    [Fact]
    public async Task A_failed_instance_is_an_error_only_on_request()
    {
        await RunAsync("Fail", "one", null);

        (await _http.GetAsync($"{Api}/instances/one", Cancellation)).StatusCode.ShouldBe(HttpStatusCode.OK);
        var error = await _http.GetAsync($"{Api}/instances/one?returnInternalServerErrorOnFailure=true", Cancellation);
        error.StatusCode.ShouldBe(HttpStatusCode.InternalServerError);
        var status = await JsonOf(error);
        status["runtimeStatus"]!.GetValue<string>().ShouldBe("Failed");
        status["output"]!.GetValue<string>().ShouldContain("on purpose");
    }

    [Theory]
    [InlineData("GET", "/instances/none")]
    [InlineData("DELETE", "/instances/none")]
    [InlineData("POST", "/instances/none/raiseEvent/Go")]
    [InlineData("POST", "/instances/none/terminate")]
    [InlineData("POST", "/instances/none/suspend")]
    [InlineData("POST", "/instances/none/resume")]
    [InlineData("POST", "/instances/none/rewind")]
    [InlineData("POST", "/instances/none/restart")]
    [InlineData("GET", "/nowhere")]
    public async Task What_is_not_there_is_not_found(string method, string path)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), Api + path) { Content = Json("{}") };

        (await _http.SendAsync(request, Cancellation)).StatusCode.ShouldBe(HttpStatusCode.NotFound);
    }

    [Theory]
    [InlineData("raiseEvent/Go", HttpStatusCode.Gone)]
    [InlineData("terminate?reason=x", HttpStatusCode.Gone)]
    [InlineData("suspend", HttpStatusCode.Gone)]
    [InlineData("resume", HttpStatusCode.Gone)]
    [InlineData("rewind?reason=x", HttpStatusCode.Gone)]
    public async Task A_finished_instance_can_no_longer_be_steered(string operation, HttpStatusCode expected)
    {
        await RunAsync("Echo", "one", "hi");

        (await _http.PostAsync($"{Api}/instances/one/{operation}", Json("{}"), Cancellation)).StatusCode.ShouldBe(expected);
    }

    [Fact]
    public async Task An_event_reaches_its_instance()
    {
        await StartWaitingAsync("one");

        var response = await _http.PostAsync($"{Api}/instances/one/raiseEvent/Go", Json("\"now\""), Cancellation);
        var instance = await Client.WaitForInstanceCompletionAsync("one", getInputsAndOutputs: true, Cancellation);

        response.StatusCode.ShouldBe(HttpStatusCode.Accepted);
        instance.ReadOutputAs<string>().ShouldBe("now");
    }

    [Fact]
    public async Task An_event_that_is_not_json_is_refused()
    {
        await StartWaitingAsync("one");

        var plain = await _http.PostAsync($"{Api}/instances/one/raiseEvent/Go", new StringContent("now"), Cancellation);
        var broken = await _http.PostAsync($"{Api}/instances/one/raiseEvent/Go", Json("{\"a\":"), Cancellation);

        (await ProblemOf(plain, HttpStatusCode.BadRequest)).ShouldContain("Content-Type: application/json");
        (await ProblemOf(broken, HttpStatusCode.BadRequest)).ShouldStartWith("The body is not valid JSON at line 1");
    }

    [Fact]
    public async Task An_instance_can_be_suspended_resumed_and_terminated()
    {
        await StartWaitingAsync("one");

        await SteerAsync("suspend?reason=pause");
        await StatusAsync("one", OrchestrationRuntimeStatus.Suspended);
        await SteerAsync("resume");
        await StatusAsync("one", OrchestrationRuntimeStatus.Running);
        await SteerAsync("terminate?reason=enough");
        await StatusAsync("one", OrchestrationRuntimeStatus.Terminated);

        (await GetAsync("/instances/one"))["output"]!.GetValue<string>().ShouldBe("enough");

        async Task SteerAsync(string operation) =>
            (await _http.PostAsync($"{Api}/instances/one/{operation}", null, Cancellation)).StatusCode.ShouldBe(HttpStatusCode.Accepted);
    }

    [Fact]
    public async Task An_instance_restarts_as_a_new_one_or_under_its_own_id()
    {
        await RunAsync("Echo", "one", "again");

        var asNew = await JsonOf(await _http.PostAsync($"{Api}/instances/one/restart", null, Cancellation));
        var same = await JsonOf(await _http.PostAsync($"{Api}/instances/one/restart?restartWithNewInstanceId=false", null, Cancellation));

        asNew["id"]!.GetValue<string>().ShouldNotBe("one");
        same["id"]!.GetValue<string>().ShouldBe("one");
        var restarted = await Client.WaitForInstanceCompletionAsync(asNew["id"]!.GetValue<string>(), getInputsAndOutputs: true, Cancellation);
        restarted.ReadOutputAs<string>().ShouldBe("again");
    }

    [Fact]
    public async Task A_running_instance_restarts_only_as_a_new_one()
    {
        await StartWaitingAsync("one");

        var response = await _http.PostAsync($"{Api}/instances/one/restart?restartWithNewInstanceId=false", null, Cancellation);

        await ProblemOf(response, HttpStatusCode.Conflict);
    }

    [Fact]
    public async Task Instances_are_listed_in_pages_and_by_filters()
    {
        foreach (var id in new[] { "a-1", "a-2", "a-3", "b-1" })
        {
            await RunAsync("Echo", id, id);
        }

        await StartWaitingAsync("a-waiting");

        (await IdsAsync("instanceIdPrefix=a-&runtimeStatus=Completed")).ShouldBe(["a-1", "a-2", "a-3"], ignoreOrder: true);
        (await IdsAsync("runtimeStatus=Running,Pending")).ShouldBe(["a-waiting"]);
        (await IdsAsync("runtimeStatus=Running&runtimeStatus=Completed")).Count.ShouldBe(5);
        (await IdsAsync("createdTimeFrom=2999-01-01T00:00:00Z")).ShouldBeEmpty();
        (await IdsAsync("createdTimeTo=2999-01-01T00:00:00Z")).Count.ShouldBe(5);
        (await GetAsync("/instances?showInput=false")).AsArray().ShouldAllBe(instance => instance!["input"] == null);
        (await IdsAsync("top=2")).Distinct().Count().ShouldBe(5);

        async Task<List<string>> IdsAsync(string query)
        {
            var ids = new List<string>();
            string? token = null;
            do
            {
                using var request = new HttpRequestMessage(HttpMethod.Get, $"{Api}/instances?{query}");
                if (token is not null)
                {
                    request.Headers.Add("x-ms-continuation-token", token);
                }

                var response = await _http.SendAsync(request, Cancellation);
                response.StatusCode.ShouldBe(HttpStatusCode.OK);
                var page = (await JsonOf(response)).AsArray();
                page.Count.ShouldBeLessThanOrEqualTo(query.StartsWith("top=", StringComparison.Ordinal) ? 2 : 100);
                ids.AddRange(page.Select(instance => instance!["instanceId"]!.GetValue<string>()));
                token = response.Headers.TryGetValues("x-ms-continuation-token", out var values) ? values.Single() : null;
            }
            while (token is not null);

            return ids;
        }
    }

    [Fact]
    public async Task Purging_tells_how_many_instances_are_gone()
    {
        await RunAsync("Echo", "one", "1");
        await RunAsync("Echo", "two", "2");
        await RunAsync("Fail", "three", null);
        await StartWaitingAsync("waiting");

        (await DeleteAsync("/instances/one"))["instancesDeleted"]!.GetValue<int>().ShouldBe(1);
        (await DeleteAsync("/instances?createdTimeFrom=2020-01-01T00:00:00Z&runtimeStatus=Failed"))["instancesDeleted"]!.GetValue<int>().ShouldBe(1);
        (await DeleteAsync("/instances?createdTimeFrom=2020-01-01T00:00:00Z"))["instancesDeleted"]!.GetValue<int>().ShouldBe(1);

        (await GetAsync("/instances")).AsArray().Single()!["instanceId"]!.GetValue<string>().ShouldBe("waiting");
        (await _http.DeleteAsync($"{Api}/instances?createdTimeFrom=2020-01-01T00:00:00Z", Cancellation)).StatusCode.ShouldBe(HttpStatusCode.NotFound);
        await ProblemOf(await _http.DeleteAsync($"{Api}/instances/waiting", Cancellation), HttpStatusCode.Conflict);

        async Task<JsonNode> DeleteAsync(string path)
        {
            var response = await _http.DeleteAsync(Api + path, Cancellation);
            response.StatusCode.ShouldBe(HttpStatusCode.OK);
            return await JsonOf(response);
        }
    }

    [Fact]
    public async Task A_start_may_wait_for_the_output()
    {
        var finished = await _http.PostAsync($"{Api}/orchestrators/Echo?timeout=60&pollingInterval=1", Json("[1,2]"), Cancellation);
        var running = await _http.PostAsync($"{Api}/orchestrators/WaitForGo?timeout=0", null, Cancellation);

        finished.StatusCode.ShouldBe(HttpStatusCode.OK);
        (await finished.Content.ReadAsStringAsync(Cancellation)).ShouldBe("[1,2]");
        running.StatusCode.ShouldBe(HttpStatusCode.Accepted);
    }

    [Fact]
    public async Task An_id_that_runs_already_cannot_be_started_again()
    {
        await StartWaitingAsync("one");

        await ProblemOf(await _http.PostAsync($"{Api}/orchestrators/WaitForGo/one", null, Cancellation), HttpStatusCode.Conflict);
    }

    [Theory]
    [InlineData("POST", "/orchestrators/Nobody", "There is no orchestrator 'Nobody'. Known: Echo, Fail, WaitForGo.")]
    [InlineData("POST", "/orchestrators/Echo?timeout=soon", "'timeout' is 'soon'. Use seconds")]
    [InlineData("DELETE", "/instances", "'createdTimeFrom' is required")]
    [InlineData("DELETE", "/instances?createdTimeFrom=yesterday", "'createdTimeFrom' is 'yesterday'. Use ISO 8601")]
    [InlineData("GET", "/instances?top=0", "'top' is '0'. Use a whole number from 1 to 1000")]
    [InlineData("GET", "/instances?runtimeStatus=Busy", "'runtimeStatus' has 'Busy'. Use Running, Completed")]
    [InlineData("GET", "/instances?runtimeStatus=0", "'runtimeStatus' has '0'")]
    [InlineData("GET", "/instances?showInput=maybe", "'showInput' is 'maybe'. Use true or false")]
    [InlineData("GET", "/instances?taskHub=Elsewhere", "only the task hub")]
    public async Task A_wrong_request_is_told_what_would_be_right(string method, string path, string detail)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), Api + path);

        (await ProblemOf(await _http.SendAsync(request, Cancellation), HttpStatusCode.BadRequest)).ShouldContain(detail);
    }

    private static StringContent Json(string text) => new(text, Encoding.UTF8, "application/json");

    private static async Task<JsonNode> JsonOf(HttpResponseMessage response) =>
        (await response.Content.ReadFromJsonAsync<JsonNode>(Cancellation))!;

    private static async Task<string> ProblemOf(HttpResponseMessage response, HttpStatusCode status)
    {
        response.StatusCode.ShouldBe(status);
        response.Content.Headers.ContentType?.MediaType.ShouldBe("application/problem+json");
        return (await response.Content.ReadFromJsonAsync<JsonElement>(Cancellation)).GetProperty("detail").GetString()!;
    }

    private async Task<JsonNode> GetAsync(string path) => await JsonOf(await _http.GetAsync(Api + path, Cancellation));

    private async Task RunAsync(string name, string id, object? input)
    {
        await Client.ScheduleNewOrchestrationInstanceAsync(name, input, new StartOrchestrationOptions(id), Cancellation);
        await Client.WaitForInstanceCompletionAsync(id, Cancellation);
    }

    private async Task StartWaitingAsync(string id)
    {
        await Client.ScheduleNewOrchestrationInstanceAsync("WaitForGo", null, new StartOrchestrationOptions(id), Cancellation);
        await Client.WaitForInstanceStartAsync(id, Cancellation);
    }

    private async Task StatusAsync(string id, OrchestrationRuntimeStatus status)
    {
        while ((await Client.GetInstanceAsync(id, Cancellation))!.RuntimeStatus != status)
        {
            Cancellation.ThrowIfCancellationRequested();
            await Task.Yield();
        }
    }

    public static class Functions
    {
        [Function("Echo")]
        public static async Task<JsonElement> EchoAsync([OrchestrationTrigger] TaskOrchestrationContext context, JsonElement input)
        {
            context.SetCustomStatus("echoing");
            return await context.CallActivityAsync<JsonElement>("Same", input);
        }

        [Function("Same")]
        public static JsonElement Same([ActivityTrigger] JsonElement input) => input;

        [Function("WaitForGo")]
        public static Task<string> WaitForGoAsync([OrchestrationTrigger] TaskOrchestrationContext context) =>
            context.WaitForExternalEvent<string>("Go", CancellationToken.None);

        [Function("Fail")]
        public static Task FailAsync([OrchestrationTrigger] TaskOrchestrationContext context) =>
            throw new InvalidOperationException("on purpose");
    }
}
