using Azure.Core;
using Azure.Core.Pipeline;

namespace AtomicDevOps.Activities.Tools.AzureClients;

/// <summary>
/// Sends in the clear what the pipeline takes for https: for a stand-in on loopback. The pipeline itself gives no token to an address without TLS,
/// and this keeps that rule for every other one.
/// </summary>
internal sealed class LoopbackPolicy : HttpPipelinePolicy
{
    public override void Process(HttpMessage message, ReadOnlyMemory<HttpPipelinePolicy> pipeline)
    {
        var uri = message.Request.Uri;
        uri.Scheme = Uri.UriSchemeHttp;
        try
        {
            ProcessNext(message, pipeline);
        }
        finally
        {
            uri.Scheme = Uri.UriSchemeHttps;
        }
    }

    public override async ValueTask ProcessAsync(HttpMessage message, ReadOnlyMemory<HttpPipelinePolicy> pipeline)
    {
        var uri = message.Request.Uri;
        uri.Scheme = Uri.UriSchemeHttp;
        try
        {
            await ProcessNextAsync(message, pipeline);
        }
        finally
        {
            uri.Scheme = Uri.UriSchemeHttps;
        }
    }
}
