using System.Diagnostics;
using System.Diagnostics.Metrics;
using AtomicDevOps.Primitives.Observable;
using AtomicDevOps.Primitives.Tests.Simulation;
using AtomicDevOps.Primitives.Workflow;

namespace AtomicDevOps.Primitives.Tests.Observable;

public sealed class ObservableTests
{
    [Theory, ClassData(typeof(BothForms))]
    public async Task Success_shows_as_a_span_a_measurement_and_an_audit_record(Form form)
    {
        using var emitted = new Emitted();
        var world = World();
        var observed = Forms.Call("work").Observed(new ObservableOptions<int>(emitted.Operation) { Subject = input => $"#{input}" });
        var entered = WorkflowFunction.Of((int input, WorkflowContext context) => observed.ExecuteAsync(input, context.Enter("Agent")));
        (await world.Run(form, entered, 7)).ShouldBe(7);

        var span = emitted.Spans.ShouldHaveSingleItem();
        span.Duration.ShouldBe(TimeSpan.FromSeconds(5));
        span.GetTagItem("atomicdevops.correlation_id").ShouldBe("correlation");
        span.GetTagItem("atomicdevops.agent_path").ShouldBe("Agent");
        span.GetTagItem("atomicdevops.subject").ShouldBe("#7");
        span.Status.ShouldBe(ActivityStatusCode.Unset);
        emitted.Measurements.ShouldBe([(5.0, "Succeeded")]);
        world.Logs.ShouldHaveSingleItem().ShouldStartWith($"Information: {emitted.Operation} Succeeded in Agent on #7 after 00:00:05 (correlation, ");
    }

    [Theory, ClassData(typeof(BothForms))]
    public async Task Failure_shows_with_its_type_and_stays_as_it_is(Form form)
    {
        using var emitted = new Emitted();
        var world = World();
        (await world.Run(form, Forms.Call("broken").Observed(emitted.Operation), 7).Outcome()).Failure.ShouldBe("System.IO.IOException");
        var span = emitted.Spans.ShouldHaveSingleItem();
        span.GetTagItem("error.type").ShouldBe("System.IO.IOException");
        span.Status.ShouldBe(ActivityStatusCode.Error);
        span.StatusDescription.ShouldBe("broken");
        emitted.Measurements.ShouldBe([(1.0, "Failed")]);
    }

    [Theory, ClassData(typeof(BothForms))]
    public async Task Cancellation_is_an_outcome_of_its_own(Form form)
    {
        using var emitted = new Emitted();
        using var source = new CancellationTokenSource();
        await source.CancelAsync();
        var sink = new Sink();
        var run = form is Form.Orchestration
            ? new SimulatedOrchestration(World()) { AuditSink = sink }.Run(Forms.Call("work").Observed(emitted.Operation), 7, source)
            : new SimulatedProcess(World()) { AuditSink = sink }.Run(Forms.Call("work").Observed(emitted.Operation), 7, source);
        await Should.ThrowAsync<OperationCanceledException>(run);
        emitted.Measurements.ShouldBe([(0.0, "Cancelled")]);
        var record = sink.Records.ShouldHaveSingleItem();
        record.Outcome.ShouldBe(OperationOutcome.Cancelled);
        record.Failure.ShouldBeNull();
        sink.Cancelled.ShouldBeFalse("a record of a cancelled operation still has to be written");
    }

    [Fact]
    public async Task In_a_process_the_span_is_open_around_the_work()
    {
        using var emitted = new Emitted();
        var inner = WorkflowFunction.Of((int _) => Activity.Current?.OperationName);
        (await World().Run(Form.Activity, inner.Observed(emitted.Operation), 7)).ShouldBe(emitted.Operation);
    }

    [Fact]
    public async Task Nothing_is_emitted_twice_on_replay()
    {
        using var emitted = new Emitted();
        var step = Forms.Call("work").Observed(emitted.Operation) >> Forms.Call("work");
        var live = new SimulatedOrchestration(World());
        await live.Run(step, 7);
        emitted.Spans.Count.ShouldBe(1);
        var world = World();
        await new SimulatedOrchestration(world).After(live, live.History.Count).Run(step, 7);
        emitted.Spans.Count.ShouldBe(1);
        emitted.Measurements.Count.ShouldBe(1);
        world.Logs.ShouldBeEmpty();
        await new SimulatedOrchestration(World()).After(live, 0).Run(step, 7);
        emitted.Spans.Count.ShouldBe(2, "a run from the start emits");
    }

