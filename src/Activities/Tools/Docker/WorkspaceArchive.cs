using System.Formats.Tar;

namespace AtomicDevOps.Activities.Tools.Docker;

/// <summary>Copies a source tree's tar archive entry by entry, as a stream, for a container or a build.</summary>
internal static class WorkspaceArchive
{
    private const UnixFileMode DirectoryMode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute
        | UnixFileMode.GroupRead | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute;

    /// <summary>
    /// Copies regular files, directories and symbolic links, all owned by <paramref name="owner"/>; each file's directories come before it.
    /// </summary>
    /// <param name="source">The archive; <see langword="null"/> is an empty tree.</param>
    /// <param name="map">The path that an entry's path becomes; <see langword="null"/> leaves the entry out.</param>
    /// <param name="root">The directory that is there even where the tree is empty.</param>
    /// <exception cref="ToolException">The archive holds something else, or a path that leads out of the tree.</exception>
    public static async Task CopyAsync(
        Stream? source, TarWriter destination, int owner, Func<string, string?> map, CancellationToken cancellationToken, string root = ".")
    {
        var directories = new HashSet<string>(StringComparer.Ordinal);
        await WriteDirectoryAsync(root);
        if (source is null)
        {
            return;
        }

        await using var reader = new TarReader(source, leaveOpen: true);
        while (await GetNextEntryAsync(reader, cancellationToken) is { } entry)
        {
            if (entry.EntryType is TarEntryType.GlobalExtendedAttributes)
            {
                continue;
            }

            if (map(NormalisePath(entry.Name)) is not { Length: > 0 } path)
            {
                continue;
            }

            for (var slash = path.IndexOf('/', StringComparison.Ordinal); slash >= 0; slash = path.IndexOf('/', slash + 1))
            {
                await WriteDirectoryAsync(path[..slash]);
            }

            switch (entry.EntryType)
            {
                case TarEntryType.Directory:
                    await WriteDirectoryAsync(path);
                    break;
                case TarEntryType.RegularFile or TarEntryType.V7RegularFile or TarEntryType.ContiguousFile:
                    await using (var data = entry.DataStream is null ? null : new LengthStream(entry.DataStream, entry.Length))
                    {
                        await WriteAsync(new GnuTarEntry(TarEntryType.RegularFile, path) { Mode = entry.Mode, ModificationTime = entry.ModificationTime, DataStream = data });
                    }

                    break;
                case TarEntryType.SymbolicLink:
                    await WriteAsync(new GnuTarEntry(TarEntryType.SymbolicLink, path) { LinkName = entry.LinkName, ModificationTime = entry.ModificationTime });
                    break;
                default:
                    throw Invalid($"'{entry.Name}' is a {entry.EntryType}; a source tree holds files, directories and symbolic links.");
            }
        }

        async Task WriteDirectoryAsync(string path)
        {
            if (directories.Add(path))
            {
                await WriteAsync(new GnuTarEntry(TarEntryType.Directory, $"{path}/") { Mode = DirectoryMode, ModificationTime = DateTimeOffset.UnixEpoch });
            }
        }

        async Task WriteAsync(GnuTarEntry entry)
        {
            entry.Uid = owner;
            entry.Gid = owner;
            await destination.WriteEntryAsync(entry, cancellationToken);
        }
    }

    /// <summary>Reads small files of an archive, and finds out whether a directory is there.</summary>
    /// <param name="directory">Its normalised path; empty is the root.</param>
    /// <param name="limit">The largest file that is read, in bytes.</param>
    /// <returns>The content of those that exist, by path; <see langword="null"/> for one that is too large.</returns>
    public static async Task<(IReadOnlyDictionary<string, byte[]?> Files, bool HasDirectory)> ReadFilesAsync(
        Stream source,
        IReadOnlySet<string> paths,
        string directory,
        int limit,
        CancellationToken cancellationToken)
    {
        var files = new Dictionary<string, byte[]?>(StringComparer.Ordinal);
        var hasDirectory = directory.Length == 0;
        await using var reader = new TarReader(source, leaveOpen: true);
        while (!(hasDirectory && files.Count == paths.Count) && await GetNextEntryAsync(reader, cancellationToken) is { } entry)
        {
            if (entry.EntryType is TarEntryType.GlobalExtendedAttributes)
            {
                continue;
            }

            var path = NormalisePath(entry.Name);
            hasDirectory = hasDirectory
                || path.StartsWith($"{directory}/", StringComparison.Ordinal)
                || (entry.EntryType is TarEntryType.Directory && string.Equals(path, directory, StringComparison.Ordinal));
            if (entry.EntryType is not (TarEntryType.RegularFile or TarEntryType.V7RegularFile) || !paths.Contains(path))
            {
                continue;
            }

            if (entry.Length > limit)
            {
                files[path] = null;
                continue;
            }

            var content = new byte[entry.Length];
            if (entry.DataStream is { } data)
            {
                await data.ReadExactlyAsync(content, cancellationToken);
            }

            files[path] = content;
        }

        return (files, hasDirectory);
    }

    /// <summary>Makes <c>./a//b/</c> to <c>a/b</c>, and the tree's root to nothing.</summary>
    /// <exception cref="ToolException">The path is absolute or climbs.</exception>
    public static string NormalisePath(string path)
    {
        if (path.StartsWith('/') || path.Contains('\0', StringComparison.Ordinal))
        {
            throw Invalid($"'{path}' is not relative to the tree's root.");
        }

        var segments = path.Split('/', StringSplitOptions.RemoveEmptyEntries).Where(segment => segment is not ".").ToArray();
        return segments.Contains("..", StringComparer.Ordinal)
            ? throw Invalid($"'{path}' leads out of the tree.")
            : string.Join('/', segments);
    }

    private static async ValueTask<TarEntry?> GetNextEntryAsync(TarReader reader, CancellationToken cancellationToken)
    {
        try
        {
            return await reader.GetNextEntryAsync(copyData: false, cancellationToken);
        }
        catch (Exception exception) when (exception is InvalidDataException or EndOfStreamException)
        {
            throw new ToolException(DockerEngineClient.ToolName, $"the workspace's archive cannot be read: {exception.Message}", exception);
        }
    }

    private static ToolException Invalid(string what) => new(DockerEngineClient.ToolName, $"the workspace's archive cannot be used: {what}");

    /// <summary>Tells the length of a stream that cannot: a tar entry's size comes before its data.</summary>
    private sealed class LengthStream(Stream source, long length) : ReadOnlyStream
    {
        private long _position;

        public override bool CanSeek => true;

        public override long Length => length;

        public override long Position
        {
            get => _position;
            set => throw new NotSupportedException();
        }

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            var read = await source.ReadAsync(buffer, cancellationToken);
            _position += read;
            return read;
        }

        public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
            ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

        public override int Read(byte[] buffer, int offset, int count)
        {
            var read = source.Read(buffer, offset, count);
            _position += read;
            return read;
        }
    }
}
