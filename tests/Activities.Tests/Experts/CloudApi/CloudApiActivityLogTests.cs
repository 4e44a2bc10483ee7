using System.Text.Json;
using AtomicDevOps.Activities.Experts.CloudApi;
using AtomicDevOps.Activities.Tests.Tools.AzureResourceManager;
using AtomicDevOps.Activities.Tools;

namespace AtomicDevOps.Activities.Tests.Experts.CloudApi;

public sealed class CloudApiActivityLogTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_page_of_the_span_is_read_the_latest_first()
    {
        await using var arm = await StartAsync();
        var now = arm.Clock.GetUtcNow();

        var found = await arm.Expert.QueryActivityLogAsync(new QueryActivityLogRequest(now.AddHours(-4.5)), Cancellation);

        found.Events.Select(each => each.Operation).ShouldBe(["o1", "o2", "o3", "o4"]);
        found.Continuation.ShouldBeNull();
        var first = found.Events[0];
        (first.Level, first.Status, first.SubStatus, first.Category, first.Caller).ShouldBe(
            ("Informational", "Succeeded", "OK (HTTP Status Code: 200)", "Administrative", "operator@example.com"));
        first.Timestamp.ShouldBe(now.AddHours(-1));
        arm.Azure.Requests.Count.ShouldBe(2);
    }

    [Fact]
    public async Task What_callers_sent_is_not_even_asked_for()
    {
        await using var arm = await StartAsync();

        var found = await arm.Expert.QueryActivityLogAsync(new QueryActivityLogRequest(arm.Clock.GetUtcNow().AddHours(-9)), Cancellation);

        JsonSerializer.Serialize(found).ShouldNotContain("sent-by-a-caller");
        arm.Azure.Requests[0].Query["$select"].Split(',').ShouldNotContain("properties");
    }

    [Fact]
    public async Task A_long_answer_can_be_gone_on_with()
    {
        await using var arm = await StartAsync();
        var request = new QueryActivityLogRequest(arm.Clock.GetUtcNow().AddHours(-9)) { To = arm.Clock.GetUtcNow(), Most = 2 };

        var operations = new List<string>();
        do
        {
            var page = await arm.Expert.QueryActivityLogAsync(request, Cancellation);
            operations.AddRange(page.Events.Select(each => each.Operation));
            request = request with { Continuation = page.Continuation };
        }
        while (request.Continuation is not null);

        operations.ShouldBe(["o1", "o2", "o3", "o4", "o5"]);
        arm.Azure.Requests.Count.ShouldBe(3);
    }

    [Fact]
    public async Task Events_are_filtered_by_one_thing_besides_time()
    {
        await using var arm = await StartAsync();
        var from = arm.Clock.GetUtcNow().AddHours(-9);
        var resource = $"/subscriptions/{ArmStandIn.SubscriptionId}/resourceGroups/odd/providers/Microsoft.Web/sites/app";

        (await Count(new QueryActivityLogRequest(from) { ResourceGroup = "odd" })).ShouldBe(3);
        (await Count(new QueryActivityLogRequest(from) { ResourceId = resource })).ShouldBe(3);
        (await Count(new QueryActivityLogRequest(from) { ResourceProvider = "Microsoft.Web" })).ShouldBe(5);
        (await Count(new QueryActivityLogRequest(from) { CorrelationId = "another" })).ShouldBe(0);

        async Task<int> Count(QueryActivityLogRequest request) => (await arm.Expert.QueryActivityLogAsync(request, Cancellation)).Events.Count;
    }

    [Fact]
    public async Task What_Azure_cannot_answer_is_refused_before_anything_is_sent()
    {
        await using var arm = await StartAsync();
        var now = arm.Clock.GetUtcNow();
        (QueryActivityLogRequest Request, string Problem)[] wrong =
        [
            (new(now.AddDays(-91)), "90 days"),
            (new(now) { To = now.AddHours(-1) }, "not before To"),
            (new(now.AddHours(-1)) { Most = 0 }, "1 to 5000"),
            (new(now.AddHours(-1)) { Continuation = "2" }, "takes the same To"),
            (new(now.AddHours(-1)) { ResourceGroup = "a", CorrelationId = "b" }, "at most one"),
        ];

        foreach (var (request, problem) in wrong)
        {
            (await Should.ThrowAsync<ArgumentException>(() => arm.Expert.QueryActivityLogAsync(request, Cancellation))).Message.ShouldContain(problem);
        }

        arm.Azure.Requests.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_quote_cannot_change_the_filter()
    {
        await using var arm = await StartAsync();

        // The stand-in, as Azure, takes no filter of another form.
        var failure = await Should.ThrowAsync<ToolException>(() => arm.Expert.QueryActivityLogAsync(
            new QueryActivityLogRequest(arm.Clock.GetUtcNow().AddHours(-9)) { ResourceGroup = "odd' or resourceGroupName eq 'even" }, Cancellation));

        failure.Message.ShouldContain("$filter is invalid");
        arm.Azure.Requests[0].Query["$filter"].ShouldContain("resourceGroupName eq 'odd'' or resourceGroupName eq ''even'");
    }

    private static async Task<ArmHarness> StartAsync()
    {
        var arm = await ArmHarness.StartAsync();
        for (var hour = 1; hour <= 5; hour++)
        {
            arm.Azure.AddEvent(arm.Clock.GetUtcNow().AddHours(-hour), $"o{hour}", hour % 2 == 1 ? "odd" : "even", secret: "sent-by-a-caller");
        }

        return arm;
    }
}
