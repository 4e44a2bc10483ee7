using System.Diagnostics;
using System.Reflection;
using System.Runtime.InteropServices;
using Processor = System.Runtime.InteropServices.Architecture;

namespace AtomicDevOps.Architecture.Tests.Infra;

/// <summary>The real compiler, on a copy of infra: the one of the tests' own package on x64 Linux, elsewhere the one in PATH.</summary>
public sealed class BicepCompiler : IDisposable
{
    private const string Subscription = "00000000-0000-0000-0000-000000000001";
    private const string Tenant = "00000000-0000-0000-0000-000000000002";

    private readonly Lock _oneAtATime = new();
    private readonly string? _program = Find();

    public BicepCompiler()
    {
        var source = Path.Combine(Repository.Root, "infra");
        foreach (var file in Directory.EnumerateFiles(source, "*", SearchOption.AllDirectories).Append(Path.Combine(Repository.Root, "host.json")))
        {
            var copy = Path.Combine(Root, Path.GetRelativePath(Repository.Root, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy);
        }
    }

    /// <summary>Stands for the repository's root.</summary>
    public string Root { get; } = Directory.CreateTempSubdirectory("bicep-").FullName;

    public void Dispose() => Directory.Delete(Root, recursive: true);

    /// <summary>What the compiler says of a file, a line each.</summary>
    internal IReadOnlyList<string> Compile(string file) =>
        Run(file.EndsWith(".bicepparam", StringComparison.Ordinal) ? ["build-params", file, "--stdout"] : ["build", file, "--stdout"]).Diagnostics;

    /// <summary>What a file of parameters would make of Azure, evaluated as far as that goes without it.</summary>
    internal Deployment Evaluate(string file)
    {
        var (failed, diagnostics) = Run(["snapshot", file, "--mode", "Overwrite", "--subscription-id", Subscription, "--tenant-id", Tenant, "--location", "westeurope"]);
        failed.ShouldBeFalse(string.Join('\n', diagnostics));
        return Deployment.Read(Path.Combine(Root, Path.ChangeExtension(file, ".snapshot.json")));
    }

    internal void Write(string file, string text) => File.WriteAllText(Path.Combine(Root, file), text);

    private (bool Failed, IReadOnlyList<string> Diagnostics) Run(string[] arguments)
    {
        if (_program is null)
        {
            const string Missing = "Needs a Bicep compiler in PATH.";
            Assert.SkipUnless(Environment.GetEnvironmentVariable("CI") is "true", Missing);
            Assert.Fail(Missing);
        }

        var start = new ProcessStartInfo(_program, arguments) { WorkingDirectory = Root, RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };
        start.Environment["AZURE_ENV_NAME"] = "test";
        start.Environment["AZURE_LOCATION"] = "westeurope";
        lock (_oneAtATime)
        {
            using var process = Process.Start(start)!;
            var output = process.StandardOutput.ReadToEndAsync(CancellationToken.None);
            var errors = process.StandardError.ReadToEnd();
            output.GetAwaiter().GetResult();
            process.WaitForExit();
            return (process.ExitCode != 0, errors.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries));
        }
    }

    private static string? Find()
    {
        if (OperatingSystem.IsLinux() && RuntimeInformation.ProcessArchitecture is Processor.X64)
        {
            return Assembly.GetExecutingAssembly().GetCustomAttributes<AssemblyMetadataAttribute>().Single(metadata => metadata.Key is "BicepCompiler").Value;
        }

        return (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
            .Select(directory => Path.Combine(directory, OperatingSystem.IsWindows() ? "bicep.exe" : "bicep"))
            .FirstOrDefault(File.Exists);
    }
}
