using AtomicDevOps.Activities.Tests.Support;
using AtomicDevOps.Activities.Tools.Logs;
using Microsoft.Extensions.Options;

namespace AtomicDevOps.Activities.Tests.Tools.Logs;

public sealed class FileStageLogTests : StageLogContract, IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    private protected override Task<IStageLog> OpenAsync(string? secret = null) => Task.FromResult<IStageLog>(
        new FileStageLog(Options.Create(new LogsOptions { Directory = _directory.Path, StageBytes = StageBytes }), new SecretRedactor(secret is null ? [] : [secret])));

    private protected override Task<string> KeptAsync() =>
        Task.FromResult(string.Concat(Directory.EnumerateFiles(_directory.Path, "*", SearchOption.AllDirectories).Select(File.ReadAllText)));
}
