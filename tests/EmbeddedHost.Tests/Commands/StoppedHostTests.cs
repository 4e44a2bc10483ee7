using System.Globalization;
using AtomicDevOps.EmbeddedHost.Storage;
using AtomicDevOps.EmbeddedHost.Tests.Triggers;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using Microsoft.Extensions.DependencyInjection;

namespace AtomicDevOps.EmbeddedHost.Tests.Commands;

/// <summary>The commands while no host runs.</summary>
public sealed class StoppedHostTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("stopped-").FullName;
    private readonly Operator _operator;

    public StoppedHostTests() => _operator = new Operator(_directory);

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public async Task What_is_on_disk_is_listed_and_shown()
    {
        await LiveAsync(async client =>
        {
            await client.RunAsync("Echo", "one", "hello");
            await client.StartAsync("WaitForGo", "two");
        });

        (await _operator.SucceedAsync("list")).Lines.Select(line => line.Split(' ')[0]).ShouldBe(["Id", "one", "two"]);
        (await _operator.SucceedAsync("show", "one")).Output.ShouldContain("Output\n\"hello\"");
        (await _operator.SucceedAsync("history", "one")).Lines.Length.ShouldBe(4);
        (await _operator.FailAsync(3, "show", "three")).ShouldBe("There is no instance 'three'.\n");
    }

    [Fact]
    public async Task An_id_with_a_slash_is_found()
    {
        await LiveAsync(async client =>
        {
            await client.RunAsync("Echo", "owner/name#1", "hello");
            (await _operator.SucceedAsync("show", "owner/name#1")).Output.ShouldContain("hello");
        });

        (await _operator.SucceedAsync("show", "owner/name#1")).Output.ShouldContain("hello");
    }

    [Fact]
    public async Task Looking_changes_nothing()
    {
        await LiveAsync(client => client.StartAsync("WaitForGo", "one"));
        var before = (await _operator.SucceedAsync("history", "one", "--json")).Output;

        await _operator.SucceedAsync("list");
        await _operator.SucceedAsync("show", "one");

        (await _operator.SucceedAsync("history", "one", "--json")).Output.ShouldBe(before);
        Directory.EnumerateFiles(_directory).Select(Path.GetFileName).ShouldNotContain("keys.json");
    }

    [Fact]
    public async Task A_raised_event_waits_on_disk_for_the_next_start()
    {
        await LiveAsync(client => client.StartAsync("WaitForGo", "one"));

        var raised = await _operator.SucceedAsync("raise", "one", "Go", "--data", "\"later\"");
        var meanwhile = (await _operator.SucceedAsync("show", "one", "--json")).Json;

        raised.Error.ShouldContain("handled when the host starts next");
        meanwhile["runtimeStatus"]!.GetValue<string>().ShouldBe("Running");
        await LiveAsync(async client =>
        {
            var ended = await client.WaitForInstanceCompletionAsync("one", getInputsAndOutputs: true, TestContext.Current.CancellationToken);
            ended.ReadOutputAs<string>().ShouldBe("later");
        });
    }

    [Fact]
    public async Task Suspending_resuming_and_terminating_are_handled_in_order_at_the_next_start()
    {
        await LiveAsync(async client =>
        {
            await client.StartAsync("WaitForGo", "suspended");
            await client.StartAsync("WaitForGo", "resumed");
            await client.StartAsync("WaitForGo", "terminated");
        });

        await _operator.SucceedAsync("suspend", "suspended");
        await _operator.SucceedAsync("suspend", "resumed");
        await _operator.SucceedAsync("resume", "resumed");
        await _operator.SucceedAsync("raise", "resumed", "Go", "--data", "\"on\"");
        await _operator.SucceedAsync("terminate", "terminated", "--reason", "enough");

        await LiveAsync(async client =>
        {
            await client.ReachAsync("suspended", OrchestrationRuntimeStatus.Suspended);
            await client.ReachAsync("resumed", OrchestrationRuntimeStatus.Completed);
            await client.ReachAsync("terminated", OrchestrationRuntimeStatus.Terminated);
        });
    }

    [Fact]
    public async Task An_instance_that_starts_later_keeps_its_time_and_its_events()
    {
        var startAt = DateTimeOffset.UtcNow.AddDays(2);
        await LiveAsync(client => client.ScheduleNewOrchestrationInstanceAsync(
            "WaitForGo", null, new StartOrchestrationOptions("one", startAt), TestContext.Current.CancellationToken));

        await _operator.SucceedAsync("raise", "one", "Go");

        var shown = (await _operator.SucceedAsync("show", "one", "--json")).Json;
        shown["runtimeStatus"]!.GetValue<string>().ShouldBe("Pending");
        DateTimeOffset.Parse(shown["details"]!["scheduledStartTime"]!.GetValue<string>(), CultureInfo.InvariantCulture)
            .ShouldBe(startAt, TimeSpan.FromSeconds(1));
    }

    [Fact]
    public async Task A_restarted_instance_runs_at_the_next_start()
    {
        await LiveAsync(client => client.RunAsync("Echo", "one", "hello"));

        var started = (await _operator.SucceedAsync("restart", "one", "--json")).Json["id"]!.GetValue<string>();

        await LiveAsync(async client =>
        {
            var ended = await client.WaitForInstanceCompletionAsync(started, getInputsAndOutputs: true, TestContext.Current.CancellationToken);
            ended.ReadOutputAs<string>().ShouldBe("hello");
        });
    }

    [Fact]
    public async Task Finished_instances_are_purged_and_their_space_given_back()
    {
        await LiveAsync(async client =>
        {
            for (var i = 0; i < 20; i++)
            {
                await client.RunAsync("Echo", $"i{i}", new string('x', 20_000));
            }
        });

        (await _operator.SucceedAsync("purge", "--all", "--yes")).Lines.ShouldBe(["20 instances purged."]);
        var compacted = (await _operator.SucceedAsync("compact", "--json")).Json;

        compacted["bytesAfter"]!.GetValue<long>().ShouldBeLessThan(compacted["bytesBefore"]!.GetValue<long>() / 4);
        (await _operator.SucceedAsync("check")).Lines.Skip(1).ShouldAllBe(line => line.EndsWith(" yes", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("list")]
    [InlineData("check")]
    [InlineData("compact")]
    [InlineData("backup", "copy.db")]
    public async Task Without_a_database_the_message_says_where_it_was_looked_for(params string[] command)
    {
        (await _operator.FailAsync(1, command)).ShouldContain(_directory);

        Directory.EnumerateFileSystemEntries(_directory).ShouldBeEmpty();
    }

    [Fact]
    public async Task The_address_of_a_killed_host_is_not_believed()
    {
        await LiveAsync(client => client.RunAsync("Echo", "one", "hello"));
        var owner = await File.ReadAllTextAsync(Path.Combine(_directory, "host.owner"), TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(
            Path.Combine(_directory, "host.address"), $$"""{"address":"http://127.0.0.1:9","owner":"{{owner}}"}""", TestContext.Current.CancellationToken);

        (await _operator.SucceedAsync("list")).Lines.Length.ShouldBe(2);

        await using var host = await StartAsync();
        (await _operator.SucceedAsync("list")).Lines.Length.ShouldBe(2);
    }

    [Fact]
    public async Task A_host_takes_its_address_back_when_it_stops()
    {
        var file = Path.Combine(_directory, "host.address");
        await using (await StartAsync())
        {
            File.Exists(file).ShouldBeTrue();
        }

        File.Exists(file).ShouldBeFalse();
    }

    [Fact]
    public async Task A_directory_that_something_without_an_address_holds_is_named_with_its_holder()
    {
        await LiveAsync(client => client.RunAsync("Echo", "one", "hello"));
        using var held = DataDirectory.Acquire(_directory);

        (await new Operator(_directory, new HurriedTime()).FailAsync(1, "list"))
            .ShouldContain($"in use by process {Environment.ProcessId} ");
    }

    [Fact]
    public async Task A_host_that_starts_during_a_command_waits_for_its_end()
    {
        var command = DataDirectory.Acquire(_directory);
        var starting = StartAsync();

        command.Dispose();

        await using var host = await starting;
        (await _operator.SucceedAsync("list")).Error.ShouldBe("No instances.\n");
    }

    [Fact]
    public async Task A_rewind_needs_the_host()
    {
        await LiveAsync(client => client.RunAsync("Fail", "one"));

        (await _operator.FailAsync(1, "rewind", "one")).ShouldContain("no host runs. Start it");
        (await _operator.FailAsync(3, "rewind", "two")).ShouldBe("There is no instance 'two'.\n");
    }

    private Task<FunctionsTestHost> StartAsync() => FunctionsTestHost.StartAsync(
        new Dictionary<string, string?> { ["Host:DataDirectory"] = _directory }, configure: null, typeof(OperatedFunctions));

    /// <summary>Runs the host on the directory for as long as the action takes.</summary>
    private async Task LiveAsync(Func<DurableTaskClient, Task> action)
    {
        await using var host = await StartAsync();
        await action(host.Services.GetRequiredService<DurableTaskClient>());
    }

    /// <summary>Every wait is over at once, and the clock has moved by it.</summary>
    private sealed class HurriedTime : TimeProvider
    {
        private long _ticks;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => Interlocked.Read(ref _ticks);

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            Interlocked.Add(ref _ticks, Math.Max(0, dueTime.Ticks));
            return base.CreateTimer(callback, state, dueTime < TimeSpan.Zero ? dueTime : TimeSpan.Zero, period);
        }
    }
}
