using AtomicDevOps.Conformance.Tests.Harness;
using Microsoft.DurableTask;

namespace AtomicDevOps.Conformance.Tests.Orchestrator;

public sealed class RetryTests : ConformanceTest
{
    public static TheoryData<RetryPolicy, int, double[]> Schedules { get; } = new()
    {
        { new RetryPolicy(4, Seconds(10)), int.MaxValue, [0, 10, 20, 30] },
        { new RetryPolicy(5, Seconds(10), 2), int.MaxValue, [0, 10, 30, 70, 150] },
        { new RetryPolicy(5, Seconds(10), 2, Seconds(30)), int.MaxValue, [0, 10, 30, 60, 90] },
        { new RetryPolicy(9, Seconds(10), 2, retryTimeout: Seconds(60)), int.MaxValue, [0, 10, 30, 70] },
        { new RetryPolicy(9, Seconds(10), retryTimeout: Seconds(20)), int.MaxValue, [0, 10, 20] },
        { new RetryPolicy(3, Seconds(3000), 3), int.MaxValue, [0, 3000, 6600] },
        { new RetryPolicy(3, Seconds(3000), 3, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan), int.MaxValue, [0, 3000, 12000] },
        { new RetryPolicy(1, Seconds(10)), int.MaxValue, [0] },
        { new RetryPolicy(5, Seconds(10)), 3, [0, 10, 20] },
    };

    [Theory]
    [MemberData(nameof(Schedules), DisableDiscoveryEnumeration = true)]
    public async Task Attempts_at_an_activity_follow_the_policy_to_the_second(RetryPolicy policy, int goodAttempt, double[] expected)
    {
        var attempts = new List<DateTimeOffset>();
        Func<DateTimeOffset>? now = null;
        await using var host = await StartAsync(tasks => tasks
            .AddOrchestrator("Retries", context => TryAsync(() => context.CallActivityAsync<string>("Flaky", TaskOptions.FromRetryPolicy(policy))))
            .AddActivity("Flaky", (object? _) =>
            {
                attempts.Add(now!());
                return attempts.Count == goodAttempt ? "good" : throw new IOException($"attempt {attempts.Count}");
            }));
        now = () => host.Now;

        var result = (await host.RunAsync("Retries")).Output<string>();

        attempts.Select(at => (at - attempts[0]).TotalSeconds).ShouldBe(expected);
        result.ShouldBe(attempts.Count == goodAttempt ? "good" : $"System.IO.IOException: attempt {attempts.Count}");
    }

    [Fact]
    public async Task Attempts_at_a_sub_orchestration_follow_the_policy_to_the_second()
    {
        var attempts = new List<DateTime>();
        await using var host = await StartAsync(tasks => tasks
            .AddOrchestrator("Retries", context => TryAsync(() => context.CallSubOrchestratorAsync<string>(
                "Flaky", options: TaskOptions.FromRetryPolicy(new RetryPolicy(4, Seconds(1), 2)))))
            .AddOrchestrator<string>("Flaky", context =>
            {
                attempts.Add(context.CurrentUtcDateTime);
                throw new IOException("broken");
            }));

        (await host.RunAsync("Retries")).Output<string>().ShouldBe("System.IO.IOException: broken");
        attempts.Select(at => (at - attempts[0]).TotalSeconds).ShouldBe([0, 1, 3, 7]);
    }

    [Fact]
    public async Task Waits_between_attempts_survive_a_restart()
    {
        var attempts = 0;
        await using var host = await StartAsync(tasks => tasks
            .AddOrchestrator("Retries", context => context.CallActivityAsync<int>("Flaky", TaskOptions.FromRetryPolicy(new RetryPolicy(3, Seconds(2)))))
            .AddActivity("Flaky", (object? _) => ++attempts == 3 ? attempts : throw new IOException("again")));
        var id = await host.BeginAsync("Retries");
        await host.PassAsync(Seconds(1));
        await host.RestartAsync();
        await host.PassAsync(Seconds(2));
        await host.RestartAsync();

        (await host.SettleAsync(id)).Output<int>().ShouldBe(3);
    }

    [Fact]
    public async Task HandleFailure_sees_each_failure_but_the_last_and_ends_the_attempts_by_false()
    {
        var attempts = 0;
        var seen = new List<string>();
        await using var host = await StartAsync(tasks => tasks
            .AddOrchestrator<int, string>("Retries", (context, max) => TryAsync(() => context.CallActivityAsync<string>(
                "Flaky",
                TaskOptions.FromRetryPolicy(new RetryPolicy(max, Seconds(1))
                {
                    HandleFailure = failure =>
                    {
                        if (!context.IsReplaying)
                        {
                            seen.Add(failure.ErrorMessage);
                        }

                        return failure.IsCausedBy<IOException>();
                    },
                }))))
            .AddActivity<object?, string>("Flaky", _ => ++attempts < 3 ? throw new IOException($"{attempts}") : throw new FormatException($"{attempts}")));

        (await host.RunAsync("Retries", 9)).Output<string>().ShouldBe("System.FormatException: 3");
        seen.ShouldBe(["1", "2", "3"]);

        attempts = 0;
        seen.Clear();
        (await host.RunAsync("Retries", 2)).Output<string>().ShouldBe("System.IO.IOException: 2");
        seen.ShouldBe(["1"]);
    }

    [Fact]
    public async Task A_HandleFailure_that_throws_ends_the_attempts_with_the_failure_of_the_task()
    {
        var attempts = 0;
        await using var host = await StartAsync(tasks => tasks
            .AddOrchestrator("Retries", context => TryAsync(() => context.CallActivityAsync<string>(
                "Flaky",
                TaskOptions.FromRetryPolicy(new RetryPolicy(5, Seconds(1)) { HandleFailure = _ => throw new InvalidOperationException("of the handler") }))))
            .AddActivity<object?, string>("Flaky", _ => throw new IOException($"{++attempts}")));

        (await host.RunAsync("Retries")).Output<string>().ShouldBe("System.IO.IOException: 1");
        attempts.ShouldBe(1);
    }

