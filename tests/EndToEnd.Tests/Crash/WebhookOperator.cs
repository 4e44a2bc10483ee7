using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using AtomicDevOps.EndToEnd.Tests.Harness;

namespace AtomicDevOps.EndToEnd.Tests.Crash;

/// <summary>
/// Has failed deliveries sent once more, as an operator does after an outage: a forge does not do so by itself.
/// Source: GitHub documentation, "Automatically redelivering failed deliveries for a repository webhook".
/// </summary>
internal sealed class WebhookOperator(Forge forge)
{
    private const int PageSize = 100;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    /// <summary>Asks for every delivery of which no attempt succeeded.</summary>
    /// <param name="eventName">Only events of this kind; null means all.</param>
    /// <returns>How many there were.</returns>
    public async Task<int> RedeliverAsync(ForgeRepository repository, string? eventName = null)
    {
        var client = await forge.AsAsync(repository.Owner);
        var hooks = await client.GetFromJsonAsync<JsonArray>($"/repos/{repository.FullName}/hooks", Cancelled);
        var address = string.Create(CultureInfo.InvariantCulture, $"/repos/{repository.FullName}/hooks/{hooks!.Single()!["id"]!.GetValue<long>()}/deliveries");
        var failed = (await ListAsync(client, address))
            .GroupBy(delivery => delivery.Guid)
            .Where(attempts => !attempts.Any(attempt => attempt.Succeeded))
            .Select(attempts => attempts.MaxBy(attempt => attempt.Id)!)
            .Where(delivery => eventName is null || string.Equals(delivery.Event, eventName, StringComparison.Ordinal))
            .OrderBy(delivery => delivery.Id)
            .ToList();
        foreach (var delivery in failed)
        {
            using var answer = await client.PostAsync(
                string.Create(CultureInfo.InvariantCulture, $"{address}/{delivery.Id}/attempts"), content: null, Cancelled);
            answer.EnsureSuccessStatusCode();
        }

        return failed.Count;
    }

    private static async Task<List<Delivery>> ListAsync(HttpClient client, string address)
    {
        var deliveries = new List<Delivery>();
        while (true)
        {
            var cursor = deliveries is [.., var last] ? string.Create(CultureInfo.InvariantCulture, $"&cursor={last.Id}") : "";
            var page = await client.GetFromJsonAsync<JsonArray>($"{address}?per_page={PageSize}{cursor}", Cancelled);
            deliveries.AddRange(page!.Select(delivery => new Delivery(
                delivery!["id"]!.GetValue<long>(),
                delivery["guid"]!.GetValue<string>(),
                delivery["event"]!.GetValue<string>(),
                delivery["status_code"]!.GetValue<int>() is >= 200 and < 300)));
            if (page!.Count < PageSize)
            {
                return deliveries;
            }
        }
    }

    private sealed record Delivery(long Id, string Guid, string Event, bool Succeeded);
}
