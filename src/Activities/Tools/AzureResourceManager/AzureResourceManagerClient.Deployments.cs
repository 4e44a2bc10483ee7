using System.Net;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Xml;
using AtomicDevOps.Activities.Tools.Logs;
using Azure.Core;

namespace AtomicDevOps.Activities.Tools.AzureResourceManager;

internal sealed partial class AzureResourceManagerClient
{
    private const int MaxOutputResources = 800;
    private static readonly TimeSpan DeploymentPause = TimeSpan.FromSeconds(5);

    public async Task<DeploymentValidation> ValidateDeploymentAsync(
        DeploymentAddress address, DeploymentContent content, TimeSpan wait, CancellationToken cancellationToken)
    {
        var request = Write(RequestMethod.Post, address, content, "/validate");
        try
        {
            var begun = await transport.SendAsync(request, cancellationToken);
            var body = await transport.CompleteAsync(request, begun, wait, cancellationToken) ?? throw TooLong(request, wait);
            var result = body.ValueKind == JsonValueKind.Undefined ? null : ArmTransport.Read<WireValidation>(request, body);
            return new DeploymentValidation(
                result?.Error is { ValueKind: JsonValueKind.Object } error ? transport.ReadError(request, error) : null,
                IdsOf(result?.Properties?.ValidatedResources));
        }
        catch (ArmRequestException exception) when (IsRefusal(exception))
        {
            return new DeploymentValidation(exception.Error, []);
        }
    }

    public async Task<WhatIfPrediction> WhatIfDeploymentAsync(
        DeploymentAddress address, DeploymentContent content, TimeSpan wait, CancellationToken cancellationToken)
    {
        var request = Write(RequestMethod.Post, address, content, "/whatIf");
        try
        {
            var begun = await transport.SendAsync(request, cancellationToken);
            var body = await transport.CompleteAsync(request, begun, wait, cancellationToken) ?? throw TooLong(request, wait);
            return WhatIfReader.Read(ArmTransport.Read<WireWhatIf>(request, body), transport.Redact);
        }
        catch (ArmRequestException exception) when (IsRefusal(exception))
        {
            return new WhatIfPrediction(exception.Error, []);
        }
    }

    public async Task<Deployment> PutDeploymentAsync(
        DeploymentAddress address, DeploymentContent content, TimeSpan wait, CancellationToken cancellationToken)
    {
        var request = Write(RequestMethod.Put, address, content);
        var begun = await transport.SendAsync(request, cancellationToken);
        try
        {
            await transport.CompleteAsync(request, begun, wait, cancellationToken);
        }
        catch (ArmRequestException exception) when (exception.Status == HttpStatusCode.OK)
        {
            // It failed or was cancelled: the deployment itself tells more.
        }

        return await GetDeploymentAsync(address, cancellationToken);
    }

    public async Task<Deployment> GetDeploymentAsync(DeploymentAddress address, CancellationToken cancellationToken) =>
        (await ReadDeploymentAsync(address, cancellationToken)).Deployment;

    public async Task<Deployment> WaitForDeploymentAsync(DeploymentAddress address, TimeSpan wait, CancellationToken cancellationToken)
    {
        var until = timeProvider.GetUtcNow() + wait;
        while (true)
        {
            var (deployment, retryAfter) = await ReadDeploymentAsync(address, cancellationToken);
            var pause = retryAfter ?? DeploymentPause;
            if (deployment.State is not DeploymentState.Running || timeProvider.GetUtcNow() + pause > until)
            {
                return deployment;
            }

            await Task.Delay(pause, timeProvider, cancellationToken);
        }
    }

    public async IAsyncEnumerable<DeploymentOperation> ListDeploymentOperationsAsync(
        DeploymentAddress address, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        // At a group this one list has an address of its own, without the provider.
        var path = address.ResourceGroup is { } group
            ? $"{GroupPath(group)}/deployments/{AzureName.Deployment(address.Name)}/operations"
            : $"{Path(address)}/operations";
        await foreach (var operation in ListAsync<WireOperation>(Get(path, ApiVersions.Deployments), cancellationToken))
        {
            yield return ToOperation(operation);
        }
    }

    public Task CancelDeploymentAsync(DeploymentAddress address, CancellationToken cancellationToken) =>
        transport.SendAsync(new ArmRequest(RequestMethod.Post, $"{Path(address)}/cancel", ApiVersions.Deployments), cancellationToken);

    public async Task<bool> DeleteDeploymentAsync(DeploymentAddress address, TimeSpan wait, CancellationToken cancellationToken)
    {
        var request = new ArmRequest(RequestMethod.Delete, Path(address), ApiVersions.Deployments);
        var begun = await transport.SendAsync(request, cancellationToken);
        return await transport.CompleteAsync(request, begun, wait, cancellationToken) is not null;
    }

    private static bool IsRefusal(ArmRequestException exception) => exception.Status is HttpStatusCode.BadRequest or HttpStatusCode.Conflict or HttpStatusCode.OK;

