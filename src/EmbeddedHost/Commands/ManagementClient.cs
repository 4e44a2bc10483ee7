using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using AtomicDevOps.EmbeddedHost.Triggers.Management;

namespace AtomicDevOps.EmbeddedHost.Commands;

/// <summary>Which instances; whatever is null does not filter.</summary>
internal sealed record InstanceFilter(
    IReadOnlyList<string> Statuses, string? Prefix, string? Name, DateTimeOffset? CreatedFrom, DateTimeOffset? CreatedTo);

/// <summary>Instances as the management API lists them, and where the list goes on.</summary>
internal sealed record InstancePage(JsonArray Instances, string? Continuation);

/// <summary>Calls the management API, and turns its answers into results or into errors for people.</summary>
internal sealed class ManagementClient(HttpClient http)
{
    private const string Instances = ManagementApi.BasePath + "/instances";
    private const int LargestPage = 1000;

    /// <param name="top">How many at most.</param>
    public async Task<InstancePage> ListAsync(InstanceFilter filter, int top, string? continuation, CancellationToken cancellation)
    {
        var found = new JsonArray();
        do
        {
            var page = await ReadPageAsync(filter, Math.Min(top - found.Count, LargestPage), continuation, cancellation);
            continuation = page.Continuation;
            foreach (var instance in page.Instances)
            {
                found.Add(instance!.DeepClone());
            }
        }
        while (continuation is not null && found.Count < top);

        return new InstancePage(found, continuation);
    }

    /// <exception cref="CommandException">There is no such instance.</exception>
    public async Task<JsonObject> GetAsync(string id, IReadOnlyDictionary<string, string> query, CancellationToken cancellation)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, Address(id, "", query));
        using var response = await SendAsync(request, id, cancellation);
        return (await response.Content.ReadFromJsonAsync<JsonObject>(cancellation))!;
    }

    /// <param name="operation">The last part of the route, such as <c>terminate</c>.</param>
    /// <exception cref="CommandException">There is no such instance, or it has ended.</exception>
    public async Task<JsonObject?> PostAsync(
        string id, string operation, IReadOnlyDictionary<string, string> query, string? json, CancellationToken cancellation)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, Address(id, "/" + operation, query));
        request.Content = json is null ? null : new StringContent(json, Encoding.UTF8, "application/json");
        using var response = await SendAsync(request, id, cancellation);
        return await response.Content.ReadAsStringAsync(cancellation) is { Length: > 0 } body ? JsonNode.Parse(body)?.AsObject() : null;
    }

    /// <exception cref="CommandException">There is no such instance, or it has not ended.</exception>
    public async Task PurgeAsync(string id, CancellationToken cancellation)
    {
        using var request = new HttpRequestMessage(HttpMethod.Delete, Address(id, "", []));
        using var response = await SendAsync(request, id, cancellation);
    }

    /// <returns>How many were purged.</returns>
    public async Task<int> PurgeAsync(InstanceFilter filter, CancellationToken cancellation)
    {
        var from = filter with { CreatedFrom = filter.CreatedFrom ?? DateTimeOffset.MinValue };
        using var request = new HttpRequestMessage(HttpMethod.Delete, Instances + Query(Parameters(from)));
        using var response = await SendAsync(request, id: null, cancellation);
        return response.StatusCode == HttpStatusCode.NotFound
            ? 0
            : (await response.Content.ReadFromJsonAsync<JsonObject>(cancellation))!["instancesDeleted"]!.GetValue<int>();
    }

    private static string Address(string id, string rest, IEnumerable<KeyValuePair<string, string>> query) =>
        $"{Instances}/{Uri.EscapeDataString(id)}{rest}{Query(query)}";

    private static string Query(IEnumerable<KeyValuePair<string, string>> values)
    {
        var query = string.Join('&', values.Select(value => $"{value.Key}={Uri.EscapeDataString(value.Value)}"));
        return query.Length == 0 ? "" : "?" + query;
    }

    private static Dictionary<string, string> Parameters(InstanceFilter filter)
    {
        var values = new Dictionary<string, string>(StringComparer.Ordinal);
        Add("runtimeStatus", filter.Statuses.Count == 0 ? null : string.Join(',', filter.Statuses));
        Add("instanceIdPrefix", filter.Prefix);
        Add("name", filter.Name);
        Add("createdTimeFrom", Time(filter.CreatedFrom));
        Add("createdTimeTo", Time(filter.CreatedTo));
        return values;

        void Add(string name, string? value)
        {
            if (value is not null)
            {
                values[name] = value;
            }
        }

        static string? Time(DateTimeOffset? time) => time?.UtcDateTime.ToString("O", System.Globalization.CultureInfo.InvariantCulture);
    }

    private async Task<InstancePage> ReadPageAsync(InstanceFilter filter, int top, string? continuation, CancellationToken cancellation)
    {
        var query = Parameters(filter);
        query["top"] = top.ToString(System.Globalization.CultureInfo.InvariantCulture);
        query["showInput"] = "false";
        using var request = new HttpRequestMessage(HttpMethod.Get, Instances + Query(query));
        if (continuation is not null)
        {
            request.Headers.TryAddWithoutValidation(ManagementApi.ContinuationHeader, continuation);
        }

        using var response = await SendAsync(request, id: null, cancellation);
        var instances = await response.Content.ReadFromJsonAsync<JsonArray>(cancellation);
        return new InstancePage(
            instances!, response.Headers.TryGetValues(ManagementApi.ContinuationHeader, out var next) ? next.FirstOrDefault() : null);
    }

    /// <param name="id">The instance that the request is about; null if it is about many, none of which is no error.</param>
    private async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, string? id, CancellationToken cancellation)
    {
        HttpResponseMessage response;
        try
        {
            response = await http.SendAsync(request, cancellation);
        }
        catch (HttpRequestException exception)
        {
            throw new CommandException($"The host at {http.BaseAddress} does not answer: {exception.Message} Try again, or look at its log.");
        }

        if (response.IsSuccessStatusCode || (id is null && response.StatusCode == HttpStatusCode.NotFound))
        {
            return response;
        }

        using (response)
        {
            throw await ErrorAsync(response, id, cancellation);
        }
    }

    private async Task<CommandException> ErrorAsync(HttpResponseMessage response, string? id, CancellationToken cancellation) => response.StatusCode switch
    {
        HttpStatusCode.NotFound => new CommandException($"There is no instance '{id}'.", ExitCode.NotFound),
        HttpStatusCode.Gone => new CommandException($"Instance '{id}' has ended, and nothing can reach it. 'instances show' says how; 'instances restart' starts it anew."),
        HttpStatusCode.Unauthorized => new CommandException(
            $"The host at {http.BaseAddress} has another key than this command found. Run it with the configuration that the host has ('Host:Keys:durabletask_extension')."),
        var status => new CommandException(await DetailAsync(response, cancellation) ?? $"The host answered {(int)status} {status}. Its log says why."),
    };

    private static async Task<string?> DetailAsync(HttpResponseMessage response, CancellationToken cancellation)
    {
        try
        {
            return (await response.Content.ReadFromJsonAsync<JsonObject>(cancellation))?["detail"]?.GetValue<string>();
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
