using System.Net;
using AtomicDevOps.Activities.Tools;
using AtomicDevOps.Activities.Tools.AzureResourceManager;
using AtomicDevOps.Primitives.Workflow;
using Microsoft.Azure.Functions.Worker;

namespace AtomicDevOps.Activities.Experts.CloudApi;

public sealed partial class CloudApiExpert
{
    public static ActivityCall<ListResourceGroupsRequest, ResourceGroupList> ListResourceGroups { get; } = new("CloudApiExpert_ListResourceGroups");

    [Function("CloudApiExpert_ListResourceGroups")]
    public async Task<ResourceGroupList> ListResourceGroupsAsync([ActivityTrigger] ListResourceGroupsRequest input, CancellationToken cancellationToken)
    {
        Require(input.Most is >= 1 and <= 1000, $"Most is {input.Most}; right would be 1 to 1000.");
        Require(input.TagValue is null || input.Tag is not null, "A tag's value needs the tag's name.");
        KeyValuePair<string, string>? tag = input.Tag is { } name ? KeyValuePair.Create(name, input.TagValue ?? "") : null;
        var groups = await arm.ListResourceGroupsAsync(tag, cancellationToken).Take(input.Most + 1).ToListAsync(cancellationToken);
        return new ResourceGroupList([.. groups.Take(input.Most)], groups.Count > input.Most);
    }

    public static ActivityCall<ResourceGroupReference, ResourceGroup?> GetResourceGroup { get; } = new("CloudApiExpert_GetResourceGroup");

    /// <summary>A group; <see langword="null"/> where there is none.</summary>
    [Function("CloudApiExpert_GetResourceGroup")]
    public Task<ResourceGroup?> GetResourceGroupAsync([ActivityTrigger] ResourceGroupReference input, CancellationToken cancellationToken) =>
        FindGroupAsync(input.Name, cancellationToken);

    public static ActivityCall<ResourceGroupReference, bool> ResourceGroupExists { get; } = new("CloudApiExpert_ResourceGroupExists");

    [Function("CloudApiExpert_ResourceGroupExists")]
    public Task<bool> ResourceGroupExistsAsync([ActivityTrigger] ResourceGroupReference input, CancellationToken cancellationToken) =>
        arm.ResourceGroupExistsAsync(input.Name, cancellationToken);

    public static ActivityCall<PutResourceGroupRequest, PutResourceGroupResult> PutResourceGroup { get; } = new("CloudApiExpert_PutResourceGroup");

    /// <summary>Makes a group where there is none, and sets the tags that it lacks.</summary>
    [Function("CloudApiExpert_PutResourceGroup")]
    public async Task<PutResourceGroupResult> PutResourceGroupAsync([ActivityTrigger] PutResourceGroupRequest input, CancellationToken cancellationToken)
    {
        Require(NormalLocation(input.Location).Length > 0, "A resource group needs a region, for example westeurope.");
        var there = await FindGroupAsync(input.Name, cancellationToken);
        if (there is not null && IsBeingDeleted(there))
        {
            return new PutResourceGroupResult(PutResourceGroupOutcome.BeingDeleted, there, "The group is being deleted.");
        }

        if (there is not null && !string.Equals(NormalLocation(there.Location), NormalLocation(input.Location), StringComparison.OrdinalIgnoreCase))
        {
            return new PutResourceGroupResult(
                PutResourceGroupOutcome.OtherLocation, there, $"The group is in {there.Location}; it cannot be moved to {input.Location}.");
        }

        if (there is not null && HasTags(there, input.Tags))
        {
            return new PutResourceGroupResult(PutResourceGroupOutcome.Unchanged, there);
        }

        var tags = new Dictionary<string, string>(there?.Tags ?? input.Tags, StringComparer.OrdinalIgnoreCase);
        foreach (var (key, value) in input.Tags)
        {
            tags[key] = value;
        }

        try
        {
            var group = await arm.PutResourceGroupAsync(input.Name, there?.Location ?? input.Location, tags, cancellationToken);
            return new PutResourceGroupResult(there is null ? PutResourceGroupOutcome.Created : PutResourceGroupOutcome.Updated, group);
        }
        catch (ArmRequestException exception) when (exception.Error.Code is "ResourceGroupBeingDeleted")
        {
            return new PutResourceGroupResult(PutResourceGroupOutcome.BeingDeleted, there, exception.Error.Describe());
        }
        catch (ArmRequestException exception) when (IsRefusal(exception))
        {
            return new PutResourceGroupResult(PutResourceGroupOutcome.Refused, there, exception.Error.Describe());
        }
    }

