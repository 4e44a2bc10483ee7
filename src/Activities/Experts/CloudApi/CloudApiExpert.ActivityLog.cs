using AtomicDevOps.Activities.Tools.AzureResourceManager;
using AtomicDevOps.Primitives.Workflow;
using Microsoft.Azure.Functions.Worker;

namespace AtomicDevOps.Activities.Experts.CloudApi;

public sealed partial class CloudApiExpert
{
    private static readonly TimeSpan Retention = TimeSpan.FromDays(90);

    public static ActivityCall<QueryActivityLogRequest, ActivityLogPage> QueryActivityLog { get; } = new("CloudApiExpert_QueryActivityLog");

    /// <summary>What happened in the subscription, the latest first, without what callers sent.</summary>
    [Function("CloudApiExpert_QueryActivityLog")]
    public async Task<ActivityLogPage> QueryActivityLogAsync([ActivityTrigger] QueryActivityLogRequest input, CancellationToken cancellationToken)
    {
        var now = timeProvider.GetUtcNow();
        var to = input.To ?? now;
        Require(input.From < to, $"From is {input.From:O}, which is not before To, {to:O}.");
        Require(input.From >= now - Retention, $"From is {input.From:O}; Azure keeps the activity log for {Retention.TotalDays:0} days.");
        Require(input.Most is >= 1 and <= 5000, $"Most is {input.Most}; right would be 1 to 5000.");
        Require(input.Continuation is null || input.To is not null, "To go on after an earlier answer takes the same To.");
        string?[] filters = [input.ResourceGroup, input.ResourceId, input.ResourceProvider, input.CorrelationId];
        Require(filters.Count(filter => filter is not null) <= 1, "Give at most one of ResourceGroup, ResourceId, ResourceProvider and CorrelationId.");

        var filter = new ActivityLogFilter(input.From, to)
        {
            ResourceGroup = input.ResourceGroup,
            ResourceId = input.ResourceId,
            ResourceProvider = input.ResourceProvider,
            CorrelationId = input.CorrelationId,
        };
        var events = new List<ActivityLogEvent>();
        var continuation = input.Continuation;
        do
        {
            var page = await arm.ListActivityLogAsync(filter, continuation, cancellationToken);
            events.AddRange(page.Events);
            continuation = page.Continuation;
        }
        while (continuation is not null && events.Count < input.Most);

        return new ActivityLogPage(events, continuation);
    }
}
