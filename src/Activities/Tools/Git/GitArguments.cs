using System.Buffers;

namespace AtomicDevOps.Activities.Tools.Git;

/// <summary>Refuses everything that git could take for something else than it is meant to be.</summary>
internal static class GitArguments
{
    private const int MaxPathLength = 4_096;
    private const int MaxReferenceLength = 1_000;
    private static readonly SearchValues<char> ForbiddenInReference = SearchValues.Create(" ~^:?*[\\");

    /// <exception cref="ToolException">The URL is not absolute, has credentials, a query or a fragment, or its protocol is not allowed.</exception>
    public static Uri CloneUrl(string cloneUrl, GitOptions options)
    {
        if (cloneUrl.Any(character => char.IsControl(character) || char.IsWhiteSpace(character))
            || !Uri.TryCreate(cloneUrl, UriKind.Absolute, out var uri)
            || cloneUrl.StartsWith('/'))
        {
            throw Invalid("The clone URL is not an absolute URL. Use one like https://github.com/owner/name.git.");
        }

        if (uri.UserInfo.Length > 0 || uri.Query.Length > 0 || uri.Fragment.Length > 0)
        {
            throw Invalid("The clone URL holds credentials, a query or a fragment. Leave them out; credentials come from the configuration.");
        }

        var allowed = uri.Scheme switch
        {
            "https" => uri.Host.Length > 0,
            "http" => uri.Host.Length > 0 && (options.AllowHttp || uri.IsLoopback),
            "file" => options.AllowFileProtocol && uri.Host.Length == 0,
            _ => false,
        };
        return allowed && cloneUrl.StartsWith(uri.Scheme + "://", StringComparison.OrdinalIgnoreCase)
            ? uri
            : throw Invalid($"The clone URL's protocol '{uri.Scheme}' is not allowed. Use https; plain http works on loopback, elsewhere only with Git:AllowHttp.");
    }

    /// <exception cref="ToolException">Not a full, lower-case object id.</exception>
    public static string CommitSha(string sha) =>
        sha.Length is 40 or 64 && sha.All(char.IsAsciiHexDigitLower)
            ? sha
            : throw Invalid($"'{Shown(sha)}' is not a full commit id. It must be 40 or 64 lower-case hexadecimal digits.");

    /// <summary>The rules of <c>git check-ref-format</c>, for names below <c>refs/</c>.</summary>
    /// <exception cref="ToolException">The name is not a valid full reference.</exception>
    public static string Reference(string reference)
    {
        var valid = reference.StartsWith("refs/", StringComparison.Ordinal)
            && reference.Length <= MaxReferenceLength
            && !reference.EndsWith('.')
            && !reference.Contains("..", StringComparison.Ordinal)
            && !reference.Contains("@{", StringComparison.Ordinal)
            && !reference.AsSpan().ContainsAny(ForbiddenInReference)
            && !reference.Any(char.IsControl)
            && !reference.Any(char.IsSurrogate)
            && Array.TrueForAll(
                reference.Split('/'),
                part => part.Length > 0 && part[0] is not '.' and not '-' && !part.EndsWith(".lock", StringComparison.Ordinal));
        return valid
            ? reference
            : throw Invalid($"'{Shown(reference)}' is not a valid reference. Use a full name such as refs/heads/main, refs/pull/1/head or refs/tags/v1.");
    }

    /// <exception cref="ToolException">The path is not relative to the tree's root, or leaves it.</exception>
    public static string TreePath(string path)
    {
        var valid = path.Length is > 0 and <= MaxPathLength
            && !path.Any(char.IsControl)
            && Array.TrueForAll(path.Split('/'), part => part is not ("" or "." or ".."));
        return valid
            ? path
            : throw Invalid($"'{Shown(path)}' is not a path in the tree. Use one relative to its root, parted by '/', without '.' and '..'.");
    }

    /// <summary>Text from outside in a form that can do no harm in a message.</summary>
    private static string Shown(string text)
    {
        var shown = new string([.. text.Take(100).Select(character => char.IsControl(character) ? '?' : character)]);
        return text.Length > 100 ? shown + "…" : shown;
    }

    private static ToolException Invalid(string message) => new(GitTool.Name, message);
}
