using System.Net;
using System.Text.RegularExpressions;

namespace AtomicDevOps.Activities.Tools.Blobs;

/// <summary>
/// The address of a blob container: <c>https://ACCOUNT.blob.core.windows.net/CONTAINER</c>, and on loopback, for Azurite, with the account in the path:
/// <c>http://127.0.0.1:10000/devstoreaccount1/CONTAINER</c>.
/// </summary>
internal sealed partial record BlobContainerAddress(Uri Uri, string Container)
{
    /// <summary>The account that Azurite has, and its key, which is no secret: https://learn.microsoft.com/azure/storage/common/storage-connect-azurite.</summary>
    private const string DevelopmentAccount = "devstoreaccount1";
    private const string DevelopmentKey = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

    /// <summary>The name and key of the account, where everybody knows them; <see langword="null"/> where only an identity is let in.</summary>
    public (string Name, string Key)? PublishedAccount =>
        Uri.IsLoopback && Uri.AbsolutePath.StartsWith($"/{DevelopmentAccount}/", StringComparison.Ordinal) ? (DevelopmentAccount, DevelopmentKey) : null;

    /// <exception cref="FormatException">It is no such address.</exception>
    public static BlobContainerAddress Parse(string text) =>
        FindProblem("The address", text) is { } problem ? throw new FormatException(problem) : Read(new Uri(text, UriKind.Absolute));

    /// <summary>What is wrong with a setting, without what it may hold in secret; <see langword="null"/> where nothing is.</summary>
    public static string? FindProblem(string key, string? text)
    {
        const string Right = "right would be an address such as https://ACCOUNT.blob.core.windows.net/CONTAINER";
        if (text is null)
        {
            return null;
        }

        if (!Uri.TryCreate(text, UriKind.Absolute, out var uri) || uri.Scheme is not ("https" or "http"))
        {
            return $"{key} is no address; {Right}.";
        }

        if (uri.UserInfo.Length > 0 || uri.Query.Length > 0 || uri.Fragment.Length > 0)
        {
            return $"{key} holds a user, a query or a fragment; {Right}, without a shared access signature: the identity of Azure:Credential is let in by its role.";
        }

        if (uri.Scheme is "http" && !uri.IsLoopback)
        {
            return $"{key} is '{text}': a token would cross the network in the clear. Use https; http is for loopback addresses only.";
        }

        if (uri.IsLoopback && (!IPAddress.TryParse(uri.Host.Trim('[', ']'), out _) || uri.Segments.Length != 3))
        {
            return $"{key} is '{text}'; on loopback right would be an address such as http://127.0.0.1:10000/{DevelopmentAccount}/CONTAINER.";
        }

        if (!uri.IsLoopback && uri.Segments.Length != 2)
        {
            return $"{key} is '{text}', which names no container or more than that; {Right}.";
        }

        return ContainerName.IsMatch(Read(uri).Container)
            ? null
            : $"{key} is '{text}'; the name of a container has 3 to 63 lower-case letters, digits and single hyphens, and begins and ends with a letter or digit.";
    }

    public override string ToString() => Uri.AbsoluteUri;

    private static BlobContainerAddress Read(Uri uri) => new(new Uri(uri.AbsoluteUri.TrimEnd('/')), uri.Segments[^1].TrimEnd('/'));

    [GeneratedRegex("^(?=.{3,63}$)[a-z0-9]+(?:-[a-z0-9]+)*$", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex ContainerName { get; }
}
