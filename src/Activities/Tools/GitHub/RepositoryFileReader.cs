using System.Net;

namespace AtomicDevOps.Activities.Tools.GitHub;

/// <summary>Makes a file of what GitHub answers for a path.</summary>
internal static class RepositoryFileReader
{
    /// <param name="content">What is at the path; <see langword="null"/> for a directory, which GitHub answers with a list.</param>
    /// <param name="readRaw">Asks for the same path in its raw form.</param>
    /// <exception cref="GitHubRequestException">There is no file at the path.</exception>
    public static async Task<RepositoryFile> ReadAsync(
        GitHubRequest request, string path, WireContent? content, long maxBytes, Func<Task<byte[]>> readRaw)
    {
        if (content is not { Type: "file" })
        {
            var what = content is null ? "a directory" : $"a {content.Type}";
            throw new GitHubRequestException(
                GitHubTransport.Tool, $"{request}: there is {what} at '{path}', not a file.", HttpStatusCode.UnprocessableEntity, $"'{path}' is {what}.");
        }

        if (content.Size > maxBytes)
        {
            return new RepositoryFile(path, content.Sha, content.Size, Content: null);
        }

        // From 1 MiB on GitHub gives the content in its raw form only.
        var bytes = string.Equals(content.Encoding, "base64", StringComparison.Ordinal) ? Decode(request, content) : await readRaw();
        return new RepositoryFile(path, content.Sha, content.Size, bytes);
    }

    private static byte[] Decode(GitHubRequest request, WireContent content)
    {
        try
        {
            return Convert.FromBase64String(content.Content ?? "");
        }
        catch (FormatException exception)
        {
            throw GitHubTransport.NotGitHubs(request, exception);
        }
    }
}
