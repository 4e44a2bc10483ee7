using System.Text.Json;
using AtomicDevOps.FunctionsHost.Protocol;
using Google.Protobuf;
using Grpc.Core;
using Microsoft.DurableTask.Protobuf;
using Failure = AtomicDevOps.FunctionsHost.Protocol.Failure;

namespace AtomicDevOps.FunctionsHost;

/// <summary>Takes the work items of the durable engine and has the app's functions do them, as the durable extension of the Functions host does.</summary>
internal sealed partial class DurableBackEnd(
    WorkerChannel channel, TaskHubSidecarService.TaskHubSidecarServiceClient hub, IReadOnlyDictionary<string, AppFunction> functions, string client, ILogger logger)
{
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var items = hub.GetWorkItems(
            new GetWorkItemsRequest { MaxConcurrentActivityWorkItems = 20, MaxConcurrentOrchestrationWorkItems = 40 }, cancellationToken: cancellationToken);
        await foreach (var item in items.ResponseStream.ReadAllAsync(cancellationToken))
        {
            _ = DoAsync(item, cancellationToken);
        }
    }

    private async Task DoAsync(WorkItem item, CancellationToken cancellationToken)
    {
        try
        {
            await (item.RequestCase switch
            {
                WorkItem.RequestOneofCase.OrchestratorRequest => OrchestrateAsync(item.OrchestratorRequest, item.CompletionToken, cancellationToken),
                WorkItem.RequestOneofCase.ActivityRequest => ActAsync(item.ActivityRequest, item.CompletionToken, cancellationToken),
                _ => throw new NotSupportedException($"The engine sent a {item.RequestCase}."),
            });
        }
        catch (Exception problem) when (problem is not OperationCanceledException)
        {
            LogLost(logger, problem);
        }
    }

    private async Task OrchestrateAsync(OrchestratorRequest request, string token, CancellationToken cancellationToken)
    {
        var name = request.PastEvents.Concat(request.NewEvents).First(static happened => happened.ExecutionStarted is not null).ExecutionStarted.Name;
        OrchestratorResponse response;
        if (functions.TryGetValue(name, out var function))
        {
            var invocation = function.Invocation(new Data { Text = Convert.ToBase64String(request.ToByteArray()) }, client);
            var result = await channel.InvokeAsync(invocation, cancellationToken);
            if (result.Outcome.Status != Outcome.Types.Status.Succeeded)
            {
                throw new InvalidOperationException($"The turn of {name} {request.InstanceId} failed: {result.Outcome.Failure?.Message}");
            }

            var answer = result.Value.ValueCase == Data.ValueOneofCase.Json ? JsonSerializer.Deserialize<string>(result.Value.Json)! : result.Value.Text;
            response = OrchestratorResponse.Parser.ParseFrom(Convert.FromBase64String(answer));
        }
        else
        {
            response = new OrchestratorResponse { InstanceId = request.InstanceId };
            response.Actions.Add(new OrchestratorAction
            {
                CompleteOrchestration = new CompleteOrchestrationAction
                {
                    OrchestrationStatus = OrchestrationStatus.Failed,
                    FailureDetails = Details("OrchestratorNotFound", $"There is no orchestrator function '{name}'."),
                },
            });
        }

        response.CompletionToken = token;
        await hub.CompleteOrchestratorTaskAsync(response, cancellationToken: cancellationToken);
    }

    private async Task ActAsync(ActivityRequest request, string token, CancellationToken cancellationToken)
    {
        var response = new ActivityResponse { InstanceId = request.OrchestrationInstance.InstanceId, TaskId = request.TaskId, CompletionToken = token };
        if (functions.TryGetValue(request.Name, out var function))
        {
            var invocation = function.Invocation(new Data { Text = OnlyItem(request.Input) }, client);
            invocation.TriggerMetadata["instanceId"] = new Data { Text = response.InstanceId };
            var result = await channel.InvokeAsync(invocation, cancellationToken);
            if (result.Outcome.Status == Outcome.Types.Status.Succeeded)
            {
                response.Result = ResultOf(result.Value);
            }
            else
            {
                response.FailureDetails = Details(result.Outcome.Failure);
            }
        }
        else
        {
            response.FailureDetails = Details("ActivityNotFound", $"There is no activity function '{request.Name}'.");
        }

        await hub.CompleteActivityTaskAsync(response, cancellationToken: cancellationToken);
    }

    /// <summary>Orchestrators hand their input over in an array of one.</summary>
    private static string OnlyItem(string? input) => input is ['[', .. var item, ']'] ? item : input ?? "null";

    private static string? ResultOf(Data? value) => value?.ValueCase switch
    {
        Data.ValueOneofCase.Json => value.Json,
        Data.ValueOneofCase.Text => JsonSerializer.Serialize(value.Text),
        _ => null,
    };

    private static TaskFailureDetails Details(Failure? failure) =>
        Details(failure?.Type is { Length: > 0 } type ? type : "(unknown)", failure?.Message ?? "", failure?.StackTrace);

    private static TaskFailureDetails Details(string type, string message, string? stackTrace = null) =>
        new() { ErrorType = type, ErrorMessage = message, StackTrace = stackTrace };

    [LoggerMessage(Level = LogLevel.Error, Message = "A work item is lost.")]
    private static partial void LogLost(ILogger logger, Exception problem);
}
