using System.Runtime.CompilerServices;
using AtomicDevOps.Primitives.Agents;
using Azure.Core;

namespace AtomicDevOps.Activities.Tools.AzureResourceManager;

[Agent(AgentLayer.ExecutionWrapper, ArmTransport.Tool, "Speaks Azure Resource Manager's API: resource groups, deployments, function apps, the activity log.")]
internal sealed partial class AzureResourceManagerClient(ArmTransport transport, TimeProvider timeProvider) : IAzureResourceManagerClient
{
    public bool IsConfigured => transport.IsConfigured;

    private string SubscriptionPath => $"subscriptions/{transport.SubscriptionId}";

    private string GroupPath(string resourceGroup) => $"{SubscriptionPath}/resourceGroups/{AzureName.ResourceGroup(resourceGroup)}";

    /// <summary>A list's items, page by page, as Azure names the next one.</summary>
    private async IAsyncEnumerable<T> ListAsync<T>(ArmRequest request, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var answer = await transport.SendAsync(request, cancellationToken);
        while (true)
        {
            var page = ArmTransport.Read<Page<T>>(request, answer.Body);
            foreach (var item in page.Value ?? [])
            {
                yield return item;
            }

            if (string.IsNullOrEmpty(page.NextLink))
            {
                yield break;
            }

            answer = await transport.FollowAsync(request, NextPage(request, page.NextLink), cancellationToken);
        }
    }

    private static Uri NextPage(ArmRequest request, string link) => Uri.TryCreate(link, UriKind.Absolute, out var address)
        ? address
        : throw new ToolException(ArmTransport.Tool, $"{request} was answered with a link to the next page that is none: '{link}'.");

    private static ArmRequest Get(string path, string apiVersion) => new(RequestMethod.Get, path, apiVersion);

    private sealed record Page<T>(IReadOnlyList<T>? Value, string? NextLink);
}
