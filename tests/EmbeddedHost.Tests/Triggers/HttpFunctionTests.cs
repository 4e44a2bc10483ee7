using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace AtomicDevOps.EmbeddedHost.Tests.Triggers;

public sealed class HttpFunctionTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("result", "text/plain; charset=utf-8", "from IResult")]
    [InlineData("action", "application/json; charset=utf-8", "{\"name\":\"from IActionResult\"}")]
    [InlineData("text", "text/plain; charset=utf-8", "from string")]
    [InlineData("object", "application/json; charset=utf-8", "{\"name\":\"from object\"}")]
    public async Task Every_kind_of_result_becomes_a_response(string function, string contentType, string body)
    {
        await using var host = await FunctionsTestHost.StartAsync(typeof(Results_));

        var response = await host.Client.GetAsync("/api/" + function, Cancellation);

        response.StatusCode.ShouldBe(HttpStatusCode.OK);
        response.Content.Headers.ContentType?.ToString().ShouldBe(contentType);
        (await response.Content.ReadAsStringAsync(Cancellation)).ShouldBe(body);
    }

    [Fact]
    public async Task A_function_without_a_result_may_write_the_response_itself()
    {
        await using var host = await FunctionsTestHost.StartAsync(typeof(Results_));

        var response = await host.Client.GetAsync("/api/itself", Cancellation);

        response.StatusCode.ShouldBe(HttpStatusCode.Created);
        (await response.Content.ReadAsStringAsync(Cancellation)).ShouldBe("written");
    }

    [Fact]
    public async Task Route_values_are_converted_to_the_types_of_their_parameters()
    {
        await using var host = await FunctionsTestHost.StartAsync(typeof(Routes));
        var id = Guid.NewGuid();

        (await host.Client.GetStringAsync($"/api/items/{id}/7/tuesday", Cancellation)).ShouldBe($"{id} 7 Tuesday -");
        (await host.Client.GetStringAsync($"/api/items/{id}/7/Friday/2.5", Cancellation)).ShouldBe($"{id} 7 Friday 2.5");
        (await host.Client.GetStringAsync("/api/files/a/b%20c/d.txt", Cancellation)).ShouldBe("a/b c/d.txt");
    }

    [Fact]
    public async Task A_route_value_that_cannot_be_converted_is_a_bad_request_that_names_it()
    {
        await using var host = await FunctionsTestHost.StartAsync(typeof(Routes));

        var response = await host.Client.GetAsync($"/api/items/{Guid.NewGuid()}/7/someday", Cancellation);

        var problem = await ProblemOf(response, HttpStatusCode.BadRequest);
        problem.Detail.ShouldBe("'someday' is not a valid DayOfWeek for 'day' in the address.");
    }

    [Fact]
    public async Task A_route_constraint_that_fails_is_not_found()
    {
        await using var host = await FunctionsTestHost.StartAsync(typeof(Routes));

        var response = await host.Client.GetAsync("/api/items/no-guid/7/monday", Cancellation);

        await ProblemOf(response, HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task A_method_that_the_function_does_not_take_is_refused_and_the_ones_it_takes_are_named()
    {
        await using var host = await FunctionsTestHost.StartAsync(typeof(Routes));

        var response = await host.Client.DeleteAsync("/api/files/a", Cancellation);

        await ProblemOf(response, HttpStatusCode.MethodNotAllowed);
        response.Content.Headers.Allow.Order().ShouldBe(["GET", "HEAD"]);
    }

    [Fact]
    public async Task Functions_may_share_a_route_with_different_methods()
    {
        await using var host = await FunctionsTestHost.StartAsync(typeof(SharedRoute));

        (await host.Client.GetStringAsync("/api/shared", Cancellation)).ShouldBe("read");
        (await (await host.Client.PostAsync("/api/shared", null, Cancellation)).Content.ReadAsStringAsync(Cancellation)).ShouldBe("written");
    }

    [Theory]
    [InlineData("", "/named")]
    [InlineData("v2/things", "/v2/things/named")]
    public async Task The_route_prefix_comes_from_the_host_configuration(string prefix, string path)
    {
        await using var host = await FunctionsTestHost.StartAsync(
            new Dictionary<string, string?> { ["AzureFunctionsJobHost:extensions:http:routePrefix"] = prefix }, null, typeof(Named));

        (await host.Client.GetStringAsync(path, Cancellation)).ShouldBe("named");
    }

    [Fact]
    public async Task An_unhandled_exception_is_logged_and_tells_the_caller_nothing()
    {
        await using var host = await FunctionsTestHost.StartAsync(typeof(Failing));

        var response = await host.Client.GetAsync("/api/failing", Cancellation);

        var problem = await ProblemOf(response, HttpStatusCode.InternalServerError);
        problem.Detail.ShouldBeNull();
        var body = await response.Content.ReadAsStringAsync(Cancellation);
        body.ShouldNotContain("secret");
        body.ShouldNotContain("Exception");
        host.Logs.Lines.ShouldContain(line => line.Contains("secret inside") && line.Contains("'failing'"));
    }

    [Fact]
    public async Task A_failure_after_the_response_began_breaks_the_connection()
    {
        await using var host = await FunctionsTestHost.StartAsync(typeof(Failing));

        var read = async () => await host.Client.GetStringAsync("/api/failing-late", Cancellation);

        await read.ShouldThrowAsync<HttpRequestException>();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_body_over_the_limit_is_refused(bool sayLength)
    {
        await using var host = await FunctionsTestHost.StartAsync(
            new Dictionary<string, string?> { ["FUNCTIONS_REQUEST_BODY_SIZE_LIMIT"] = "1000" }, null, typeof(Body));
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/length") { Content = new ByteArrayContent(new byte[1001]) };
        request.Headers.TransferEncodingChunked = !sayLength;

        var response = await host.Client.SendAsync(request, Cancellation);

        (await ProblemOf(response, HttpStatusCode.RequestEntityTooLarge)).Detail.ShouldBe("The body may have at most 1000 bytes.");
    }

    [Fact]
    public async Task A_body_at_the_limit_is_read()
    {
        await using var host = await FunctionsTestHost.StartAsync(
            new Dictionary<string, string?> { ["FUNCTIONS_REQUEST_BODY_SIZE_LIMIT"] = "1000" }, null, typeof(Body));

        var response = await host.Client.PostAsync("/api/length", new ByteArrayContent(new byte[1000]), Cancellation);

        (await response.Content.ReadAsStringAsync(Cancellation)).ShouldBe("1000");
    }

    [Fact]
    public async Task An_invocation_has_an_instance_and_a_scope_of_its_own_and_both_are_disposed()
    {
        var ledger = new Ledger();
        await using (var host = await FunctionsTestHost.StartAsync(null, AddLedger(ledger), typeof(WithServices)))
        {
            await host.Client.GetStringAsync("/api/services", Cancellation);
        }

        ledger.Entries.ShouldBe(["service 1 made", "function 2 made with service 1", "function 2 disposed", "service 1 disposed"]);
    }

    [Fact]
    public async Task Two_invocations_share_neither_instance_nor_scope()
    {
        var ledger = new Ledger();
        await using (var host = await FunctionsTestHost.StartAsync(null, AddLedger(ledger), typeof(WithServices)))
        {
            await host.Client.GetStringAsync("/api/services", Cancellation);
            await host.Client.GetStringAsync("/api/services", Cancellation);
        }

        ledger.Entries.Where(entry => entry.Contains("made with")).ShouldBe(["function 2 made with service 1", "function 4 made with service 3"]);
        ledger.Entries.Count(entry => entry.EndsWith(" disposed")).ShouldBe(4);
    }

    [Fact]
    public async Task The_callers_trace_goes_on_in_the_function()
    {
        await using var host = await FunctionsTestHost.StartAsync(typeof(Tracing));
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/trace");
        request.Headers.Add("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
        request.Headers.Add("tracestate", "vendor=1");

        var body = await (await host.Client.SendAsync(request, Cancellation)).Content.ReadAsStringAsync(Cancellation);

        body.ShouldStartWith("00-0af7651916cd43dd8448eb211c80319c-");
        body.ShouldNotContain("b7ad6b7169203331");
        body.ShouldEndWith(" vendor=1");
    }

    [Fact]
    public async Task The_context_describes_the_function_and_its_invocation()
    {
        await using var host = await FunctionsTestHost.StartAsync(typeof(Tracing));

        var first = await host.Client.GetFromJsonAsync<JsonElement>("/api/describe/42", Cancellation);
        var second = await host.Client.GetFromJsonAsync<JsonElement>("/api/describe/42", Cancellation);

        first.GetProperty("name").GetString().ShouldBe("describe");
        first.GetProperty("entryPoint").GetString().ShouldBe($"{typeof(Tracing).FullName}.Describe");
        first.GetProperty("bindings").GetString().ShouldBe("request=httpTrigger");
        first.GetProperty("number").GetString().ShouldBe("42");
        first.GetProperty("path").GetString().ShouldBe("/api/describe/42");
        first.GetProperty("id").GetString().ShouldBe(second.GetProperty("id").GetString());
        first.GetProperty("invocation").GetString().ShouldNotBe(second.GetProperty("invocation").GetString());
    }

    [Theory]
    [InlineData("AzureWebJobs.named.Disabled", "true")]
    [InlineData("AzureWebJobs:named:Disabled", "1")]
    public async Task A_function_that_is_switched_off_is_not_there(string key, string value)
    {
        await using var host = await FunctionsTestHost.StartAsync(
            new Dictionary<string, string?> { [key] = value }, null, typeof(Named), typeof(SharedRoute));

        await ProblemOf(await host.Client.GetAsync("/api/named", Cancellation), HttpStatusCode.NotFound);
        (await host.Client.GetStringAsync("/api/shared", Cancellation)).ShouldBe("read");
    }

    [Fact]
    public async Task The_keys_in_an_address_are_not_logged()
    {
        await using var host = await FunctionsTestHost.StartAsync(typeof(Named));

        await host.Client.GetStringAsync($"/api/named?code={FunctionsTestHost.HostKey}", Cancellation);

        host.Logs.Lines.ShouldNotContain(line => line.Contains(FunctionsTestHost.HostKey));
    }

    private static Action<FunctionsApplicationBuilder> AddLedger(Ledger ledger) => builder =>
    {
        builder.Services.AddSingleton(ledger);
        builder.Services.AddScoped<ScopedService>();
    };

    private static async Task<ProblemDetails> ProblemOf(HttpResponseMessage response, HttpStatusCode status)
    {
        response.StatusCode.ShouldBe(status);
        response.Content.Headers.ContentType?.MediaType.ShouldBe("application/problem+json");
        var problem = await response.Content.ReadFromJsonAsync<ProblemDetails>(Cancellation);
        problem!.Status.ShouldBe((int)status);
        problem.Title.ShouldNotBeNullOrEmpty();
        return problem;
    }

    public static class Results_
    {
        [Function("result")]
        public static IResult Result([HttpTrigger(AuthorizationLevel.Anonymous)] HttpRequest request) =>
            TypedResults.Text("from IResult");

        [Function("action")]
        public static async Task<IActionResult> ActionAsync([HttpTrigger(AuthorizationLevel.Anonymous)] HttpRequest request)
        {
            await Task.Yield();
            return new OkObjectResult(new { Name = "from IActionResult" });
        }

        [Function("text")]
        public static Task<string> TextAsync([HttpTrigger(AuthorizationLevel.Anonymous)] HttpRequest request) =>
            Task.FromResult("from string");

        [Function("object")]
        public static object Anything([HttpTrigger(AuthorizationLevel.Anonymous)] HttpRequest request) => new { Name = "from object" };

        [Function("itself")]
        public static async Task Itself([HttpTrigger(AuthorizationLevel.Anonymous)] HttpRequest request, CancellationToken cancellationToken)
        {
            request.HttpContext.Response.StatusCode = StatusCodes.Status201Created;
            await request.HttpContext.Response.WriteAsync("written", cancellationToken);
        }
    }

    public sealed class Routes
    {
        [Function("items")]
        public string Items(
            [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "items/{id:guid}/{number:int}/{day}/{factor?}")] HttpRequest request,
            Guid id,
            int number,
            DayOfWeek day,
            double? factor) =>
            string.Create(CultureInfo.InvariantCulture, $"{id} {number} {day} {(factor is null ? "-" : factor.Value.ToString(CultureInfo.InvariantCulture))}");

        [Function("files")]
        public string Files([HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = "files/{*path}")] HttpRequest request, string path) => path;
    }

    public sealed class SharedRoute
    {
        [Function("read")]
        public string Read([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "shared")] HttpRequest request) => "read";

        [Function("write")]
        public string Write([HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "shared")] HttpRequest request) => "written";
    }

    public sealed class Named
    {
        [Function("named")]
        public string Get([HttpTrigger(AuthorizationLevel.Anonymous, "get")] HttpRequest request) => "named";
    }

    public sealed class Failing
    {
        [Function("failing")]
        public Task<string> FailAsync([HttpTrigger(AuthorizationLevel.Anonymous)] HttpRequest request) =>
            throw new InvalidOperationException("secret inside");

        [Function("failing-late")]
        public async Task FailLateAsync([HttpTrigger(AuthorizationLevel.Anonymous)] HttpRequest request)
        {
            request.HttpContext.Response.ContentLength = 100;
            await request.HttpContext.Response.WriteAsync("half");
            throw new InvalidOperationException("secret inside");
        }
    }

    public sealed class Body
    {
        [Function("length")]
        public async Task<string> LengthAsync([HttpTrigger(AuthorizationLevel.Anonymous, "post")] HttpRequest request)
        {
            using var body = new MemoryStream();
            await request.Body.CopyToAsync(body);
            return body.Length.ToString(CultureInfo.InvariantCulture);
        }
    }

    public sealed class Ledger
    {
        private readonly ConcurrentQueue<string> _entries = [];
        private int _last;

        public IReadOnlyCollection<string> Entries => _entries;

        public int Next() => Interlocked.Increment(ref _last);

        public void Add(string entry) => _entries.Enqueue(entry);
    }

    public sealed class ScopedService : IAsyncDisposable
    {
        private readonly Ledger _ledger;

        public ScopedService(Ledger ledger)
        {
            _ledger = ledger;
            Number = ledger.Next();
            ledger.Add($"service {Number} made");
        }

        public int Number { get; }

        public ValueTask DisposeAsync()
        {
            _ledger.Add($"service {Number} disposed");
            return ValueTask.CompletedTask;
        }
    }

    public sealed class WithServices : IDisposable
    {
        private readonly Ledger _ledger;
        private readonly int _number;

        public WithServices(Ledger ledger, ScopedService service)
        {
            _ledger = ledger;
            _number = ledger.Next();
            ledger.Add($"function {_number} made with service {service.Number}");
        }

        [Function("services")]
        public string Get([HttpTrigger(AuthorizationLevel.Anonymous)] HttpRequest request) => "done";

        public void Dispose() => _ledger.Add($"function {_number} disposed");
    }

    public sealed class Tracing
    {
        [Function("trace")]
        public string Trace([HttpTrigger(AuthorizationLevel.Anonymous)] HttpRequest request, FunctionContext context) =>
            $"{context.TraceContext.TraceParent} {context.TraceContext.TraceState}";

        [Function("describe")]
        public object Describe(
            [HttpTrigger(AuthorizationLevel.Anonymous, Route = "describe/{number}")] HttpRequest request, FunctionContext context, int number) =>
            new
            {
                context.FunctionDefinition.Name,
                context.FunctionDefinition.EntryPoint,
                Bindings = string.Join(' ', context.FunctionDefinition.InputBindings.Select(binding => $"{binding.Key}={binding.Value.Type}")),
                Number = context.BindingContext.BindingData["number"],
                Path = context.GetHttpContext()!.Request.Path.Value,
                Id = context.FunctionId,
                Invocation = context.InvocationId,
            };
    }
}
