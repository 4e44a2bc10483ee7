using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Options;

namespace AtomicDevOps.Activities.Tools.GitHub;

/// <summary>The personal token of the configuration, or none.</summary>
internal sealed class PersonalTokenSource(IOptions<GitHubOptions> options) : IGitHubTokenSource
{
    public ValueTask<string?> GetTokenAsync(CancellationToken cancellationToken)
        => ValueTask.FromResult(string.IsNullOrWhiteSpace(options.Value.Token) ? null : options.Value.Token);
}

/// <summary>
/// Tokens of a GitHub App's installation: signed for with the app's key, good for an hour, renewed in time, asked for by one caller at a time.
/// https://docs.github.com/apps/creating-github-apps/authenticating-with-a-github-app/generating-a-json-web-token-jwt-for-a-github-app.
/// </summary>
internal sealed class AppTokenSource(IOptions<GitHubOptions> options, GitHubTransport transport, TimeProvider timeProvider)
    : IGitHubTokenSource, IDisposable
{
    private static readonly TimeSpan RenewBefore = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan StillUsable = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan ClockDrift = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan JwtLifetime = TimeSpan.FromMinutes(9);

    private readonly SemaphoreSlim _renewal = new(1, 1);
    private volatile InstallationToken? _current;

    public async ValueTask<string?> GetTokenAsync(CancellationToken cancellationToken)
    {
        if (_current is { } current && IsGood(current, RenewBefore))
        {
            return current.Token;
        }

        await _renewal.WaitAsync(cancellationToken);
        try
        {
            if (_current is { } renewed && IsGood(renewed, RenewBefore))
            {
                return renewed.Token;
            }

            _current = await RequestTokenAsync(cancellationToken);
            return _current.Token;
        }
        catch (ToolUnavailableException) when (_current is { } old && IsGood(old, StillUsable))
        {
            return old.Token;
        }
        finally
        {
            _renewal.Release();
        }
    }

    /// <summary>Forgets a token that GitHub refused before its time, for example because the app was suspended meanwhile.</summary>
    public void Forget(string token)
    {
        if (_current is { } current && string.Equals(current.Token, token, StringComparison.Ordinal))
        {
            _current = null;
        }
    }

    /// <summary>Proves to be the app itself, for some minutes.</summary>
    /// <exception cref="ToolException">The private key cannot be read.</exception>
    public string CreateJwt()
    {
        var app = options.Value.App ?? throw new InvalidOperationException("GitHub:App is not configured.");
        var now = timeProvider.GetUtcNow();
        var header = JsonSerializer.SerializeToUtf8Bytes(new { alg = "RS256", typ = "JWT" });
        var claims = JsonSerializer.SerializeToUtf8Bytes(new
        {
            iat = (now - ClockDrift).ToUnixTimeSeconds(),
            exp = (now + JwtLifetime).ToUnixTimeSeconds(),
            iss = app.Issuer,
        });
        var content = $"{Base64Url.EncodeToString(header)}.{Base64Url.EncodeToString(claims)}";
        try
        {
            using var rsa = RSA.Create();
            rsa.ImportFromPem(app.ReadPrivateKey());
            var signature = rsa.SignData(Encoding.ASCII.GetBytes(content), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
            return $"{content}.{Base64Url.EncodeToString(signature)}";
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException or CryptographicException)
        {
            throw new ToolException(
                GitHubTransport.Tool, "the app's private key cannot be read; check GitHub:App:PrivateKeyFile or GitHub:App:PrivateKey.", exception);
        }
    }

    public void Dispose() => _renewal.Dispose();

    private bool IsGood(InstallationToken token, TimeSpan margin) => token.ExpiresAt - timeProvider.GetUtcNow() > margin;

    private async Task<InstallationToken> RequestTokenAsync(CancellationToken cancellationToken)
    {
        var request = new GitHubRequest(HttpMethod.Post, $"app/installations/{options.Value.App!.InstallationId}/access_tokens")
        {
            Token = CreateJwt(),
            IsRepeatable = true,
        };
        var response = await transport.SendAsync(request, tokens: null, cancellationToken);
        return GitHubTransport.Read<InstallationToken>(request, response);
    }

    private sealed record InstallationToken(string Token, DateTimeOffset ExpiresAt)
    {
        public override string ToString() => $"installation token until {ExpiresAt:O}";
    }
}
