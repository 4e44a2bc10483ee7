using System.Net;
using System.Text.Json;
using AtomicDevOps.Activities.Tools;
using AtomicDevOps.Activities.Tools.AzureResourceManager;
using AtomicDevOps.Primitives.Json;
using AtomicDevOps.Primitives.Workflow;
using Microsoft.Azure.Functions.Worker;

namespace AtomicDevOps.Activities.Experts.CloudApi;

public sealed partial class CloudApiExpert
{
    private const int MostOperations = 1000;

    public static ActivityCall<DeploymentRequest, ValidateDeploymentResult> ValidateDeployment { get; } = new("CloudApiExpert_ValidateDeployment");

    /// <summary>Asks Azure whether it would take a deployment.</summary>
    /// <exception cref="ToolTimeoutException">There is no answer after <see cref="DeploymentRequest.WaitFor"/>.</exception>
    [Function("CloudApiExpert_ValidateDeployment")]
    public async Task<ValidateDeploymentResult> ValidateDeploymentAsync([ActivityTrigger] DeploymentRequest input, CancellationToken cancellationToken)
    {
        var (address, content) = Prepare(input);
        var validation = await arm.ValidateDeploymentAsync(address, content, input.WaitFor, cancellationToken);
        return new ValidateDeploymentResult(validation.Error is null, validation.Error, validation.ValidatedResources);
    }

    public static ActivityCall<DeploymentRequest, WhatIfResult> WhatIfDeployment { get; } = new("CloudApiExpert_WhatIfDeployment");

    /// <summary>Asks Azure what a deployment would change.</summary>
    /// <exception cref="ToolTimeoutException">There is no answer after <see cref="DeploymentRequest.WaitFor"/>.</exception>
    [Function("CloudApiExpert_WhatIfDeployment")]
    public async Task<WhatIfResult> WhatIfDeploymentAsync([ActivityTrigger] DeploymentRequest input, CancellationToken cancellationToken)
    {
        var (address, content) = Prepare(input);
        var prediction = await arm.WhatIfDeploymentAsync(address, content, input.WaitFor, cancellationToken);
        return new WhatIfResult(
            prediction.Error is null ? WhatIfOutcome.Predicted : WhatIfOutcome.Refused,
            prediction,
            prediction.Changes.Concat(prediction.PotentialChanges).Any(change => change.Kind is not (WhatIfChangeKind.NoChange or WhatIfChangeKind.Ignore)));
    }

    public static ActivityCall<DeploymentRequest, DeploymentResult> CreateDeployment { get; } = new("CloudApiExpert_CreateDeployment");

    /// <summary>Begins the deployment of that key, or finds the one that an earlier call began, and waits for its end.</summary>
    /// <exception cref="ToolException">The key was used for another content.</exception>
    [Function("CloudApiExpert_CreateDeployment")]
    public async Task<DeploymentResult> CreateDeploymentAsync([ActivityTrigger] DeploymentRequest input, CancellationToken cancellationToken)
    {
        var (address, content) = Prepare(input);
        var deployment = await FindDeploymentAsync(address, cancellationToken);
        if (deployment is null)
        {
            try
            {
                deployment = await arm.PutDeploymentAsync(address, content, input.WaitFor, cancellationToken);
                return await ToResultAsync(address, deployment, everyOperation: false, cancellationToken);
            }
            catch (ArmRequestException exception) when (exception.Status is HttpStatusCode.BadRequest or HttpStatusCode.Conflict)
            {
                // A try whose answer was lost may have begun it.
                deployment = await FindDeploymentAsync(address, cancellationToken);
                if (deployment is null || !IsSameContent(deployment, content))
                {
                    return new DeploymentResult(DeploymentOutcome.Refused, address.Name) { Error = exception.Error };
                }
            }
        }

        if (!IsSameContent(deployment, content))
        {
            throw new ToolException(
                AgentName, $"the deployment {address.Name} is there with another content than the one asked for; a key stands for one content: use a new one.");
        }

        deployment = await arm.WaitForDeploymentAsync(address, input.WaitFor, cancellationToken);
        return await ToResultAsync(address, deployment, everyOperation: false, cancellationToken);
    }

    public static ActivityCall<DeploymentReference, DeploymentResult?> GetDeployment { get; } = new("CloudApiExpert_GetDeployment");

