using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using Microsoft.Extensions.Configuration;

namespace AtomicDevOps.Crash.Tests.Worker;

/// <summary>How the first run of the long activity takes a stop of the host.</summary>
public enum LongRun
{
    /// <summary>It ends with its cancellation token.</summary>
    HeedsCancellation,

    /// <summary>It ends with the process only.</summary>
    HeedsNothing,

    /// <summary>It ends when the test says so.</summary>
    EndsOnRequest,
}

/// <summary>An orchestration with an activity that is still under way when the host is told to stop. Its second run returns at once.</summary>
public sealed class LongWork(LongWork.Site site)
{
    /// <summary>What an activity writes to standard output when it begins, before its name and the number of its run.</summary>
    public const string Begun = "BEGUN ";

    [Function(nameof(Start))]
    public static async Task<IResult> Start(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "start/{run}")] HttpRequest request, LongRun run, [DurableClient] DurableTaskClient client)
    {
        var id = await client.ScheduleNewOrchestrationInstanceAsync(nameof(Work), run, new StartOrchestrationOptions(run.ToString()));
        return Results.Accepted(value: id);
    }

    [Function(nameof(Release))]
    public IResult Release([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "release")] HttpRequest request)
    {
        site.Released.TrySetResult();
        return Results.Ok();
    }

    /// <summary>The output, once there is one.</summary>
    [Function(nameof(Output))]
    public static async Task<string> Output(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "output/{id}")] HttpRequest request,
        string id,
        [DurableClient] DurableTaskClient client,
        CancellationToken cancellationToken)
    {
        var instance = await client.WaitForInstanceCompletionAsync(id, getInputsAndOutputs: true, cancellationToken);
        return instance.ReadOutputAs<string>() ?? instance.ToString();
    }

    [Function(nameof(Work))]
    public static async Task<string> Work([OrchestrationTrigger] TaskOrchestrationContext context)
    {
        var first = await context.CallActivityAsync<int>(nameof(Endure), context.GetInput<LongRun>());
        var second = await context.CallActivityAsync<int>(nameof(After), "");
        return string.Create(CultureInfo.InvariantCulture, $"Endured by run {first}, After by run {second}");
    }

    [Function(nameof(Endure))]
    public async Task<int> Endure([ActivityTrigger] LongRun run, CancellationToken cancellationToken)
    {
        var number = await site.CountAsync(nameof(Endure));
        await ((number, run) switch
        {
            (1, LongRun.HeedsCancellation) => Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken),
            (1, LongRun.HeedsNothing) => Task.Delay(Timeout.InfiniteTimeSpan, CancellationToken.None),
            (1, LongRun.EndsOnRequest) => site.Released.Task,
            _ => Task.CompletedTask,
        });
        return number;
    }

    [Function(nameof(After))]
    public Task<int> After([ActivityTrigger] string input) => site.CountAsync(nameof(After));

    /// <summary>What outlives the process: how often each activity has begun.</summary>
    public sealed class Site(IConfiguration configuration)
    {
        private readonly string _directory = configuration["Runs"] ?? throw new InvalidOperationException("Configuration 'Runs' is not set. Name a directory.");

        public TaskCompletionSource Released { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public async Task<int> CountAsync(string activity)
        {
            var path = Path.Combine(_directory, activity);
            await File.AppendAllTextAsync(path, "run\n");
            var number = (await File.ReadAllLinesAsync(path)).Length;
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{Begun}{activity} {number}"));
            return number;
        }
    }
}
