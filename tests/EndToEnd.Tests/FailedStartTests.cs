using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using AtomicDevOps.EndToEnd.Tests.Harness;
using Microsoft.Data.Sqlite;

namespace AtomicDevOps.EndToEnd.Tests;

/// <summary>Where the app cannot start it ends with exit code 1 and one line that names what is wrong and what helps.</summary>
public sealed class FailedStartTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("atomicdevops-start-").FullName;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    private string Data => Path.Combine(_directory, "data");

    private string DatabasePath => Path.Combine(Data, "durable.db");

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Theory]
    [InlineData("/proc/data", "cannot be made", "Point 'Host:DataDirectory' to a writable one.")]
    [InlineData("/proc/self", "cannot be written", "or point 'Host:DataDirectory' to another one.")]
    public async Task In_a_place_where_nobody_can_write(string data, string problem, string cure)
    {
        var message = await FailAsync(("Host__DataDirectory", data));

        message.ShouldContain($"'{data}' {problem}");
        message.ShouldContain(cure);
    }

    [Fact]
    public async Task Where_the_directory_is_a_file()
    {
        await File.WriteAllTextAsync(Data, "a file", Cancelled);

        (await FailAsync()).ShouldContain($"'{Data}' cannot be made");
    }

    [Fact]
    public async Task Where_the_directory_was_made_read_only_after_a_run()
    {
        await StartOnceAsync();

        var message = MessageOf(await PlatformProcess.RunToEndAsync(_directory, Settings([]), await ReadOnlyLauncherAsync(Data)));

        message.ShouldContain($"'{Data}' cannot be written");
        message.ShouldNotContain("in use");
    }

    [Fact]
    public async Task Where_the_database_is_something_else()
    {
        Directory.CreateDirectory(Data);
        await File.WriteAllTextAsync(DatabasePath, new string('x', 8192), Cancelled);

        var message = await FailAsync();

        message.ShouldContain($"'{DatabasePath}' cannot be opened");
        message.ShouldContain("Restore it from a backup");
        (await File.ReadAllTextAsync(DatabasePath, Cancelled)).ShouldBe(new string('x', 8192), "it is somebody's");
    }

    [Fact]
    public async Task Where_the_database_is_of_a_newer_program()
    {
        Directory.CreateDirectory(Data);
        await using (var connection = new SqliteConnection($"Data Source={DatabasePath};Pooling=False"))
        {
            await connection.OpenAsync(Cancelled);
            await using var command = connection.CreateCommand();
            command.CommandText = "PRAGMA user_version = 99";
            await command.ExecuteNonQueryAsync(Cancelled);
        }

        var message = await FailAsync();

        message.ShouldContain($"'{DatabasePath}' has schema version 99");
        message.ShouldContain("Use the newer program");
    }

    [Fact]
    public async Task Where_another_process_has_the_directory()
    {
        await using var first = await PlatformProcess.StartAsync(_directory, Settings([]));

        var message = await FailAsync();

        message.ShouldContain(string.Create(CultureInfo.InvariantCulture, $"'{Data}' is in use by process {first.ProcessId} "));
        message.ShouldContain("stop that one, or set another directory");
    }

    [Fact]
    public async Task Where_the_port_is_taken()
    {
        await using var first = await PlatformProcess.StartAsync(_directory, Settings([("Host__DataDirectory", Path.Combine(_directory, "other"))]));

        var message = await FailAsync(("Host__Port", first.Address.Port.ToString(CultureInfo.InvariantCulture)));

        message.ShouldContain(first.Address.Authority);
        message.ShouldContain("in use");
    }

    [Theory]
    [InlineData("maxConcurrentActivityFunctions", "many", "Use a whole number from 1 to 100000.")]
    [InlineData("maxPayloadBytes", "1", "Use a whole number from 1024 to 536870912.")]
    [InlineData("overridableExistingInstanceStates", "Some", "Use AnyState or NonRunningStates.")]
    public async Task Where_a_setting_of_host_json_cannot_be_used(string key, string value, string cure)
    {
        await File.WriteAllTextAsync(
            Path.Combine(_directory, "host.json"), JsonSerializer.Serialize(new { extensions = new { durableTask = new Dictionary<string, string>(StringComparer.Ordinal) { [key] = value } } }), Cancelled);

        (await FailAsync()).ShouldContain($"host.json: extensions.durableTask.{key} is '{value}'. {cure}");
    }

    private static string MessageOf(ProcessResult result)
    {
        var written = result.Output + result.Error;
        result.ExitCode.ShouldBe(1, written);
        var message = result.Error.Trim().Split('\n').ShouldHaveSingleItem();
        message.ShouldStartWith("The host cannot run: ");
        written.ShouldNotContain("   at ");
        written.ShouldNotContain("Exception");
        foreach (var secret in (string[])[PlatformProcess.FunctionKey, PlatformProcess.ManagementKey, Installation.WebhookSecret, Installation.CloudSecret])
        {
            written.ShouldNotContain(secret);
        }

        return message;
    }

    private async Task<string> FailAsync(params (string Name, string Value)[] settings)
        => MessageOf(await PlatformProcess.RunToEndAsync(_directory, Settings(settings)));

    private async Task StartOnceAsync()
    {
        await using var platform = await PlatformProcess.StartAsync(_directory, Settings([]));
    }

    private Dictionary<string, string?> Settings(IEnumerable<(string Name, string Value)> settings)
    {
        var all = new Dictionary<string, string?>(StringComparer.Ordinal)
        {
            ["DOCKER_HOST"] = "unix:///nonexistent/docker.sock",
            ["GitHub__Token"] = Installation.CloudSecret,
            ["GitHub__Webhook__Secret"] = Installation.WebhookSecret,
            ["Git__Directory"] = Path.Combine(_directory, "git"),
            ["Artifacts__Directory"] = Path.Combine(_directory, "artifacts"),
            ["Findings__Directory"] = Path.Combine(_directory, "findings"),
            ["Logs__Directory"] = Path.Combine(_directory, "logs"),
            ["Host__DataDirectory"] = Data,
            ["Host__Port"] = "0",
            ["Host__Keys__default"] = PlatformProcess.FunctionKey,
            ["Host__Keys__durabletask_extension"] = PlatformProcess.ManagementKey,
            ["AWS_SECRET_ACCESS_KEY"] = Installation.CloudSecret,
        };
        foreach (var (name, value) in settings)
        {
            all[name] = value;
        }

        return all;
    }

    /// <summary>
    /// What a process must be started through to see a directory read-only, which binds root too: a mount in a name space of its own. Skips the
    /// test where nothing can be mounted, and fails it where that has to be possible.
    /// </summary>
    private static async Task<IReadOnlyList<string>> ReadOnlyLauncherAsync(string directory)
    {
        const string Mount = "mount --bind \"$0\" \"$0\" && mount -o remount,bind,ro \"$0\" && exec \"$@\"";
        string[] launcher =
        [
            "unshare", "--mount", .. Environment.IsPrivilegedProcess ? Array.Empty<string>() : ["--map-root-user"], "--", "sh", "-c", Mount, directory,
        ];
        using var attempt = Process.Start(new ProcessStartInfo(launcher[0], [.. launcher[1..], "true"]) { RedirectStandardError = true, UseShellExecute = false })!;
        var error = await attempt.StandardError.ReadToEndAsync(Cancelled);
        await attempt.WaitForExitAsync(Cancelled);
        if (attempt.ExitCode != 0)
        {
            var reason = $"Needs root, or a kernel that lets users have namespaces: {error}";
            Assert.SkipUnless(Environment.GetEnvironmentVariable("CI") is "true", reason);
            Assert.Fail(reason);
        }

        return launcher;
    }
}