    /// <summary>The deployment of that key with its steps; <see langword="null"/> where there is none.</summary>
    [Function("CloudApiExpert_GetDeployment")]
    public async Task<DeploymentResult?> GetDeploymentAsync([ActivityTrigger] DeploymentReference input, CancellationToken cancellationToken)
    {
        var address = DeploymentKey.AddressOf(input.Key, input.Scope);
        return await FindDeploymentAsync(address, cancellationToken) is { } deployment
            ? await ToResultAsync(address, deployment, everyOperation: true, cancellationToken)
            : null;
    }

    public static ActivityCall<DeploymentReference, CancelDeploymentResult> CancelDeployment { get; } = new("CloudApiExpert_CancelDeployment");

    /// <summary>Stops a deployment that runs.</summary>
    [Function("CloudApiExpert_CancelDeployment")]
    public async Task<CancelDeploymentResult> CancelDeploymentAsync([ActivityTrigger] DeploymentReference input, CancellationToken cancellationToken)
    {
        var address = DeploymentKey.AddressOf(input.Key, input.Scope);
        try
        {
            await arm.CancelDeploymentAsync(address, cancellationToken);
            return new CancelDeploymentResult(CancelDeploymentOutcome.Canceled);
        }
        catch (ToolNotFoundException)
        {
            return new CancelDeploymentResult(CancelDeploymentOutcome.NotFound);
        }
        catch (ArmRequestException exception) when (exception.Status == HttpStatusCode.Conflict)
        {
            return new CancelDeploymentResult(CancelDeploymentOutcome.AlreadyEnded, exception.Error.Describe());
        }
    }

    public static ActivityCall<DeleteDeploymentRequest, DeleteDeploymentResult> DeleteDeployment { get; } = new("CloudApiExpert_DeleteDeployment");

    [Function("CloudApiExpert_DeleteDeployment")]
    public async Task<DeleteDeploymentResult> DeleteDeploymentAsync([ActivityTrigger] DeleteDeploymentRequest input, CancellationToken cancellationToken)
    {
        RequireWait(input.WaitFor);
        var address = DeploymentKey.AddressOf(input.Key, input.Scope);
        if (await FindDeploymentAsync(address, cancellationToken) is null)
        {
            return new DeleteDeploymentResult(DeleteDeploymentOutcome.AlreadyGone);
        }

        try
        {
            return await arm.DeleteDeploymentAsync(address, input.WaitFor, cancellationToken)
                ? new DeleteDeploymentResult(DeleteDeploymentOutcome.Deleted)
                : new DeleteDeploymentResult(DeleteDeploymentOutcome.Deleting);
        }
        catch (ToolNotFoundException)
        {
            // The deployment, or the record of its deletion.
            return new DeleteDeploymentResult(
                await FindDeploymentAsync(address, cancellationToken) is null ? DeleteDeploymentOutcome.AlreadyGone : DeleteDeploymentOutcome.Deleting);
        }
        catch (ArmRequestException exception) when (exception.Status == HttpStatusCode.Conflict)
        {
            return new DeleteDeploymentResult(DeleteDeploymentOutcome.StillRunning, exception.Error.Describe());
        }
    }

    private (DeploymentAddress Address, DeploymentContent Content) Prepare(DeploymentRequest input)
    {
        RequireWait(input.WaitFor);
        var isGroup = input.Scope.ResourceGroup is not null;
        Require(isGroup == (input.Scope.Location is null), "A deployment needs either a resource group, or the region of a deployment to the subscription.");
        Require(
            input.Template.HasValue != (input.TemplateUri is not null),
            "A deployment needs either a template, or the address of one.");
        Require(input.Template is null or { ValueKind: JsonValueKind.Object }, "A template is a JSON object.");
        Require(
            input.TemplateUri is null or { IsAbsoluteUri: true, Scheme: "https", Query: "", UserInfo: "" },
            "A template's address is an https address without a query, since a signature in it would be kept in histories.");
        Require(isGroup || input.Mode == DeploymentMode.Incremental, "A deployment to the subscription can only be incremental.");

        var content = new DeploymentContent
        {
            Location = input.Scope.Location,
            Template = input.Template,
            TemplateUri = input.TemplateUri,
            Mode = input.Mode,
            Parameters = input.Parameters.ToDictionary(
                parameter => parameter.Key, parameter => ToWire(parameter.Key, parameter.Value, input.Template), StringComparer.Ordinal),
            Tags = new Dictionary<string, string>(StringComparer.Ordinal) { [DeploymentKey.ContentTag] = DeploymentKey.DigestOf(input) },
        };
        return (DeploymentKey.AddressOf(input.Key, input.Scope), content);
    }

