using System.Collections.Concurrent;
using AtomicDevOps.EmbeddedHost.Engine;
using AtomicDevOps.EmbeddedHost.Testing;
using AtomicDevOps.EmbeddedHost.Tests.Engine;
using Microsoft.DurableTask;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace AtomicDevOps.EmbeddedHost.Tests.Tracing;

public sealed class ReplaySafeLoggingTests : IDisposable
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private readonly RecordedLog _log = new();

    [Fact]
    public async Task A_replay_safe_logger_writes_each_entry_once_whatever_restarts()
    {
        await using var host = await StartAsync(static context => context.CreateReplaySafeLogger("Steps"));

        await RunAsync(host);

        _log.Of("Steps").ShouldBe(["begin", "after activity 1", "after timer", "got go", "end"]);
    }

    [Fact]
    public async Task Loggers_of_the_replay_safe_factory_write_each_entry_once()
    {
        await using var host = await StartAsync(static context => context.ReplaySafeLoggerFactory.CreateLogger("Steps"));

        await RunAsync(host);

        _log.Of("Steps").ShouldBe(["begin", "after activity 1", "after timer", "got go", "end"]);
    }

    [Fact]
    public async Task A_turn_that_follows_a_replay_is_not_replaying()
    {
        var seen = new List<(string Step, bool IsReplaying)>();
        await using var host = await DurableTestHost.StartAsync(functions => functions
            .AddOrchestrator("Watch", async context =>
            {
                seen.Add(("begin", context.IsReplaying));
                await context.WaitForExternalEvent<string?>("go");
                seen.Add(("end", context.IsReplaying));
                return null;
            }));
        var id = await host.Client.ScheduleNewOrchestrationInstanceAsync("Watch", Token);
        await host.RunUntilIdleAsync(Token);
        await host.RestartAsync();
        await host.Client.RaiseEventAsync(id, "go", cancellation: Token);
        await host.RunUntilIdleAsync(Token);

        seen.ShouldBe([("begin", false), ("begin", true), ("end", false)]);
    }

    [Fact]
    public async Task An_entry_of_an_orchestrator_carries_its_trace()
    {
        using var spans = new RecordedSpans();
        await using var host = await StartAsync(static context => context.CreateReplaySafeLogger("Steps"));

        var id = await host.Client.StartUnderAsync(spans.StartRoot(), "Steps");
        await RunAsync(host, id);

        var execution = spans["orchestration:Steps"];
        _log.Traces("Steps").Distinct().ShouldBe([execution.Context.SpanId.ToHexString()]);
    }

    public void Dispose() => _log.Dispose();

    private static async Task RunAsync(DurableTestHost host, string? started = null)
    {
        var id = started ?? await host.Client.ScheduleNewOrchestrationInstanceAsync("Steps", Token);
        await host.AdvanceAsync(TimeSpan.FromMinutes(1), Token);
        await host.RestartAsync();
        await host.RunUntilIdleAsync(Token);
        await host.RestartAsync();
        await host.Client.RaiseEventAsync(id, "go", "go", Token);
        await host.RunUntilIdleAsync(Token);
        (await host.ReadAsync(id)).Output<int>().ShouldBe(1);
    }

    private Task<DurableTestHost> StartAsync(Func<TaskOrchestrationContext, ILogger> logger) => DurableTestHost.StartAsync(
        functions => functions
            .AddActivity("One", static (int value) => value)
            .AddOrchestrator("Steps", async context =>
            {
                var log = logger(context);
                log.LogInformation("begin");
                var one = await context.CallActivityAsync<int>("One", 1);
                log.LogInformation("after activity {Result}", one);
                await context.CreateTimer(TimeSpan.FromHours(1), CancellationToken.None);
                log.LogInformation("after timer");
                var raised = await context.WaitForExternalEvent<string>("go");
                log.LogInformation("got {Event}", raised);
                log.LogInformation("end");
                return one;
            }),
        services => services.AddLogging(logging => logging.AddProvider(_log)));

    private sealed class RecordedLog : ILoggerProvider
    {
        private readonly ConcurrentQueue<(string Category, string Message, string? SpanId)> _entries = new();

        public IEnumerable<string> Of(string category) => Entries(category).Select(static entry => entry.Message);

        public IEnumerable<string?> Traces(string category) => Entries(category).Select(static entry => entry.SpanId);

        public ILogger CreateLogger(string categoryName) => new Category(categoryName, _entries);

        public void Dispose()
        {
        }

        private IEnumerable<(string Category, string Message, string? SpanId)> Entries(string category)
            => _entries.Where(entry => string.Equals(entry.Category, category, StringComparison.Ordinal));

        private sealed class Category(string name, ConcurrentQueue<(string Category, string Message, string? SpanId)> entries) : ILogger
        {
            public IDisposable? BeginScope<TState>(TState state)
                where TState : notnull
                => null;

            public bool IsEnabled(LogLevel logLevel) => true;

            public void Log<TState>(
                LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
                => entries.Enqueue((name, formatter(state, exception), System.Diagnostics.Activity.Current?.SpanId.ToHexString()));
        }
    }
}
