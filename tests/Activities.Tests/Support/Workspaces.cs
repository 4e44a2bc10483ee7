using System.Formats.Tar;
using System.Text;
using AtomicDevOps.Activities.Tools.Artifacts;

namespace AtomicDevOps.Activities.Tests.Support;

/// <summary>Trees and values in a store, as other activities leave them there.</summary>
internal static class Workspaces
{
    public static async Task<WorkspaceReference> PackAsync(this IArtifactStore artifacts, string key, params IReadOnlyList<(string Path, string Content)> files)
    {
        var archive = await artifacts.WriteAsync(
            key,
            async (stream, token) =>
            {
                await using var writer = new TarWriter(stream, TarEntryFormat.Pax, leaveOpen: true);
                foreach (var (path, content) in files)
                {
                    var entry = content.StartsWith("-> ", StringComparison.Ordinal)
                        ? new PaxTarEntry(TarEntryType.SymbolicLink, path) { LinkName = content[3..] }
                        : new PaxTarEntry(TarEntryType.RegularFile, path) { DataStream = new MemoryStream(Encoding.UTF8.GetBytes(content)) };
                    await writer.WriteEntryAsync(entry, token);
                }
            },
            TestContext.Current.CancellationToken);
        return new WorkspaceReference(archive, new string('a', 40), files.Count);
    }
}
