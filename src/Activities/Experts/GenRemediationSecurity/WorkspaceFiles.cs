using System.Formats.Tar;
using System.Text;
using AtomicDevOps.Activities.Tools;
using AtomicDevOps.Activities.Tools.Artifacts;

namespace AtomicDevOps.Activities.Experts.GenRemediationSecurity;

/// <summary>Reads a few text files out of a tree's archive without unpacking it.</summary>
internal static class WorkspaceFiles
{
    private const long MaxBytes = 512 * 1024;
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Those that are plain files of UTF-8 text of at most 512 KiB; of a name that is there twice none.</summary>
    /// <exception cref="ToolException">The archive is damaged.</exception>
    public static async Task<IReadOnlyDictionary<string, string>> ReadAsync(
        IArtifactStore artifacts, WorkspaceReference workspace, IReadOnlySet<string> paths, CancellationToken cancellationToken)
    {
        var files = new Dictionary<string, string>(StringComparer.Ordinal);
        var seen = new HashSet<string>(StringComparer.Ordinal);
        await using var archive = await artifacts.OpenReadAsync(workspace.Archive.Key, cancellationToken);
        try
        {
            await using var reader = new TarReader(archive, leaveOpen: true);
            while (await reader.GetNextEntryAsync(copyData: false, cancellationToken) is { } entry)
            {
                var path = entry.Name.StartsWith("./", StringComparison.Ordinal) ? entry.Name[2..] : entry.Name;
                if (!paths.Contains(path))
                {
                    continue;
                }

                if (!seen.Add(path))
                {
                    files.Remove(path);
                }
                else if (entry is { EntryType: TarEntryType.RegularFile or TarEntryType.V7RegularFile, Length: <= MaxBytes, DataStream: { } data } && await ReadTextAsync(data, cancellationToken) is { } text)
                {
                    files.Add(path, text);
                }
            }
        }
        catch (Exception exception) when (exception is InvalidDataException or EndOfStreamException or FormatException)
        {
            throw new ToolException(GenRemediationSecurityExpert.Name, $"The workspace's archive is damaged: {exception.Message}", exception);
        }

        return files;
    }

    private static async Task<string?> ReadTextAsync(Stream data, CancellationToken cancellationToken)
    {
        using var content = new MemoryStream();
        await data.CopyToAsync(content, cancellationToken);
        try
        {
            var text = Strict.GetString(content.GetBuffer(), 0, (int)content.Length);
            return text.Contains('\0', StringComparison.Ordinal) ? null : text;
        }
        catch (DecoderFallbackException)
        {
            return null;
        }
    }
}