    private static ToolTimeoutException TooLong(ArmRequest request, TimeSpan wait) =>
        new(ArmTransport.Tool, $"{request} was accepted and has no result after {wait}; give it longer.");

    private string Path(DeploymentAddress address) =>
        $"{(address.ResourceGroup is { } group ? GroupPath(group) : SubscriptionPath)}/providers/Microsoft.Resources/deployments/{AzureName.Deployment(address.Name)}";

    private ArmRequest Write(RequestMethod method, DeploymentAddress address, DeploymentContent content, string action = "")
    {
        var isWhatIf = action is "/whatIf";
        return new ArmRequest(method, $"{Path(address)}{action}", ApiVersions.Deployments)
        {
            Body = new WireDeploymentContent(
                content.Location,
                isWhatIf ? null : content.Tags,
                new WireDeploymentContentProperties(
                    content.Template,
                    content.TemplateUri is { } uri ? new WireTemplateLink(uri) : null,
                    content.Parameters,
                    content.Mode,
                    isWhatIf ? new WireWhatIfSettings("FullResourcePayloads") : null)),
        };
    }

    private async Task<(Deployment Deployment, TimeSpan? RetryAfter)> ReadDeploymentAsync(DeploymentAddress address, CancellationToken cancellationToken)
    {
        var request = Get(Path(address), ApiVersions.Deployments);
        var answer = await transport.SendAsync(request, cancellationToken);
        return (ToDeployment(ArmTransport.Read<WireDeployment>(request, answer.Body)), answer.RetryAfter);
    }

    private Deployment ToDeployment(WireDeployment wire)
    {
        var properties = wire.Properties ?? new WireDeploymentProperties();
        var state = properties.ProvisioningState switch
        {
            "Succeeded" => DeploymentState.Succeeded,
            "Failed" => DeploymentState.Failed,
            "Canceled" => DeploymentState.Canceled,
            "Deleting" or "Deleted" => DeploymentState.Deleting,
            _ => DeploymentState.Running,
        };
        return new Deployment(wire.Id ?? "", wire.Name ?? "", state)
        {
            CorrelationId = properties.CorrelationId ?? "",
            Timestamp = properties.Timestamp,
            Duration = DurationOf(properties.Duration),
            Tags = (wire.Tags ?? []).ToDictionary(tag => tag.Key, tag => tag.Value, StringComparer.OrdinalIgnoreCase),
            Outputs = (properties.Outputs ?? [])
                .Where(output => !IsSecure(output.Value.Type))
                .ToDictionary(output => output.Key, output => new DeploymentOutput(output.Value.Type ?? "", WithoutSecrets(output.Value.Value)), StringComparer.Ordinal),
            OutputResources = IdsOf(properties.OutputResources),
            Error = properties.Error is { ValueKind: JsonValueKind.Object } error ? CloudError.Read(error, transport.Redact) : null,
        };
    }

    private JsonElement WithoutSecrets(JsonElement value)
    {
        if (value.ValueKind == JsonValueKind.Undefined)
        {
            return JsonSerializer.SerializeToElement<object?>(null);
        }

        var text = value.GetRawText();
        return string.Equals(transport.Redact(text), text, StringComparison.Ordinal) ? value : JsonSerializer.SerializeToElement(SecretRedactor.Replacement);
    }

    private static bool IsSecure(string? type) => type?.StartsWith("secure", StringComparison.OrdinalIgnoreCase) is true;

    private DeploymentOperation ToOperation(WireOperation wire)
    {
        var properties = wire.Properties ?? new WireOperationProperties();
        var error = properties.StatusMessage switch
        {
            { ValueKind: JsonValueKind.Object } message => CloudError.Read(message, transport.Redact),
            { ValueKind: JsonValueKind.String } text => new CloudError("", transport.Redact(text.GetString()!)),
            _ => null,
        };
        var hasFailed = properties.ProvisioningState is "Failed" or "Canceled";
        return new DeploymentOperation(wire.OperationId ?? "", properties.ProvisioningOperation ?? "", properties.ProvisioningState ?? "")
        {
            ResourceId = properties.TargetResource?.Id,
            ResourceType = properties.TargetResource?.ResourceType,
            StatusCode = properties.StatusCode,
            Error = hasFailed ? error : null,
            Timestamp = properties.Timestamp,
            Duration = DurationOf(properties.Duration),
        };
    }

    private static TimeSpan? DurationOf(string? text)
    {
        try
        {
            return string.IsNullOrEmpty(text) ? null : XmlConvert.ToTimeSpan(text);
        }
        catch (FormatException)
        {
            return null;
        }
    }

    private static IReadOnlyList<string> IdsOf(IReadOnlyList<WireReference>? references) =>
        [.. (references ?? []).Select(reference => reference.Id).OfType<string>().Take(MaxOutputResources)];
}
