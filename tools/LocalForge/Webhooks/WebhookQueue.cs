using System.Threading.Channels;

namespace AtomicDevOps.LocalForge.Webhooks;

/// <summary>Deliveries that wait to be sent, in the order in which they happened.</summary>
internal sealed class WebhookQueue
{
    private readonly Channel<long> _channel = Channel.CreateUnbounded<long>(new UnboundedChannelOptions { SingleReader = true });

    public void Add(long deliveryId) => _channel.Writer.TryWrite(deliveryId);

    public IAsyncEnumerable<long> ReadAllAsync(CancellationToken cancellationToken) => _channel.Reader.ReadAllAsync(cancellationToken);
}
