using AtomicDevOps.EmbeddedHost.Engine;
using AtomicDevOps.EmbeddedHost.Tests.Engine;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Entities;

namespace AtomicDevOps.EmbeddedHost.Tests.Properties;

/// <summary>The orchestrator of generated plans: its output tells what each step gave, and depends on nothing but the plan.</summary>
internal static class PlanFunctions
{
    public const string Orchestrator = "Plan";
    public const string EventName = "e";

    private const string Echo = "Echo";
    private const string Break = "Break";
    private const string Add = "add";
    private const int Attempts = 3;

    public static void AddTo(FunctionRegistry functions) => functions
        .AddActivity(Echo, static (int value) => RunActivity(Echo, value))
        .AddActivity(Break, static (int value) => RunActivity(Break, value))
        .AddEntity(nameof(Total), static invocation => invocation.RunAsync(new Total()))
        .AddOrchestrator(Orchestrator, RunAsync);

    public static object RunActivity(string name, int value)
        => name is Echo ? value : throw new IOException($"broken {value}");

    private static async Task<object?> RunAsync(TaskOrchestrationContext context)
    {
        var input = context.GetInput<PlanInput>()!;
        var told = input.Told;
        foreach (var (index, step) in input.Steps.Index())
        {
            if (step.Kind is StepKind.ContinueAsNew)
            {
                context.ContinueAsNew(input with { Steps = input.Steps[(index + 1)..], Told = told + "n " });
                return null;
            }

            told += await RunStepAsync(context, step) + " ";
        }

        return input.Fails ? throw new InvalidOperationException(told) : told;
    }

    private static async Task<string> RunStepAsync(TaskOrchestrationContext context, Step step)
    {
        switch (step.Kind)
        {
            case StepKind.Activity:
                return $"a{await context.CallActivityAsync<int>(Echo, step.Value)}";
            case StepKind.RetriedActivity:
                var failed = 0;
                while (failed < step.Value)
                {
                    failed += await FailsAsync(context, step.Value, attempts: 1) ? 1 : 0;
                    await context.CreateTimer(TimeSpan.FromMinutes(failed), CancellationToken.None);
                }

                return $"r{failed}{await context.CallActivityAsync<int>(Echo, step.Value)}";
            case StepKind.FailingActivity:
                return await FailsAsync(context, step.Value, Attempts) ? $"f{step.Value}" : "?";
            case StepKind.Timer:
                await context.CreateTimer(TimeSpan.FromMinutes(step.Value), CancellationToken.None);
                return $"t{step.Value}";
            case StepKind.Event:
                return $"e{await context.WaitForExternalEvent<int>(EventName)}";
            case StepKind.EventWithTimeout:
                return $"e{await context.WaitForExternalEvent<int>(EventName, TimeSpan.FromDays(365))}";
            case StepKind.EntityCall:
                return $"c{await context.Entities.CallEntityAsync<int>(Entity(step.Value), Add, step.Value)}";
            case StepKind.EntitySignal:
                await context.Entities.SignalEntityAsync(Entity(step.Value), Add, step.Value);
                return $"s{step.Value}";
            case StepKind.Lock:
                return await LockAsync(context, [.. Enumerable.Range(1, step.Value).Select(Entity)]);
            case StepKind.Child:
                return $"({await CallChildAsync(context, step.Inner, fails: false)})";
            case StepKind.FailingChild:
                try
                {
                    return await CallChildAsync(context, step.Inner, fails: true);
                }
                catch (TaskFailedException exception)
                {
                    return $"x({exception.FailureDetails.ErrorMessage})";
                }

            case StepKind.Parallel:
                return $"[{string.Join('|', await Task.WhenAll(step.Inner.Select(inner => RunStepAsync(context, inner))))}]";
            case StepKind.Compensation:
                return await CompensateAsync(context, step.Inner);
            default:
                throw new InvalidOperationException($"A plan has no {step.Kind} inside of another step.");
        }
    }

    private static EntityInstanceId Entity(int number) => new(nameof(Total), FormattableString.Invariant($"{number}"));

    private static async Task<string> LockAsync(TaskOrchestrationContext context, EntityInstanceId[] entities)
    {
        await using (await context.Entities.LockEntitiesAsync(entities))
        {
            var results = await Task.WhenAll(entities.Select((entity, index) => context.Entities.CallEntityAsync<int>(entity, Add, index)));
            return $"l{string.Concat(results)}";
        }
    }

    private static async Task<string> CompensateAsync(TaskOrchestrationContext context, Step[] steps)
    {
        var told = string.Empty;
        var undo = new Stack<int>();
        try
        {
            foreach (var step in steps)
            {
                told += await RunStepAsync(context, step);
                undo.Push(step.Value);
            }

            await context.CallActivityAsync(Break, 0);
        }
        catch (TaskFailedException)
        {
            while (undo.TryPop(out var value))
            {
                told += $"u{await context.CallActivityAsync<int>(Echo, value)}";
            }
        }

        return $"<{told}>";
    }

    private static Task<string> CallChildAsync(TaskOrchestrationContext context, Step[] steps, bool fails)
        => context.CallSubOrchestratorAsync<string>(Orchestrator, new PlanInput(steps, string.Empty, fails));

    private static async Task<bool> FailsAsync(TaskOrchestrationContext context, int value, int attempts)
    {
        try
        {
            await context.CallActivityAsync(Break, value, TaskOptions.FromRetryPolicy(new RetryPolicy(attempts, TimeSpan.FromSeconds(5))));
            return false;
        }
        catch (TaskFailedException)
        {
            return true;
        }
    }
}

/// <summary>Gives back what it is to add, for its sum depends on who else has it add.</summary>
internal sealed class Total : TaskEntity<int>
{
    public int Add(int value)
    {
        State += value;
        return value;
    }
}

/// <param name="Told">What earlier executions gave.</param>
/// <param name="Fails">Whether the orchestration ends with a failure that tells what its steps gave.</param>
internal sealed record PlanInput(Step[] Steps, string Told, bool Fails)
{
    public int Events => Steps.Sum(static step => step.Events);
}
