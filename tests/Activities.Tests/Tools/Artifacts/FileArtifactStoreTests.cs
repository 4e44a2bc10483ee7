using AtomicDevOps.Activities.Tests.Support;
using AtomicDevOps.Activities.Tools.Artifacts;

namespace AtomicDevOps.Activities.Tests.Tools.Artifacts;

public sealed class FileArtifactStoreTests : ArtifactStoreContract, IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    private protected override Task<IArtifactStore> OpenAsync() => Task.FromResult<IArtifactStore>(RealTools.Artifacts(_directory));

    private protected override Task<int> CountAsync() => Task.FromResult(Directory.EnumerateFiles(_directory.Path, "*", SearchOption.AllDirectories).Count());
}