    [Theory, ClassData(typeof(BothForms))]
    public async Task An_activity_may_keep_the_records_once_each(Form form)
    {
        using var emitted = new Emitted();
        var world = World();
        var records = new List<AuditRecord>();
        world.With("audit", (AuditRecord record) =>
        {
            records.Add(record);
            return true;
        });
        var sink = new ActivityAuditSink<bool>(new("audit"));
        var step = Forms.Call("work").Observed(emitted.Operation) >> Forms.Call("work");
        if (form is Form.Orchestration)
        {
            var live = new SimulatedOrchestration(world) { AuditSink = sink };
            await live.Run(step, 7);
            await new SimulatedOrchestration(world) { AuditSink = sink }.After(live, live.History.Count).Run(step, 7);
        }
        else
        {
            await new SimulatedProcess(world) { AuditSink = sink }.Run(step, 7);
        }

        var record = records.ShouldHaveSingleItem();
        record.Id.ShouldNotBe(Guid.Empty);
        record.Operation.ShouldBe(emitted.Operation);
        record.CorrelationId.ShouldBe("correlation");
        record.Path.ShouldBeEmpty();
        record.Subject.ShouldBeNull();
        record.StartedAt.ShouldBe(new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
        record.Duration.ShouldBe(TimeSpan.FromSeconds(5));
        record.Outcome.ShouldBe(OperationOutcome.Succeeded);
    }

    [Theory, ClassData(typeof(BothForms))]
    public async Task A_record_that_cannot_be_written_fails_a_success_but_hides_no_failure(Form form)
    {
        using var emitted = new Emitted();
        var sink = new ActivityAuditSink<bool>(new("audit"));
        var world = World().With<AuditRecord, bool>("audit", _ => throw new TimeoutException("no audit"));
        Task<int> RunAsync(string activity) => form is Form.Orchestration
            ? new SimulatedOrchestration(world) { AuditSink = sink }.Run(Forms.Call(activity).Observed(emitted.Operation), 7)
            : new SimulatedProcess(world) { AuditSink = sink }.Run(Forms.Call(activity).Observed(emitted.Operation), 7);
        (await RunAsync("work").Outcome()).Failure.ShouldBe("System.TimeoutException");
        world.Logs.ShouldBeEmpty();
        (await RunAsync("broken").Outcome()).Failure.ShouldBe("System.IO.IOException");
        world.Logs.ShouldHaveSingleItem().ShouldStartWith("Error: The audit record of");
    }

    [Theory, ClassData(typeof(BothForms))]
    public async Task Audit_can_be_left_out_and_nobody_has_to_listen(Form form)
    {
        var world = World();
        var observed = Forms.Call("work").Observed(new ObservableOptions<int>("unheard") { Audit = false });
        (await world.Run(form, observed, 7)).ShouldBe(7);
        world.Logs.ShouldBeEmpty();
    }

    [Fact]
    public void What_is_needed_is_asked_for()
    {
        Should.Throw<ArgumentException>(() => new ObservableOptions<int>(" "));
        Should.Throw<ArgumentNullException>(() => new ActivityAuditSink<bool>(null!));
    }

    private static World World() => new World()
        .With("work", (int input) => input, TimeSpan.FromSeconds(5))
        .With<int, int>("broken", _ => throw new IOException("broken"), TimeSpan.FromSeconds(1));

    private sealed class Sink : IAuditSink
    {
        public List<AuditRecord> Records { get; } = [];

        public bool Cancelled { get; private set; }

        public Task WriteAsync(AuditRecord record, WorkflowContext context)
        {
            Records.Add(record);
            Cancelled = context.CancellationToken.IsCancellationRequested;
            return Task.CompletedTask;
        }
    }

    /// <summary>Hears what an operation with a name of its own emits, so that tests side by side do not hear each other.</summary>
    private sealed class Emitted : IDisposable
    {
        private readonly ActivityListener _spans;
        private readonly MeterListener _measurements = new();

        public Emitted()
        {
            _spans = new()
            {
                ShouldListenTo = source => string.Equals(source.Name, WorkflowTelemetry.SourceName, StringComparison.Ordinal),
                Sample = (ref creation) => IsOurs(creation.Name) ? ActivitySamplingResult.AllData : ActivitySamplingResult.None,
                ActivityStopped = span =>
                {
                    if (IsOurs(span.OperationName))
                    {
                        Spans.Add(span);
                    }
                },
            };
            ActivitySource.AddActivityListener(_spans);
            _measurements.InstrumentPublished = (instrument, listener) =>
            {
                if (string.Equals(instrument.Name, WorkflowTelemetry.DurationInstrument, StringComparison.Ordinal))
                {
                    listener.EnableMeasurementEvents(instrument);
                }
            };
            _measurements.SetMeasurementEventCallback<double>((_, value, tags, _) =>
            {
                if (IsOurs(tags[0].Value as string))
                {
                    Measurements.Add((value, (string)tags[1].Value!));
                }
            });
            _measurements.Start();
        }

        public string Operation { get; } = $"operation-{Guid.NewGuid():N}";

        public List<Activity> Spans { get; } = [];

        public List<(double Seconds, string Outcome)> Measurements { get; } = [];

        private bool IsOurs(string? operation) => string.Equals(operation, Operation, StringComparison.Ordinal);

        public void Dispose()
        {
            _spans.Dispose();
            _measurements.Dispose();
        }
    }
}
