using Azure.Core;
using Azure.Core.Pipeline;

namespace AtomicDevOps.Activities.Tools.AzureResourceManager;

/// <summary>
/// Refuses requests to any host but the configured one and those below it. Answers name the addresses to ask next (next pages, operations),
/// and whoever is asked gets the token.
/// </summary>
internal sealed class ArmHostPolicy(Uri baseAddress) : HttpPipelinePolicy
{
    public override void Process(HttpMessage message, ReadOnlyMemory<HttpPipelinePolicy> pipeline)
    {
        Check(message);
        ProcessNext(message, pipeline);
    }

    public override ValueTask ProcessAsync(HttpMessage message, ReadOnlyMemory<HttpPipelinePolicy> pipeline)
    {
        Check(message);
        return ProcessNextAsync(message, pipeline);
    }

    private void Check(HttpMessage message)
    {
        var uri = message.Request.Uri.ToUri();
        var isOurs = uri.Scheme is "https"
            && uri.Port == baseAddress.Port
            && (string.Equals(uri.Host, baseAddress.Host, StringComparison.OrdinalIgnoreCase)
                || uri.Host.EndsWith($".{baseAddress.Host}", StringComparison.OrdinalIgnoreCase));
        if (!isOurs)
        {
            throw new ToolException(
                ArmTransport.Tool,
                $"an answer leads to {uri.Scheme}://{uri.Authority}, which is not {baseAddress.Host}; it is not followed, since it would get the token.");
        }
    }
}
