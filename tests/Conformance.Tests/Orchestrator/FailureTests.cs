using AtomicDevOps.Conformance.Tests.Harness;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;

namespace AtomicDevOps.Conformance.Tests.Orchestrator;

public sealed class FailureTests : ConformanceTest
{
    [Fact]
    public async Task A_failed_activity_throws_with_its_name_its_number_and_what_went_wrong()
    {
        await using var host = await StartAsync(tasks => tasks
            .AddOrchestrator("Catches", async context =>
            {
                await context.CallActivityAsync("Works");
                try
                {
                    await context.CallActivityAsync("Breaks");
                    return "no failure";
                }
                catch (TaskFailedException exception)
                {
                    return $"{exception.TaskName} #{exception.TaskId} {exception.FailureDetails} | {exception.Message}";
                }
            })
            .AddActivity("Works", (object? _) => 1)
            .AddActivity<object?, int>("Breaks", _ => throw new InvalidOperationException("broken")));

        (await host.RunAsync("Catches")).Output<string>().ShouldBe(
            "Breaks #1 System.InvalidOperationException: broken | Task 'Breaks' (#1) failed with an unhandled exception: broken");
    }

    [Fact]
    public async Task A_failure_keeps_the_chain_of_inner_exceptions_and_the_stack()
    {
        await using var host = await StartAsync(tasks => tasks
            .AddOrchestrator("Fails", context => context.CallActivityAsync<int>("Breaks"))
            .AddActivity<object?, int>(
                "Breaks", _ => throw new InvalidOperationException("outer", new IOException("middle", new FormatException("inner")))));

        var failure = (await host.RunAsync("Fails")).FailureDetails!;

        failure.ErrorType.ShouldBe(typeof(TaskFailedException).FullName);
        var chain = new List<string>();
        for (var inner = failure.InnerFailure; inner is not null; inner = inner.InnerFailure)
        {
            chain.Add(inner.ToString());
        }

        chain.ShouldBe(["System.InvalidOperationException: outer", "System.IO.IOException: middle", "System.FormatException: inner"]);
        failure.InnerFailure!.StackTrace.ShouldNotBeNullOrEmpty();
    }

    [Fact]
    public async Task An_exception_of_the_orchestrator_fails_the_instance()
    {
        await using var host = await StartAsync(tasks => tasks.AddOrchestrator<int>("Throws", _ => throw new Refused("not today")));

        var instance = await host.RunAsync("Throws");

        instance.RuntimeStatus.ShouldBe(OrchestrationRuntimeStatus.Failed);
        instance.IsCompleted.ShouldBeTrue();
        instance.FailureDetails!.ErrorType.ShouldBe(typeof(Refused).ToString());
        instance.FailureDetails.ErrorMessage.ShouldBe("not today");
    }

    [Fact]
    public async Task A_failure_is_caused_by_its_type_and_the_bases_of_it_but_not_by_inner_ones()
    {
        await using var host = await StartAsync(tasks => tasks.AddOrchestrator<int>(
            "Throws", _ => throw new Refused("not today", new FormatException("inner"))));

        var failure = (await host.RunAsync("Throws")).FailureDetails!;

        failure.IsCausedBy<Refused>().ShouldBeTrue();
        failure.IsCausedBy<InvalidOperationException>().ShouldBeTrue();
        failure.IsCausedBy<Exception>().ShouldBeTrue();
        failure.IsCausedBy<FormatException>().ShouldBeFalse();
        failure.IsCausedBy<ObjectDisposedException>().ShouldBeFalse();
        Should.Throw<ArgumentException>(() => failure.IsCausedBy(typeof(string)));
    }

    [Fact]
    public async Task A_failure_repeats_in_a_replay()
    {
        await using var host = await StartAsync(tasks => tasks
            .AddOrchestrator("Catches", async context =>
            {
                var seen = string.Empty;
                try
                {
                    await context.CallActivityAsync("Breaks");
                }
                catch (TaskFailedException exception)
                {
                    seen = $"{exception.TaskId} {exception.FailureDetails} < {exception.FailureDetails.InnerFailure}";
                }

                await context.WaitForExternalEvent<int>("go");
                return seen;
            })
            .AddActivity<object?, int>("Breaks", _ => throw new InvalidOperationException("outer", new IOException("inner"))));
        var id = await host.BeginAsync("Catches");
        await host.SettleAsync();
        await host.RestartAsync();
        await host.Client.RaiseEventAsync(id, "go", 1, Token);

        (await host.SettleAsync(id)).Output<string>().ShouldBe("0 System.InvalidOperationException: outer < System.IO.IOException: inner");
    }

    [Fact]
    public async Task Of_tasks_awaited_together_the_others_still_end()
    {
        var ran = 0;
        await using var host = await StartAsync(tasks => tasks
            .AddOrchestrator("All", async context =>
            {
                try
                {
                    await Task.WhenAll(context.CallActivityAsync("Breaks"), context.CallActivityAsync("Works"), context.CallActivityAsync("Works"));
                }
                catch (TaskFailedException)
                {
                    return "one failed";
                }

                return "none failed";
            })
            .AddActivity("Works", (object? _) => Interlocked.Increment(ref ran))
            .AddActivity<object?, int>("Breaks", _ => throw new InvalidOperationException("broken")));

        (await host.RunAsync("All")).Output<string>().ShouldBe("one failed");
        ran.ShouldBe(2);
    }

    [Fact]
    public async Task A_result_of_another_shape_fails_the_call()
    {
        await using var host = await StartAsync(tasks => tasks
            .AddOrchestrator("Calls", context => context.CallActivityAsync<int>("Text"))
            .AddActivity("Text", (object? _) => "no number"));

        (await host.RunAsync("Calls")).RuntimeStatus.ShouldBe(OrchestrationRuntimeStatus.Failed);
    }

    private sealed class Refused : InvalidOperationException
    {
        public Refused(string message)
            : base(message)
        {
        }

        public Refused(string message, Exception innerException)
            : base(message, innerException)
        {
        }
    }
}
