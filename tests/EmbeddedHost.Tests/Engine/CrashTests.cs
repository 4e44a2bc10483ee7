using System.Diagnostics;
using System.Globalization;
using AtomicDevOps.EmbeddedHost.Engine;
using DurableTask.Core.Exceptions;
using Microsoft.Data.Sqlite;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using Microsoft.Extensions.DependencyInjection;

namespace AtomicDevOps.EmbeddedHost.Tests.Engine;

public sealed class CrashTests
{
    private const string DataDirectoryVariable = "ATOMICDEVOPS_CRASH_TEST_DATA";
    private const int Kills = 12;
    private const int InstancesOfEach = 8;

    private static readonly OrchestrationRuntimeStatus[] AllStatuses = [.. StartOrchestrationOptionsExtensions.ValidDedupeStatuses];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Killed_at_random_instants_every_instance_completes_and_every_acknowledged_event_counts_once()
    {
        var directory = Directory.CreateTempSubdirectory("durable-crash-").FullName;
        try
        {
            var random = new Random(20261122);
            for (var i = 0; i < Kills; i++)
            {
                await RunAndKillAsync(directory, TimeSpan.FromMilliseconds(random.Next(20, 400)));
                CheckIntegrity(directory);
            }

            await using var services = await StartEngineAsync(directory);
            await CheckResultsAsync(services.GetRequiredService<DurableTaskClient>(), directory);
            await services.GetRequiredService<DurableTaskEngine>().StopAsync(Token);
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    [Fact(Explicit = true)]
    public async Task Child_process_of_the_crash_test()
    {
        var directory = Environment.GetEnvironmentVariable(DataDirectoryVariable).ShouldNotBeNull("started by the crash test alone");
        await using var services = await StartEngineAsync(directory);
        var client = services.GetRequiredService<DurableTaskClient>();
        await File.AppendAllTextAsync(Path.Combine(directory, "ready"), "x", Token);
        await StartAllAsync(client);
        await using var acknowledged = new StreamWriter(Path.Combine(directory, "acknowledged"), append: true) { AutoFlush = true };
        while (true)
        {
            var e = Guid.NewGuid().ToString("N");
            await client.RaiseEventAsync("collect", "item", e, Token);
            await acknowledged.WriteLineAsync(e.AsMemory(), Token);
        }
    }

    private static async Task RunAndKillAsync(string directory, TimeSpan life)
    {
        var ready = Path.Combine(directory, "ready");
        File.Delete(ready);
        var start = new ProcessStartInfo(Path.Combine(AppContext.BaseDirectory, typeof(CrashTests).Assembly.GetName().Name!))
        {
            ArgumentList = { "-explicit", "only", "-method", $"{typeof(CrashTests).FullName}.{nameof(Child_process_of_the_crash_test)}" },
            Environment = { [DataDirectoryVariable] = directory },
            RedirectStandardOutput = true,
            UseShellExecute = false,
        };
        using var child = Process.Start(start).ShouldNotBeNull();
        var output = child.StandardOutput.ReadToEndAsync(Token);
        while (!File.Exists(ready))
        {
            child.HasExited.ShouldBeFalse(child.HasExited ? await output : string.Empty);
            await Task.Delay(5, Token);
        }

        await Task.Delay(life, Token);
        child.Kill();
        await child.WaitForExitAsync(Token);
    }

    private static void CheckIntegrity(string directory)
    {
        using var connection = new SqliteConnection($"Data Source={Path.Combine(directory, "durable.db")};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = "PRAGMA integrity_check";
        command.ExecuteScalar().ShouldBe("ok");
    }

    private static async Task StartAllAsync(DurableTaskClient client)
    {
        foreach (var (name, i) in Expected().Select(item => (item.Name, item.Index)))
        {
            await TryStartAsync(client, name, $"{name}-{i}", name is "Loop" ? $"{i} 0" : i);
        }

        await TryStartAsync(client, "Collect", "collect", new List<string>());
    }

    private static async Task TryStartAsync(DurableTaskClient client, string name, string id, object input)
    {
        try
        {
            await client.ScheduleNewOrchestrationInstanceAsync(
                name, input, new StartOrchestrationOptions(id).WithDedupeStatuses(AllStatuses), Token);
        }
        catch (OrchestrationAlreadyExistsException)
        {
            // Started before the last kill.
        }
    }

    private static async Task CheckResultsAsync(DurableTaskClient client, string directory)
    {
        await StartAllAsync(client);
        foreach (var (name, i, expected) in Expected())
        {
            var instance = await client.WaitForInstanceCompletionAsync($"{name}-{i}", getInputsAndOutputs: true, Token);
            instance.Output<int>().ShouldBe(expected, $"{name}-{i}");
        }

        await client.RaiseEventAsync("collect", "item", "end", Token);
        var collected = (await client.WaitForInstanceCompletionAsync("collect", getInputsAndOutputs: true, Token)).Output<List<string>>()!;
        var acknowledged = (await File.ReadAllLinesAsync(Path.Combine(directory, "acknowledged"), Token)).Where(line => line.Length == 32).ToList();
        acknowledged.ShouldNotBeEmpty();
        collected.ShouldBeUnique();
        acknowledged.Except(collected, StringComparer.Ordinal).ShouldBeEmpty();
    }

    private static IEnumerable<(string Name, int Index, int Result)> Expected() => Enumerable.Range(0, InstancesOfEach).SelectMany(i => new[]
    {
        ("Chain", i, i + 10),
        ("FanOut", i, Enumerable.Range(0, 10).Sum(n => n + i + 1)),
        ("Parent", i, (i + 2) * 3),
        ("Loop", i, i + 20),
    });

    private static async Task<ServiceProvider> StartEngineAsync(string directory)
    {
        var services = new ServiceCollection().AddEmbeddedDurableTask(options => options.DataDirectory = directory).BuildServiceProvider();
        AddFunctions(services.GetRequiredService<FunctionRegistry>());
        await services.GetRequiredService<DurableTaskEngine>().StartAsync(Token);
        return services;
    }

    private static void AddFunctions(FunctionRegistry functions) => functions
        .AddActivity("Increment", (int value) => value + 1)
        .AddOrchestrator("Chain", async context =>
        {
            var value = context.GetInput<int>();
            for (var i = 0; i < 10; i++)
            {
                value = await context.CallActivityAsync<int>("Increment", value);
                await context.CreateTimer(TimeSpan.FromMilliseconds(10), CancellationToken.None);
            }

            return value;
        })
        .AddOrchestrator("FanOut", async context =>
        {
            var input = context.GetInput<int>();
            return (await Task.WhenAll(Enumerable.Range(0, 10).Select(n => context.CallActivityAsync<int>("Increment", n + input)))).Sum();
        })
        .AddOrchestrator("Twice", async context =>
            await context.CallActivityAsync<int>("Increment", await context.CallActivityAsync<int>("Increment", context.GetInput<int>())))
        .AddOrchestrator("Parent", async context =>
        {
            var input = context.GetInput<int>();
            return (await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => context.CallSubOrchestratorAsync<int>("Twice", input)))).Sum();
        })
        .AddOrchestrator("Loop", async context =>
        {
            var (value, round) = context.GetInput<string>() is { } state && state.Split(' ') is [var left, var right]
                ? (int.Parse(left, CultureInfo.InvariantCulture), int.Parse(right, CultureInfo.InvariantCulture))
                : throw new InvalidDataException("The input is not a value and a round.");
            if (round == 20)
            {
                return value;
            }

            value = await context.CallActivityAsync<int>("Increment", value);
            context.ContinueAsNew(string.Create(CultureInfo.InvariantCulture, $"{value} {round + 1}"));
            return null;
        })
        .AddOrchestrator("Collect", async context =>
        {
            var seen = context.GetInput<List<string>>()!;
            for (var i = 0; i < 50; i++)
            {
                seen.Add(await context.WaitForExternalEvent<string>("item"));
                if (string.Equals(seen[^1], "end", StringComparison.Ordinal))
                {
                    return seen;
                }
            }

            context.ContinueAsNew(seen);
            return null;
        });
}
