using System.Net;
using AtomicDevOps.FunctionApp.SystemHealth;
using AtomicDevOps.FunctionApp.Tests.Support;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging.Abstractions;

namespace AtomicDevOps.FunctionApp.Tests.SystemHealth;

public sealed class ProbeTriggersTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("live", "Live")]
    [InlineData("ready", "Ready")]
    public async Task A_host_that_runs_says_so_without_a_key_and_not_to_caches(string route, string status)
    {
        await using var app = await TestApp.StartAsync();

        using var response = await app.Anonymous.GetAsync($"/api/health/{route}", Token);

        response.StatusCode.ShouldBe(HttpStatusCode.OK);
        response.Headers.CacheControl.ShouldNotBeNull().ToString().ShouldBe("no-store");
        (await response.Content.ReadAsStringAsync(Token)).ShouldBe($$"""{"status":"{{status}}"}""");
    }

    [Fact]
    public async Task Where_nothing_can_be_stored_it_is_alive_and_not_ready_and_strangers_learn_no_reason()
    {
        await using var app = await TestApp.StartAsync(configure: services =>
            services.AddHealthChecks().AddCheck("store", () => HealthCheckResult.Unhealthy("'/data/durable.db' cannot be written: the disk is full")));

        (await app.Anonymous.GetAsync("/api/health/live", Token)).StatusCode.ShouldBe(HttpStatusCode.OK);
        using var ready = await app.Anonymous.GetAsync("/api/health/ready", Token);

        ready.StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable);
        (await ready.Content.ReadAsStringAsync(Token)).ShouldBe("""{"status":"Unavailable"}""");
    }

    [Fact]
    public async Task A_store_that_does_not_answer_in_time_counts_as_unavailable()
    {
        await using var app = await TestApp.StartAsync(configure: services => services.AddHealthChecks().AddAsyncCheck(
            "store",
            async token =>
            {
                await Task.Delay(Timeout.InfiniteTimeSpan, token);
                return HealthCheckResult.Healthy();
            }));

        (await app.Anonymous.GetAsync("/api/health/ready", Token)).StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable);
    }

    [Theory]
    [InlineData(false, false, "Starting")]
    [InlineData(true, true, "Draining")]
    public async Task A_host_that_starts_or_stops_is_not_ready(bool started, bool stopping, string status)
    {
        await using var app = await TestApp.StartAsync();
        var context = new DefaultHttpContext { RequestServices = app.Services, Response = { Body = new MemoryStream() } };
        var triggers = new ProbeTriggers(
            new Lifetime(started, stopping), app.Services.GetRequiredService<HealthCheckService>(), TimeProvider.System, NullLogger<ProbeTriggers>.Instance);

        await (await triggers.GetReadiness(context.Request, app.Durable, Token)).ExecuteAsync(context);

        context.Response.StatusCode.ShouldBe(StatusCodes.Status503ServiceUnavailable);
        context.Response.Body.Position = 0;
        (await new StreamReader(context.Response.Body).ReadToEndAsync(Token)).ShouldBe($$"""{"status":"{{status}}"}""");
    }

    private sealed class Lifetime(bool started, bool stopping) : IHostApplicationLifetime
    {
        public CancellationToken ApplicationStarted => new(started);

        public CancellationToken ApplicationStopping => new(stopping);

        public CancellationToken ApplicationStopped => new(canceled: false);

        public void StopApplication() => throw new NotSupportedException();
    }
}