    private JsonElement ToWire(string name, DeploymentParameter parameter, JsonElement? template)
    {
        var given = (parameter.Value is not null ? 1 : 0) + (parameter.Secret is not null ? 1 : 0) + (parameter.KeyVault is not null ? 1 : 0);
        Require(given == 1, $"The parameter {name} needs one of Value, Secret and KeyVault.");
        if (parameter.KeyVault is { } vault)
        {
            return ToElement(new { reference = new { keyVault = new { id = vault.VaultId }, secretName = vault.Name, secretVersion = vault.Version } });
        }

        if (parameter.Secret is { } secret)
        {
            return ToElement(new { value = SecretOf(secret, $"The parameter {name}") });
        }

        var value = parameter.Value!.Value;
        Require(
            !IsSecure(name, template) && !LooksSecret(value.GetRawText()),
            $"The parameter {name} is secure or holds a secret, and its value would be kept in histories; name a secret of CloudApi:Secrets or of a vault instead.");
        return ToElement(new { value });
    }

    /// <summary>Whether the template declares a parameter as secure, itself or by a definition.</summary>
    private static bool IsSecure(string name, JsonElement? template)
    {
        if (template is not { } root || Property(Property(root, "parameters"), name) is not { } declared)
        {
            return false;
        }

        const string Definitions = "#/definitions/";
        if (Property(declared, "$ref") is { ValueKind: JsonValueKind.String } reference
            && reference.GetString()!.StartsWith(Definitions, StringComparison.Ordinal)
            && Property(Property(root, "definitions"), reference.GetString()![Definitions.Length..]) is { } definition)
        {
            declared = definition;
        }

        return Property(declared, "type") is { ValueKind: JsonValueKind.String } type
            && type.GetString()!.StartsWith("secure", StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>Template languages take property names in any case.</summary>
    private static JsonElement? Property(JsonElement? element, string name)
    {
        if (element is not { ValueKind: JsonValueKind.Object } value)
        {
            return null;
        }

        foreach (var property in value.EnumerateObject())
        {
            if (string.Equals(property.Name, name, StringComparison.OrdinalIgnoreCase))
            {
                return property.Value;
            }
        }

        return null;
    }

    private static JsonElement ToElement<T>(T value) => JsonSerializer.SerializeToElement(value, JsonDefaults.Options);

    private static bool IsSameContent(Deployment deployment, DeploymentContent content) =>
        deployment.Tags.TryGetValue(DeploymentKey.ContentTag, out var digest)
        && string.Equals(digest, content.Tags[DeploymentKey.ContentTag], StringComparison.Ordinal);

    private async Task<Deployment?> FindDeploymentAsync(DeploymentAddress address, CancellationToken cancellationToken)
    {
        try
        {
            return await arm.GetDeploymentAsync(address, cancellationToken);
        }
        catch (ToolNotFoundException)
        {
            return null;
        }
    }

    private async Task<DeploymentResult> ToResultAsync(
        DeploymentAddress address, Deployment deployment, bool everyOperation, CancellationToken cancellationToken)
    {
        var outcome = deployment.State switch
        {
            DeploymentState.Succeeded => DeploymentOutcome.Succeeded,
            DeploymentState.Canceled => DeploymentOutcome.Canceled,
            DeploymentState.Running => DeploymentOutcome.Running,
            _ => DeploymentOutcome.Failed,
        };
        List<DeploymentOperation> operations = everyOperation || outcome == DeploymentOutcome.Failed
            ? await arm.ListDeploymentOperationsAsync(address, cancellationToken)
                .Where(operation => everyOperation || operation.Error is not null)
                .Take(MostOperations)
                .ToListAsync(cancellationToken)
            : [];
        return new DeploymentResult(outcome, address.Name)
        {
            Id = deployment.Id,
            CorrelationId = deployment.CorrelationId,
            Duration = deployment.Duration,
            Outputs = deployment.Outputs,
            Resources = deployment.OutputResources,
            Error = deployment.Error,
            Operations = operations,
        };
    }
}
