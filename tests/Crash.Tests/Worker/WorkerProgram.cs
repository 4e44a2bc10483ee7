using System.Globalization;
using System.Text.Json;
using AtomicDevOps.Crash.Tests.Workloads;
using AtomicDevOps.EmbeddedHost;
using AtomicDevOps.EmbeddedHost.Engine;
using AtomicDevOps.EmbeddedHost.Storage;
using DurableTask.Core.Exceptions;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace AtomicDevOps.Crash.Tests.Worker;

/// <summary>
/// Hosts the engine with all workloads and lives until its standard input ends, or it is killed. Commands come a line each, their parts between
/// tabs, the second one a number; the answer, which begins with that number, is written only after the client's call has returned.
/// </summary>
internal sealed class WorkerProgram
{
    public const string Command = "worker";

    /// <summary>Written before the store is opened.</summary>
    public const string Opening = "opening";

    /// <summary>Written when commands are taken.</summary>
    public const string Ready = "ready";

    public const string Start = "start";
    public const string Raise = "raise";
    public const string Await = "await";
    public const string List = "list";

    public const string Ok = "ok";
    public const string Exists = "exists";
    public const string Error = "error";

    private readonly DurableTaskClient _client;
    private readonly TextWriter _answers;

    private WorkerProgram(DurableTaskClient client, TextWriter answers)
    {
        _client = client;
        _answers = answers;
    }

    public static async Task<int> RunAsync(string dataDirectory, string attemptLog)
    {
        await using var output = new StreamWriter(Console.OpenStandardOutput()) { AutoFlush = true };
        var answers = TextWriter.Synchronized(output);
        using var log = new AttemptLog(attemptLog);
        await using var services = new ServiceCollection()
            .AddLogging(static logging => logging.AddProvider(new StandardErrorLoggerProvider()))
            .AddEmbeddedDurableTask(options => options.DataDirectory = dataDirectory)
            .BuildServiceProvider();
        var functions = services.GetRequiredService<FunctionRegistry>();
        Steps.AddTo(functions, log);
        foreach (var workload in Workload.All)
        {
            workload.AddTo(functions);
        }

        await answers.WriteLineAsync(Opening);
        var hosted = services.GetServices<IHostedService>().ToList();
        try
        {
            foreach (var service in hosted)
            {
                await service.StartAsync(CancellationToken.None);
            }
        }
        catch (DataDirectoryException exception)
        {
            await Console.Error.WriteLineAsync(exception.Message);
            return 1;
        }

        await answers.WriteLineAsync(Ready);
        await new WorkerProgram(services.GetRequiredService<DurableTaskClient>(), answers).TakeCommandsAsync();
        foreach (var service in hosted)
        {
            await service.StopAsync(CancellationToken.None);
        }

        return 0;
    }

    private async Task TakeCommandsAsync()
    {
        using var commands = new StreamReader(Console.OpenStandardInput());
        while (await commands.ReadLineAsync() is { } line)
        {
            _ = AnswerAsync(line.Split('\t'));
        }
    }

    private async Task AnswerAsync(string[] command)
    {
        string answer;
        try
        {
            answer = await RunAsync(command);
        }
        catch (OrchestrationAlreadyExistsException)
        {
            answer = Exists;
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            answer = $"{Error}\t{exception.GetType().Name}: {exception.Message}".ReplaceLineEndings(" ");
        }

        await _answers.WriteLineAsync($"{command[1]}\t{answer}");
    }

    private async Task<string> RunAsync(string[] command)
    {
        switch (command)
        {
            case [Start, _, var name, var id, var startAt, var input]:
                var due = long.Parse(startAt, CultureInfo.InvariantCulture);
                await _client.ScheduleNewOrchestrationInstanceAsync(
                    name,
                    JsonElement.Parse(input),
                    new StartOrchestrationOptions(id, due == 0 ? null : new DateTimeOffset(due, TimeSpan.Zero))
                        .WithDedupeStatuses([.. StartOrchestrationOptionsExtensions.ValidDedupeStatuses]));
                return Ok;
            case [Raise, _, var id, var eventName, var payload]:
                await _client.RaiseEventAsync(id, eventName, payload);
                return Ok;
            case [Await, _, var id]:
                var instance = await _client.WaitForInstanceCompletionAsync(id, getInputsAndOutputs: true);
                return instance.RuntimeStatus is OrchestrationRuntimeStatus.Completed
                    ? $"{Ok}\t{instance.SerializedOutput}"
                    : $"{Error}\t{instance.RuntimeStatus}: {instance.FailureDetails}".ReplaceLineEndings(" ");
            case [List, _]:
                var instances = new List<string>();
                await foreach (var listed in _client.GetAllInstancesAsync())
                {
                    instances.Add($"{listed.InstanceId}={listed.RuntimeStatus}");
                }

                return $"{Ok}\t{string.Join('\t', instances)}";
            default:
                throw new InvalidDataException($"There is no command '{string.Join(' ', command)}'.");
        }
    }
}
