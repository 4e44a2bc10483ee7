using System.Runtime.CompilerServices;
using Azure;
using Azure.ResourceManager.Resources;

namespace AtomicDevOps.Activities.Tools.AzureResourceManager;

internal sealed partial class AzureResourceManagerClient
{
    public async Task<Subscription> GetSubscriptionAsync(CancellationToken cancellationToken)
    {
        var found = await transport.CallAsync(
            "read the subscription",
            async () => (await transport.Subscription.GetAsync(cancellationToken)).Value.Data,
            cancellationToken);
        return new Subscription(found.SubscriptionId, found.DisplayName, found.State?.ToString() ?? "")
        {
            RemainingReads = transport.RemainingReads,
            Pause = transport.Pause,
        };
    }

    public async IAsyncEnumerable<ResourceGroup> ListResourceGroupsAsync(
        KeyValuePair<string, string>? tag, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var filter = tag switch
        {
            null => null,
            { Value: "" } any => $"tagName eq {Quote(any.Key)}",
            { } exact => $"tagName eq {Quote(exact.Key)} and tagValue eq {Quote(exact.Value)}",
        };
        await using var groups = transport.Subscription.GetResourceGroups().GetAllAsync(filter, cancellationToken: cancellationToken).GetAsyncEnumerator(cancellationToken);
        while (await transport.CallAsync("list resource groups", async () => await groups.MoveNextAsync(), cancellationToken))
        {
            yield return ToGroup(groups.Current.Data);
        }
    }

    public Task<ResourceGroup> GetResourceGroupAsync(string name, CancellationToken cancellationToken)
    {
        AzureName.ResourceGroup(name);
        return transport.CallAsync(
            $"read resource group {name}",
            async () => ToGroup((await transport.Subscription.GetResourceGroups().GetAsync(name, cancellationToken)).Value.Data),
            cancellationToken);
    }

    public Task<bool> ResourceGroupExistsAsync(string name, CancellationToken cancellationToken)
    {
        AzureName.ResourceGroup(name);
        return transport.CallAsync(
            $"look for resource group {name}",
            async () => (await transport.Subscription.GetResourceGroups().ExistsAsync(name, cancellationToken)).Value,
            cancellationToken);
    }

    public Task<ResourceGroup> PutResourceGroupAsync(
        string name, string location, IReadOnlyDictionary<string, string> tags, CancellationToken cancellationToken)
    {
        AzureName.ResourceGroup(name);
        var data = new ResourceGroupData(location);
        foreach (var (key, value) in tags)
        {
            data.Tags[key] = value;
        }

        return transport.CallAsync(
            $"write resource group {name}",
            async () => ToGroup((await transport.Subscription.GetResourceGroups().CreateOrUpdateAsync(WaitUntil.Completed, name, data, cancellationToken)).Value.Data),
            cancellationToken);
    }

    public async Task<bool> DeleteResourceGroupAsync(string name, TimeSpan wait, CancellationToken cancellationToken)
    {
        AzureName.ResourceGroup(name);
        var what = $"delete resource group {name}";
        var operation = await transport.CallAsync(
            what,
            async () =>
            {
                var group = await transport.Subscription.GetResourceGroups().GetAsync(name, cancellationToken);
                return await group.Value.DeleteAsync(WaitUntil.Started, cancellationToken: cancellationToken);
            },
            cancellationToken);
        return await transport.CompleteAsync(what, operation, wait, cancellationToken);
    }

    private static ResourceGroup ToGroup(ResourceGroupData data) => new(data.Name, data.Location.Name, data.ResourceGroupProvisioningState ?? "")
    {
        Tags = data.Tags.ToDictionary(tag => tag.Key, tag => tag.Value, StringComparer.OrdinalIgnoreCase),
        ManagedBy = data.ManagedBy,
    };

    private static string Quote(string text) => $"'{text.Replace("'", "''", StringComparison.Ordinal)}'";
}
