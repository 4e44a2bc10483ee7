using System.Diagnostics;
using System.Net;
using AtomicDevOps.Crash.Tests.Driver;
using AtomicDevOps.Crash.Tests.Worker;

namespace AtomicDevOps.Crash.Tests;

/// <summary>Ended by SIGTERM in the middle of a long activity, the host ends with exit code 0, and the next start finishes the work.</summary>
public sealed class StopTests : IDisposable
{
    private static readonly TimeSpan Long = TimeSpan.FromHours(1);

    private readonly TemporaryDirectory _directory = new();

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task An_activity_that_ends_within_the_drain_timeout_is_not_run_again_and_new_work_is_refused_meanwhile()
    {
        await using (var host = await StopInTheMiddleAsync(LongRun.EndsOnRequest, Long))
        {
            using var refused = await host.Client.PostAsync($"api/start/{LongRun.HeedsNothing}", content: null, Cancelled);
            refused.StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable);
            refused.Headers.RetryAfter.ShouldNotBeNull().Delta.ShouldBe(Long);
            refused.Headers.ConnectionClose.ShouldBe(true);
            host.Output.ShouldContain("A call of Start was answered 503");

            (await host.Client.GetAsync("api/release", Cancelled)).StatusCode.ShouldBe(HttpStatusCode.OK);
            (await host.EndAsync()).ShouldBe(0, host.Output);
        }

        (await FinishAsync(LongRun.EndsOnRequest)).ShouldBe("Endured by run 1, After by run 1");
    }

    [Fact]
    public async Task An_activity_that_heeds_cancellation_is_cancelled_after_the_drain_timeout_and_run_again()
    {
        await using (var host = await StopInTheMiddleAsync(LongRun.HeedsCancellation, TimeSpan.FromSeconds(1)))
        {
            (await host.EndAsync()).ShouldBe(0, host.Output);
            host.Output.ShouldContain("Activity Endure of instance HeedsCancellation was cancelled by the host's stop");
        }

        (await FinishAsync(LongRun.HeedsCancellation)).ShouldBe("Endured by run 2, After by run 1");
    }

    [Fact]
    public async Task An_activity_that_heeds_nothing_does_not_keep_the_process()
    {
        var began = Stopwatch.GetTimestamp();
        await using (var host = await StopInTheMiddleAsync(LongRun.HeedsNothing, TimeSpan.Zero))
        {
            (await host.EndAsync()).ShouldBe(0, host.Output);
            host.Output.ShouldContain("What heeds no cancellation is left behind, and runs again after the next start: 'Endure' of instance 'HeedsNothing'");
        }

        Stopwatch.GetElapsedTime(began).ShouldBeLessThan(TimeSpan.FromSeconds(30));
        (await FinishAsync(LongRun.HeedsNothing)).ShouldBe("Endured by run 2, After by run 1");
    }

    [Fact]
    public async Task A_second_signal_does_not_wait_for_the_drain_timeout()
    {
        await using (var host = await StopInTheMiddleAsync(LongRun.HeedsCancellation, Long))
        {
            host.Signal(Signal.Terminate);

            (await host.EndAsync()).ShouldBe(0, host.Output);
        }

        (await FinishAsync(LongRun.HeedsCancellation)).ShouldBe("Endured by run 2, After by run 1");
    }

    /// <returns>The host, which has begun to stop while the long activity runs.</returns>
    private async Task<HostProcess> StopInTheMiddleAsync(LongRun run, TimeSpan drainTimeout)
    {
        var host = await HostProcess.StartAsync(_directory.Path, drainTimeout);
        using var started = await host.Client.PostAsync($"api/start/{run}", content: null, Cancelled);
        started.StatusCode.ShouldBe(HttpStatusCode.Accepted, host.Output);
        await host.WrittenAsync($"{LongWork.Begun}Endure 1");
        host.Signal(Signal.Terminate);
        await host.WrittenAsync("The host stops: 1 activities run");
        return host;
    }

    private async Task<string> FinishAsync(LongRun run)
    {
        await using var host = await HostProcess.StartAsync(_directory.Path, TimeSpan.Zero);
        var output = await host.Client.GetStringAsync($"api/output/{run}", Cancelled);
        host.Signal(Signal.Terminate);
        (await host.EndAsync()).ShouldBe(0, host.Output);
        return output;
    }
}
