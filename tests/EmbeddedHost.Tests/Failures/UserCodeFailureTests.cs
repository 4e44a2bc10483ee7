using AtomicDevOps.EmbeddedHost.Engine;
using AtomicDevOps.EmbeddedHost.Testing;
using AtomicDevOps.EmbeddedHost.Tests.Engine;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using Microsoft.DurableTask.Converters;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace AtomicDevOps.EmbeddedHost.Tests.Failures;

public sealed class UserCodeFailureTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("Input")]
    [InlineData("Event")]
    [InlineData("Result")]
    [InlineData("Output")]
    public async Task A_converter_that_throws_fails_the_instance_and_no_other(string orchestrator)
    {
        await using var host = await DurableTestHost.StartAsync(
            functions => functions
                .AddActivity("Echo", (string value) => value)
                .AddOrchestrator("Input", context => Task.FromResult<object?>(context.GetInput<Unreadable>()))
                .AddOrchestrator("Event", async context => await context.WaitForExternalEvent<Unreadable>("go"))
                .AddOrchestrator("Result", async context => await context.CallActivityAsync<Unreadable>("Echo", "x"))
                .AddOrchestrator("Output", _ => Task.FromResult<object?>(new Unreadable()))
                .AddOrchestrator("Good", context => Task.FromResult<object?>(context.GetInput<string>())),
            services => services.AddSingleton<DataConverter, PickyConverter>());
        var id = await host.Client.ScheduleNewOrchestrationInstanceAsync(orchestrator, "x", cancellation: Token);
        await host.Client.RaiseEventAsync(id, "go", "x", Token);
        await host.RunUntilIdleAsync(Token);

        (await host.ReadAsync(id)).FailureDetails!.IsCausedBy<PayloadException>().ShouldBeTrue();
        (await host.RunAsync("Good", "fine")).Output<string>().ShouldBe("fine");
    }

    [Fact]
    public async Task A_logger_that_throws_harms_neither_engine_nor_orchestrator()
    {
        await using var host = await DurableTestHost.StartAsync(
            functions => functions
                .AddActivity("Break", _ => throw new InvalidOperationException("broken"))
                .AddOrchestrator("Logs", async context =>
                {
                    context.CreateReplaySafeLogger("Logs").LogInformation("hello");
                    try
                    {
                        await context.CallActivityAsync("Break");
                    }
                    catch (TaskFailedException)
                    {
                    }

                    return "done";
                }),
            services => services.AddLogging(logging => logging.AddProvider(new BrokenLoggerProvider())));

        (await host.RunAsync("Logs")).Output<string>().ShouldBe("done");
    }

    [Fact]
    public async Task A_retry_handler_that_throws_fails_its_instance_as_the_call_itself_would()
    {
        await using var host = await DurableTestHost.StartAsync(functions => functions
            .AddActivity("Break", _ => throw new InvalidOperationException("broken"))
            .AddOrchestrator("Retries", async context =>
            {
                await context.CallActivityAsync("Break", options: TaskOptions.FromRetryHandler(new RetryHandler(static _ => throw new NotSupportedException("no handler"))));
                return null;
            }));

        var instance = await host.RunAsync("Retries");

        instance.FailureDetails!.ErrorMessage.ShouldBe("no handler");
        instance.FailureDetails.IsCausedBy<NotSupportedException>().ShouldBeTrue();
    }

    [Fact]
    public async Task A_clock_that_throws_stands_still_and_the_engine_goes_on()
    {
        var clock = new BrokenClock();
        await using var host = await DurableTestHost.StartAsync(
            functions => functions
                .AddActivity("Echo", (int value) => value)
                .AddOrchestrator("Echoes", async context => await context.CallActivityAsync<int>("Echo", 3)),
            services => services.AddSingleton<TimeProvider>(clock));

        clock.IsBroken = true;
        var broken = await host.RunAsync("Echoes");
        clock.IsBroken = false;

        broken.Output<int>().ShouldBe(3);
        (await host.RunAsync("Echoes")).Output<int>().ShouldBe(3);
    }

    [Fact]
    public async Task An_exception_that_cannot_describe_itself_still_fails_the_activity()
    {
        await using var host = await DurableTestHost.StartAsync(functions => functions
            .AddActivity("Break", _ => throw new SilentException())
            .AddOrchestrator("Calls", async context => await context.CallActivityAsync<int>("Break")));

        var instance = await host.RunAsync("Calls");

        instance.RuntimeStatus.ShouldBe(OrchestrationRuntimeStatus.Failed);
        instance.FailureDetails!.InnerFailure!.ErrorMessage.ShouldContain("while the exception was described");
    }

    [Fact]
    public async Task An_activity_that_runs_out_of_memory_fails_alone()
    {
        await using var host = await DurableTestHost.StartAsync(functions => functions
            .AddActivity("Break", _ => Task.FromResult<object?>(new byte[int.MaxValue]))
            .AddOrchestrator("Calls", async context => await context.CallActivityAsync<int>("Break")));

        (await host.RunAsync("Calls")).FailureDetails!.ErrorMessage.ShouldContain("Array dimensions exceeded");
    }

    private sealed class Unreadable;

    private sealed class PickyConverter : DataConverter
    {
        public override string? Serialize(object? value) => value is Unreadable ? throw new InvalidCastException("not that") : JsonDataConverter.Default.Serialize(value);

        public override object? Deserialize(string? data, Type targetType)
            => targetType == typeof(Unreadable) ? throw new InvalidCastException("not that") : JsonDataConverter.Default.Deserialize(data, targetType);
    }

    private sealed class SilentException : Exception
    {
        public override string Message => throw new InvalidOperationException("no message");
    }

    private sealed class BrokenLoggerProvider : ILoggerProvider, ILogger
    {
        public ILogger CreateLogger(string categoryName) => this;

        public void Dispose()
        {
        }

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => throw new IOException("no log");

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
            => throw new IOException("no log");
    }

    private sealed class BrokenClock : TimeProvider
    {
        public volatile bool IsBroken;

        public override DateTimeOffset GetUtcNow() => IsBroken ? throw new InvalidOperationException("no time") : System.GetUtcNow();

        public override long GetTimestamp() => IsBroken ? throw new InvalidOperationException("no time") : System.GetTimestamp();

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
            => IsBroken ? throw new InvalidOperationException("no time") : System.CreateTimer(callback, state, dueTime, period);
    }
}
