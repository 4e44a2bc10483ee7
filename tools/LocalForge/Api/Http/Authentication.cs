using System.Security.Cryptography;
using System.Text;

namespace AtomicDevOps.LocalForge.Api.Http;

/// <summary>Finds out who calls: <c>Bearer</c>, <c>token</c>, or <c>Basic</c> with the token as the password.</summary>
internal static class Authentication
{
    public static string Hash(string token) => Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(token)));

    /// <exception cref="ApiException">401: there are credentials, and they are not good.</exception>
    public static Caller Identify(Forge forge, HttpRequest request)
    {
        var header = request.Headers.Authorization.ToString();
        if (header.Length == 0)
        {
            return Caller.Anonymous;
        }

        var secret = ReadSecret(header) ?? throw BadCredentials();
        var hash = Hash(secret);
        var token = forge.Store.Tokens.FirstOrDefault(known => known.Sha256 == hash) ?? throw BadCredentials();
        return token.ExpiresAt <= forge.Options.TimeProvider.GetUtcNow()
            ? throw BadCredentials()
            : new Caller(forge.Store.Users[token.UserId], token);
    }

    /// <summary>The token in an Authorization header, or null where it has none.</summary>
    public static string? ReadSecret(string header)
    {
        var part = header.Split(' ', 2, StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        if (part.Length != 2)
        {
            return null;
        }

        if (part[0].Equals("bearer", StringComparison.OrdinalIgnoreCase) || part[0].Equals("token", StringComparison.OrdinalIgnoreCase))
        {
            return part[1];
        }

        var decoded = new byte[part[1].Length];
        if (!part[0].Equals("basic", StringComparison.OrdinalIgnoreCase) || !Convert.TryFromBase64String(part[1], decoded, out var length))
        {
            return null;
        }

        var pair = Encoding.UTF8.GetString(decoded, 0, length).Split(':', 2);
        return pair is [_, { Length: > 0 } password] ? password : pair[0];
    }

    public static ApiException BadCredentials() => new(StatusCodes.Status401Unauthorized, "Bad credentials");

    public static ApiException Required() => new(StatusCodes.Status401Unauthorized, "Requires authentication");
}
