using AtomicDevOps.Activities.Tools.AzureResourceManager;
using Azure;
using Azure.Identity;

namespace AtomicDevOps.Activities.Tools.AzureClients;

/// <summary>Makes clear errors of what every client of Azure can meet before it gets an answer: no network, no credential, no time.</summary>
/// <param name="tool">Who asks.</param>
/// <param name="address">Who is asked.</param>
internal sealed class AzureFailures(string tool, Uri address, AzureResourceManagerOptions options)
{
    /// <summary>The HTTP client that Azure's pipelines send by.</summary>
    public const string ClientName = "Azure";

    /// <summary>Whether it is a failure of the exchange, rather than the caller's own wish to end it.</summary>
    public static bool IsFailure(Exception exception, CancellationToken caller) =>
        !(exception is OperationCanceledException && caller.IsCancellationRequested)
        && exception is RequestFailedException or AuthenticationFailedException or AzureTimeoutException or OperationCanceledException or IOException;

    /// <param name="what">What was asked.</param>
    /// <param name="exception">One without an answer.</param>
    public ToolException Translate(string what, Exception exception) => exception switch
    {
        RequestFailedException failure => new ToolUnavailableException(
            tool, $"{what}: {address.Authority} cannot be reached: {(failure.InnerException ?? failure).Message}", failure),
        CredentialUnavailableException failure => new ToolException(
            tool,
            $"{what}: there is no credential to prove who asks (Azure:Credential is {options.Credential}): {failure.Message}",
            failure),
        AuthenticationFailedException failure when IsOutage(failure) => new ToolUnavailableException(tool, $"{what}: no token can be had now: {failure.Message}", failure),
        AuthenticationFailedException failure => new ToolException(
            tool, $"{what}: the credential (Azure:Credential is {options.Credential}) was refused: {failure.Message}", failure),
        AzureTimeoutException failure => new ToolUnavailableException(tool, $"{what} got no answer within {options.Timeout} from {address.Authority}.", failure),
        IOException failure => new ToolUnavailableException(tool, $"{what}: the connection to {address.Authority} broke off within an answer: {failure.Message}", failure),
        _ => new ToolUnavailableException(tool, $"{what} got no token or no answer in time.", exception),
    };

    private static bool IsOutage(Exception? exception) => exception switch
    {
        null => false,
        RequestFailedException failure => failure.Status is 0 or 408 or 429 or >= 500,
        HttpRequestException or TaskCanceledException => true,
        _ => IsOutage(exception.InnerException),
    };
}
