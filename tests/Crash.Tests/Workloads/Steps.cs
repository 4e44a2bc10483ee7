using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using AtomicDevOps.Crash.Tests.Worker;
using AtomicDevOps.EmbeddedHost.Engine;
using Microsoft.DurableTask;

namespace AtomicDevOps.Crash.Tests.Workloads;

/// <param name="Seen">Digest of all results that the orchestration had seen when it asked for this step.</param>
/// <param name="NotBefore">The step fails if it runs before that: then a timer fired early.</param>
internal sealed record StepInput(string Step, string Seen, int Value, int Milliseconds, DateTime? NotBefore = null);

/// <param name="Token">Unique to the attempt.</param>
internal sealed record StepResult(int Value, string Token);

/// <summary>A step as the orchestration knows it.</summary>
internal sealed record StepRecord(string InstanceId, string Step, string Seen, string Token);

/// <summary>
/// Runs the activities of one orchestration and keeps what came of them. Each result is unique to its attempt, and every later attempt is told a
/// digest of the results so far: an attempt with another digest than the orchestration's own shows that a result has changed.
/// </summary>
internal sealed class Steps(TaskOrchestrationContext context, WorkloadInput input)
{
    private const string Add = nameof(Add);
    private const string Fail = nameof(Fail);
    private const string FailTwice = nameof(FailTwice);

    /// <summary>Takes up where the last execution continued as new.</summary>
    public Steps(TaskOrchestrationContext context, WorkloadInput input, StepsState state)
        : this(context, input)
    {
        Records.AddRange(state.Records);
        Seen = state.Seen;
    }

    public List<StepRecord> Records { get; } = [];

    public string Seen { get; private set; } = string.Empty;

    public StepsState State => new(Records, Seen);

    public static void AddTo(FunctionRegistry functions, AttemptLog log)
    {
        functions.AddActivity(Add, async activity =>
        {
            var (step, token) = Attempt(activity, log);
            if (DateTime.UtcNow < step.NotBefore)
            {
                throw new InvalidOperationException(
                    $"A timer fired early: step {step.Step} of {activity.InstanceId} runs at {DateTime.UtcNow:O}, due {step.NotBefore:O}.");
            }

            if (step.Milliseconds > 0)
            {
                await Task.Delay(step.Milliseconds, activity.CancellationToken);
            }

            return new StepResult(step.Value + 1, token);
        });
        functions.AddActivity(Fail, activity =>
        {
            var (step, _) = Attempt(activity, log);
            throw new InvalidOperationException($"Step {step.Step} fails, as it is meant to.");
        });
        functions.AddActivity(FailTwice, activity =>
        {
            var (step, token) = Attempt(activity, log);
            return log.AttemptsInThisLife(activity.InstanceId, step.Step) > 2
                ? Task.FromResult<object?>(new StepResult(step.Value + 1, token))
                : throw new InvalidOperationException($"Step {step.Step} fails twice in each life of the worker.");
        });
    }

    /// <returns>The value plus one.</returns>
    public async Task<int> AddAsync(string step, int value, DateTime? notBefore = null)
        => Record(step, Seen, await RunAsync(Add, step, value, notBefore));

    /// <summary>Steps that run at once.</summary>
    /// <returns>Each value plus one.</returns>
    public async Task<IReadOnlyList<int>> AddAsync(IReadOnlyList<(string Step, int Value)> steps)
    {
        var seen = Seen;
        var results = await Task.WhenAll(steps.Select(item => RunAsync(Add, item.Step, item.Value, notBefore: null)));
        return [.. steps.Zip(results, (item, result) => Record(item.Step, seen, result))];
    }

    /// <summary>A step that fails in the end, whatever is done.</summary>
    /// <exception cref="TaskFailedException">Always.</exception>
    public Task FailAsync(string step) => RunAsync(Fail, step, value: 0, notBefore: null);

    /// <summary>A step that needs trying again.</summary>
    public async Task<int> AddWithRetriesAsync(string step, int value)
    {
        var retries = TaskOptions.FromRetryPolicy(new RetryPolicy(1_000, TimeSpan.FromMilliseconds(2)));
        return Record(
            step, Seen, await context.CallActivityAsync<StepResult>(FailTwice, new StepInput(step, Seen, value, 0), retries));
    }

    /// <summary>Takes over what a sub-orchestration has seen.</summary>
    public void AddRange(WorkloadOutput output)
    {
        Records.AddRange(output.Steps);
        foreach (var step in output.Steps)
        {
            Seen = Digest(Seen, step.Token);
        }
    }

    public WorkloadOutput Complete(int value) => Complete(value.ToString(CultureInfo.InvariantCulture));

    public WorkloadOutput Complete(string value, IReadOnlyList<string>? received = null) => new(value, Records, received ?? []);

    private static (StepInput Step, string Token) Attempt(ActivityInvocation activity, AttemptLog log)
    {
        var step = (StepInput)activity.GetInput(typeof(StepInput))!;
        var token = Guid.NewGuid().ToString("N")[..16];
        log.Write(activity.InstanceId, step.Step, step.Seen, token);
        return (step, token);
    }

    private static string Digest(string seen, string token) => Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(seen + token)))[..16];

    private Task<StepResult> RunAsync(string activity, string step, int value, DateTime? notBefore)
        => context.CallActivityAsync<StepResult>(activity, new StepInput(step, Seen, value, input.Milliseconds, notBefore));

    private int Record(string step, string seen, StepResult result)
    {
        Records.Add(new StepRecord(context.InstanceId, step, seen, result.Token));
        Seen = Digest(Seen, result.Token);
        return result.Value;
    }
}

internal sealed record StepsState(IReadOnlyList<StepRecord> Records, string Seen);
