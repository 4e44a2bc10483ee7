using System.Globalization;
using System.Net;
using System.Text.Json;
using AtomicDevOps.Activities.Tools.Http;
using AtomicDevOps.Activities.Tools.Logs;

namespace AtomicDevOps.Activities.Tools.Zap;

/// <summary>ZAP's JSON API: <c>/JSON/component/view|action/name/</c>, its key in a header, errors as <c>code</c> and <c>message</c>.</summary>
internal sealed class ZapApi(JsonTransport transport, Uri address, string? apiKey, SecretRedactor redactor)
{
    private const int MaxReason = 300;

    public Task<JsonElement> ViewAsync(string component, string name, CancellationToken cancellationToken, params (string Name, string Value)[] parameters) =>
        CallAsync(component, "view", name, parameters, isRepeatable: true, cancellationToken);

    /// <param name="isRepeatable">Whether doing it twice is the same as once.</param>
    public Task<JsonElement> ActAsync(
        string component, string name, bool isRepeatable, CancellationToken cancellationToken, params (string Name, string Value)[] parameters) =>
        CallAsync(component, "action", name, parameters, isRepeatable, cancellationToken);

    /// <summary>A text, or a number that ZAP wrote as one or as a text.</summary>
    public static string ReadText(JsonElement answer, string view, string property) => JsonAnswer.Find(answer, property) switch
    {
        { ValueKind: JsonValueKind.String } text => text.GetString()!,
        { ValueKind: JsonValueKind.Number } number => number.GetRawText(),
        _ => throw NotZaps(view, $"it lacks '{property}'"),
    };

    public static int ReadNumber(JsonElement answer, string view, string property) =>
        int.TryParse(ReadText(answer, view, property), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
            ? number
            : throw NotZaps(view, $"'{property}' is no number");

    public static ToolException NotZaps(string view, string problem) =>
        new(ZapClient.ToolName, $"{view} was answered in a form that is not ZAP's: {problem}. Is Zap:Address right?");

    private async Task<JsonElement> CallAsync(
        string component, string type, string name, (string Name, string Value)[] parameters, bool isRepeatable, CancellationToken cancellationToken)
    {
        var query = string.Join('&', parameters.Select(pair => $"{pair.Name}={Uri.EscapeDataString(pair.Value)}"));
        var request = new JsonRequest(
            HttpMethod.Get, new Uri(address, $"JSON/{component}/{type}/{name}/{(query.Length == 0 ? "" : $"?{query}")}"), $"{component}/{type}/{name}")
        {
            Headers = string.IsNullOrEmpty(apiKey) ? [] : [("X-ZAP-API-Key", apiKey)],
            IsRepeatable = isRepeatable,
        };
        JsonAnswer answer;
        try
        {
            answer = await transport.SendAsync(request, cancellationToken);
        }
        catch (ToolUnavailableException exception) when (exception.InnerException is HttpRequestException { HttpRequestError: HttpRequestError.ResponseEnded or HttpRequestError.Unknown })
        {
            throw new ToolUnavailableException(
                ZapClient.ToolName,
                $"{request}: the connection was closed without an answer, which is what ZAP does where the key is wrong or the caller's address is not permitted: "
                + "check Zap:ApiKey and ZAP's api.addrs.",
                exception);
        }

        if ((int)answer.Status is >= 200 and < 300)
        {
            return answer.Body.ValueKind == JsonValueKind.Object ? answer.Body : throw NotZaps(request.Name, "it is no object");
        }

        var code = JsonAnswer.FindText(answer.Body, "code") ?? "";
        var words = Redact($"{code} {JsonAnswer.FindText(answer.Body, "message")} {JsonAnswer.FindText(answer.Body, "detail")}".Trim());
        var told = string.Create(
            CultureInfo.InvariantCulture, $"{request} was answered with {(int)answer.Status}: {(words.Length > MaxReason ? words[..MaxReason] : words)}");
        throw (answer.Status, code) switch
        {
            (_, "bad_api_key") or (HttpStatusCode.Unauthorized, _) => new ZapRequestException($"{told}. Set Zap:ApiKey to ZAP's api.key.", code),
            (_, "no_implementor" or "bad_action" or "bad_view") => new ZapRequestException($"{told}. Install the add-on that brings it.", code),
            ( >= HttpStatusCode.InternalServerError, _) => new ToolUnavailableException(ZapClient.ToolName, $"{told}."),
            _ => new ZapRequestException($"{told}.", code),
        };
    }

    private string Redact(string text) =>
        redactor.Redact(string.IsNullOrEmpty(apiKey) ? text : text.Replace(apiKey, SecretRedactor.Replacement, StringComparison.Ordinal));
}