    [Fact]
    public async Task A_retry_handler_is_asked_after_each_failure_and_tries_again_at_once()
    {
        var attempts = 0;
        var asked = new List<string>();
        await using var host = await StartAsync(tasks => tasks
            .AddOrchestrator("Retries", context => TryAsync(() => context.CallActivityAsync<string>(
                "Flaky",
                TaskOptions.FromRetryHandler(retry =>
                {
                    if (!retry.OrchestrationContext.IsReplaying)
                    {
                        asked.Add($"{retry.LastAttemptNumber} {retry.LastFailure.ErrorMessage} {retry.TotalRetryTime.TotalSeconds} {retry.OrchestrationContext.Name}");
                    }

                    return retry.LastAttemptNumber < 3;
                }))))
            .AddActivity<object?, string>("Flaky", _ => throw new IOException($"{++attempts}")));
        var start = host.Now;

        (await host.RunAsync("Retries")).Output<string>().ShouldBe("System.IO.IOException: 3");
        asked.ShouldBe(["1 1 0 Retries", "2 2 0 Retries", "3 3 0 Retries"]);
        host.Now.ShouldBe(start);
    }

    [Fact]
    public async Task An_async_retry_handler_may_wait_and_call_activities()
    {
        var attempts = 0;
        var times = new List<double>();
        await using var host = await StartAsync(tasks => tasks
            .AddOrchestrator("Retries", context => TryAsync(() => context.CallSubOrchestratorAsync<string>(
                "Flaky",
                TaskOptions.FromRetryHandler(async retry =>
                {
                    times.Add(retry.TotalRetryTime.TotalSeconds);
                    await retry.OrchestrationContext.CreateTimer(Seconds(retry.LastAttemptNumber), CancellationToken.None);
                    return await retry.OrchestrationContext.CallActivityAsync<bool>("Again", retry.LastAttemptNumber);
                }))))
            .AddActivity("Again", (int failures) => failures < 3)
            .AddOrchestrator<string>("Flaky", _ => throw new IOException($"{++attempts}")));

        (await host.RunAsync("Retries")).Output<string>().ShouldBe("System.IO.IOException: 3");
        times.Distinct().ShouldBe([0, 1, 3]);
    }

    [Fact]
    public async Task A_retry_handler_that_throws_fails_the_call_with_its_own_exception()
    {
        await using var host = await StartAsync(tasks => tasks
            .AddOrchestrator("Retries", async context =>
            {
                try
                {
                    RetryHandler handler = _ => throw new InvalidOperationException("of the handler");
                    return await context.CallActivityAsync<string>("Flaky", TaskOptions.FromRetryHandler(handler));
                }
                catch (InvalidOperationException exception)
                {
                    return exception.Message;
                }
            })
            .AddActivity<object?, string>("Flaky", _ => throw new IOException("broken")));

        (await host.RunAsync("Retries")).Output<string>().ShouldBe("of the handler");
    }

    [Fact]
    public async Task Each_attempt_and_each_wait_has_a_number_of_its_own_and_so_has_the_timer_after_the_last()
    {
        await using var host = await StartAsync(tasks => tasks
            .AddOrchestrator("Numbers", async context =>
            {
                var numbers = new List<int>();
                foreach (var attempts in new[] { 2, 1, 3 })
                {
                    try
                    {
                        await context.CallActivityAsync("Fails", TaskOptions.FromRetryPolicy(new RetryPolicy(attempts, Seconds(1))));
                    }
                    catch (TaskFailedException exception)
                    {
                        numbers.Add(exception.TaskId);
                    }
                }

                return numbers;
            })
            .AddActivity<object?, string>("Fails", _ => throw new IOException("broken")));

        (await host.RunAsync("Numbers")).Output<int[]>().ShouldBe([2, 4, 10]);
    }

    [Theory]
    [InlineData(0, 1, 1, 10, 10, "maxNumberOfAttempts")]
    [InlineData(-1, 1, 1, 10, 10, "maxNumberOfAttempts")]
    [InlineData(1, 0, 1, 10, 10, "firstRetryInterval")]
    [InlineData(1, 1, 0.9, 10, 10, "backoffCoefficient")]
    [InlineData(1, 5, 1, 4, 10, "maxRetryInterval")]
    [InlineData(1, 5, 1, 10, 4, "retryTimeout")]
    public void A_policy_out_of_range_is_refused(int attempts, int first, double coefficient, int max, int timeout, string parameter) =>
        Should.Throw<ArgumentOutOfRangeException>(() => new RetryPolicy(attempts, Seconds(first), coefficient, Seconds(max), Seconds(timeout)))
            .ParamName.ShouldBe(parameter);

    [Fact]
    public void A_policy_without_more_waits_at_most_an_hour_and_never_times_out()
    {
        var policy = new RetryPolicy(3, Seconds(1));

        policy.BackoffCoefficient.ShouldBe(1);
        policy.MaxRetryInterval.ShouldBe(TimeSpan.FromHours(1));
        policy.RetryTimeout.ShouldBe(Timeout.InfiniteTimeSpan);
    }

    private static TimeSpan Seconds(double seconds) => TimeSpan.FromSeconds(seconds);

    private static async Task<string> TryAsync(Func<Task<string>> call)
    {
        try
        {
            return await call();
        }
        catch (TaskFailedException exception)
        {
            return exception.FailureDetails.ToString();
        }
    }
}
