using System.Globalization;

namespace AtomicDevOps.Activities.Tools.AzureResourceManager;

internal sealed partial class AzureResourceManagerClient
{
    /// <summary>Without <c>properties</c>, <c>httpRequest</c> and <c>claims</c>, which may hold what callers sent.</summary>
    private const string Fields =
        "eventDataId,eventTimestamp,level,operationName,status,subStatus,category,caller,resourceId,resourceGroupName,correlationId,description";

    public async Task<ActivityLogPage> ListActivityLogAsync(ActivityLogFilter filter, string? continuation, CancellationToken cancellationToken)
    {
        var query = $"&$filter={Uri.EscapeDataString(ToFilter(filter))}&$select={Fields}"
            + (continuation is null ? "" : $"&$skipToken={Uri.EscapeDataString(continuation)}");
        var request = Get($"{SubscriptionPath}/providers/Microsoft.Insights/eventtypes/management/values", ApiVersions.ActivityLog) with { Query = query };
        var answer = await transport.SendAsync(request, cancellationToken);
        var page = ArmTransport.Read<Page<WireEvent>>(request, answer.Body);
        return new ActivityLogPage(
            [.. (page.Value ?? []).Select(ToEvent)],
            string.IsNullOrEmpty(page.NextLink) ? null : SkipTokenOf(request, NextPage(request, page.NextLink)));
    }

    private static string ToFilter(ActivityLogFilter filter)
    {
        (string Field, string? Value)[] others =
        [
            ("resourceGroupName", filter.ResourceGroup),
            ("resourceUri", filter.ResourceId),
            ("resourceProvider", filter.ResourceProvider),
            ("correlationId", filter.CorrelationId),
        ];
        var given = others.Where(other => other.Value is not null).ToList();
        if (given.Count > 1)
        {
            throw new ArgumentException("The activity log can be filtered by one of resource group, resource, provider and correlation id.", nameof(filter));
        }

        return string.Join(
            " and ",
            given.Select(other => $"{other.Field} eq {Quote(other.Value!)}").Prepend($"eventTimestamp ge '{Time(filter.From)}' and eventTimestamp le '{Time(filter.To)}'"));
    }

    private static string Time(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss.fffffffZ", CultureInfo.InvariantCulture);

    private static string SkipTokenOf(ArmRequest request, Uri next) =>
        next.Query.TrimStart('?').Split('&')
            .Select(part => part.Split('=', 2))
            .Where(part => part.Length == 2 && string.Equals(Uri.UnescapeDataString(part[0]), "$skiptoken", StringComparison.OrdinalIgnoreCase))
            .Select(part => Uri.UnescapeDataString(part[1]))
            .FirstOrDefault()
        ?? throw new ToolException(ArmTransport.Tool, $"{request} was answered with a link to the next page without a $skipToken.");

    private static ActivityLogEvent ToEvent(WireEvent wire) => new(
        wire.EventDataId ?? "", wire.EventTimestamp, wire.Level ?? "", wire.OperationName?.Value ?? "", wire.Status?.Value ?? "")
    {
        SubStatus = wire.SubStatus?.Text is { Length: > 0 } text ? text : null,
        Category = wire.Category?.Value,
        Caller = wire.Caller,
        ResourceId = wire.ResourceId,
        ResourceGroup = wire.ResourceGroupName,
        CorrelationId = wire.CorrelationId,
        Description = string.IsNullOrEmpty(wire.Description) ? null : wire.Description,
    };
}
