using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using AtomicDevOps.EmbeddedHost.Testing;
using AtomicDevOps.EmbeddedHost.Tests.Engine;
using Microsoft.DurableTask;
using Microsoft.Extensions.DependencyInjection;

namespace AtomicDevOps.EmbeddedHost.Tests.Tracing;

public sealed class EngineMetricsTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_meter_counts_turns_activities_commits_and_instances()
    {
        await using var host = await DurableTestHost.StartAsync(static functions => functions
            .AddActivity("Break", static int (int value) => throw new IOException("away"))
            .AddActivity("Double", static (int value) => 2 * value)
            .AddOrchestrator("Waits", static async context => await context.WaitForExternalEvent<string>("go"))
            .AddOrchestrator("Two", static async context =>
            {
                var doubled = await context.CallActivityAsync<int>("Double", 2);
                try
                {
                    return await context.CallActivityAsync<int>("Break", doubled);
                }
                catch (TaskFailedException)
                {
                    return doubled;
                }
            }));
        using var meter = new RecordedMeter(host.Services.GetRequiredService<IMeterFactory>());

        (await host.RunAsync("Two")).Output<int>().ShouldBe(4);
        await host.RunAsync("Waits");
        meter.Observe();

        meter.Of("atomicdevops.engine.turns").Sum(static measured => measured.Value).ShouldBe(4);
        meter.Of("atomicdevops.engine.activity.duration").Select(static measured => measured.Outcome).ShouldBe(["Succeeded", "Failed"]);
        var commits = meter.Of("atomicdevops.engine.commit.changes").ToList();
        commits.Sum(static measured => measured.Value).ShouldBeInRange(4, 6, "four turns, and each of two starts unless it was written with its first turn");
        meter.Of("atomicdevops.engine.commit.duration").Count().ShouldBe(commits.Count);
        meter.Of("atomicdevops.engine.commit.duration").ShouldAllBe(static measured => measured.Value > 0);
        meter.Of("atomicdevops.engine.instances").ShouldHaveSingleItem().Value.ShouldBe(1);
        meter.Of("atomicdevops.engine.turns.waiting").ShouldHaveSingleItem().Value.ShouldBe(0);
        meter.Of("atomicdevops.engine.activities.waiting").ShouldHaveSingleItem().Value.ShouldBe(0);
    }

    [Fact]
    public async Task Activities_beyond_the_limit_show_as_waiting()
    {
        var open = new TaskCompletionSource();
        var entered = new TaskCompletionSource();
        await using var host = await DurableTestHost.StartAsync(
            functions => functions
                .AddActivity("Hang", async activity =>
                {
                    entered.TrySetResult();
                    await open.Task;
                    return activity.GetInput(typeof(int));
                })
                .AddOrchestrator("Three", static async context => (await Task.WhenAll(
                    Enumerable.Range(1, 3).Select(value => context.CallActivityAsync<int>("Hang", value)))).Sum()),
            configure: static options => options.MaxConcurrentActivityFunctions = 1);
        using var meter = new RecordedMeter(host.Services.GetRequiredService<IMeterFactory>());

        var id = await host.Client.ScheduleNewOrchestrationInstanceAsync("Three", Token);
        await entered.Task.WaitAsync(Token);
        while (!meter.Of("atomicdevops.engine.activities.waiting").Any(static measured => measured.Value is 2))
        {
            Token.ThrowIfCancellationRequested();
            await Task.Yield();
            meter.Observe();
        }

        open.SetResult();
        await host.RunUntilIdleAsync(Token);

        (await host.ReadAsync(id)).Output<int>().ShouldBe(6);
    }

    private sealed class RecordedMeter : IDisposable
    {
        private readonly MeterListener _listener = new();
        private readonly ConcurrentQueue<(string Instrument, double Value, string? Outcome)> _measured = new();

        public RecordedMeter(IMeterFactory factory)
        {
            _listener.InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Meter.Name is "AtomicDevOps.EmbeddedHost" && instrument.Meter.Scope == factory)
                {
                    listener.EnableMeasurementEvents(instrument);
                }
            };
            _listener.SetMeasurementEventCallback<int>((instrument, value, tags, _) => Add(instrument, value, tags));
            _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Add(instrument, value, tags));
            _listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Add(instrument, value, tags));
            _listener.Start();
        }

        public void Observe() => _listener.RecordObservableInstruments();

        public IEnumerable<(string Instrument, double Value, string? Outcome)> Of(string instrument)
            => _measured.Where(measured => string.Equals(measured.Instrument, instrument, StringComparison.Ordinal));

        public void Dispose() => _listener.Dispose();

        private void Add(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
            => _measured.Enqueue((instrument.Name, value, tags.Length == 0 ? null : tags[0].Value as string));
    }
}