    public static ActivityCall<DeleteResourceGroupRequest, DeleteResourceGroupResult> DeleteResourceGroup { get; } =
        new("CloudApiExpert_DeleteResourceGroup");

    /// <summary>Deletes a group with everything in it, if it has the tags that it must have.</summary>
    [Function("CloudApiExpert_DeleteResourceGroup")]
    public async Task<DeleteResourceGroupResult> DeleteResourceGroupAsync(
        [ActivityTrigger] DeleteResourceGroupRequest input, CancellationToken cancellationToken)
    {
        RequireWait(input.WaitFor);
        Require(input.RequiredTags.Count > 0, "Deleting a resource group needs a tag that tells it from those of others.");
        var group = await FindGroupAsync(input.Name, cancellationToken);
        if (group is null)
        {
            return new DeleteResourceGroupResult(DeleteResourceGroupOutcome.AlreadyGone);
        }

        if (!HasTags(group, input.RequiredTags))
        {
            return new DeleteResourceGroupResult(
                DeleteResourceGroupOutcome.NotOurs,
                $"The group lacks one of these: {string.Join(", ", input.RequiredTags.Select(tag => $"{tag.Key}={tag.Value}"))}.");
        }

        try
        {
            return await arm.DeleteResourceGroupAsync(input.Name, input.WaitFor, cancellationToken)
                ? new DeleteResourceGroupResult(DeleteResourceGroupOutcome.Deleted)
                : new DeleteResourceGroupResult(DeleteResourceGroupOutcome.Deleting);
        }
        catch (ToolNotFoundException)
        {
            // The group, or the record of its deletion.
            return new DeleteResourceGroupResult(
                await FindGroupAsync(input.Name, cancellationToken) is null ? DeleteResourceGroupOutcome.AlreadyGone : DeleteResourceGroupOutcome.Deleting);
        }
        catch (ArmRequestException exception) when (IsRefusal(exception))
        {
            return new DeleteResourceGroupResult(DeleteResourceGroupOutcome.Refused, exception.Error.Describe());
        }
    }

    private async Task<ResourceGroup?> FindGroupAsync(string name, CancellationToken cancellationToken)
    {
        try
        {
            return await arm.GetResourceGroupAsync(name, cancellationToken);
        }
        catch (ToolNotFoundException)
        {
            return null;
        }
    }

    private static bool IsRefusal(ArmRequestException exception) => exception.Status is HttpStatusCode.BadRequest or HttpStatusCode.Conflict or HttpStatusCode.OK
        || exception.Error.Code is "RequestDisallowedByPolicy" or "ScopeLocked";

    private static bool IsBeingDeleted(ResourceGroup group) =>
        string.Equals(group.ProvisioningState, ResourceGroup.Deleting, StringComparison.OrdinalIgnoreCase);

    private static bool HasTags(ResourceGroup group, IReadOnlyDictionary<string, string> tags) =>
        tags.All(tag => group.Tags.TryGetValue(tag.Key, out var value) && string.Equals(value, tag.Value, StringComparison.Ordinal));

    /// <summary>Azure takes <c>West Europe</c> for <c>westeurope</c>.</summary>
    private static string NormalLocation(string location) => location.Replace(" ", "", StringComparison.Ordinal);
}
