using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;

namespace AtomicDevOps.EmbeddedHost.Triggers;

/// <summary>Where this host can be reached.</summary>
/// <param name="server">Null where nothing listens: then the address is the configured one.</param>
internal sealed class HostAddress(FunctionHostOptions options, IServer? server = null)
{
    /// <summary>Scheme and authority, without a slash at the end.</summary>
    /// <exception cref="InvalidOperationException">The host does not listen yet.</exception>
    public string BaseAddress => (options.PublicAddress ?? Listening()).GetLeftPart(UriPartial.Authority);

    private Uri Listening()
    {
        var address = server?.Features.Get<IServerAddressesFeature>()?.Addresses.FirstOrDefault()
            ?? throw new InvalidOperationException("The host does not listen yet. Ask for management links once it has started.");
        return new Uri(address
            .Replace("://+", "://localhost", StringComparison.Ordinal)
            .Replace("://*", "://localhost", StringComparison.Ordinal)
            .Replace("://0.0.0.0", "://localhost", StringComparison.Ordinal)
            .Replace("://[::]", "://localhost", StringComparison.Ordinal));
    }
}
