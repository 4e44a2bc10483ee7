using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;

namespace AtomicDevOps.Activities.Tools.Docker;

internal static class DockerHttpHandler
{
    public static SocketsHttpHandler Create(DockerEndpoint endpoint)
    {
        var handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseProxy = false,
            UseCookies = false,
            ConnectTimeout = TimeSpan.FromSeconds(10),
            // A connection for each request: an engine that shuts down goes on answering on connections that it has,
            // and one that was restarted leaves dead ones behind.
            PooledConnectionLifetime = TimeSpan.Zero,
        };
        if (endpoint.SocketPath is { } path)
        {
            handler.ConnectCallback = (_, cancellationToken) => ConnectAsync(path, cancellationToken);
        }

        if (endpoint.CertificatePath is { } certificates)
        {
            handler.SslOptions = CreateSslOptions(certificates);
        }

        return handler;
    }

    private static async ValueTask<Stream> ConnectAsync(string path, CancellationToken cancellationToken)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private static SslClientAuthenticationOptions CreateSslOptions(string directory)
    {
        var authority = X509CertificateLoader.LoadCertificateFromFile(Path.Combine(directory, "ca.pem"));
        using var pem = X509Certificate2.CreateFromPemFile(Path.Combine(directory, "cert.pem"), Path.Combine(directory, "key.pem"));
        // Some TLS stacks cannot use a key that was loaded from PEM until it has been through PKCS #12.
        var client = X509CertificateLoader.LoadPkcs12(pem.Export(X509ContentType.Pkcs12), password: null);
        return new SslClientAuthenticationOptions
        {
            ClientCertificates = [client],
            CertificateChainPolicy = new X509ChainPolicy
            {
                TrustMode = X509ChainTrustMode.CustomRootTrust,
                CustomTrustStore = { authority },
                RevocationMode = X509RevocationMode.NoCheck,
            },
        };
    }
}
