using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text;
using AtomicDevOps.Activities.Tools.Logs;
using AtomicDevOps.FunctionApp.Tests.Support;
using AtomicDevOps.Primitives.Observable;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace AtomicDevOps.FunctionApp.Tests.Telemetry;

/// <summary>Every shape of token that is known, through every path that a log, a span or a stage log takes out of the process.</summary>
public sealed class RedactionTests
{
    private const string ConfiguredSecret = "correct-horse-battery-staple";

    /// <summary>Each with the part that gives something away; put together here, so that no scanner of this repository takes them for real ones.</summary>
    private static readonly (string Shape, string Text, string Secret)[] Shapes =
    [
        Bare("GitHub, classic", "gh" + "p_" + Letters(36)),
        Bare("GitHub, app installation", "gh" + "s_" + Letters(36)),
        Bare("GitHub, fine-grained", "github" + "_pat_" + Letters(82)),
        Bare("GitLab", "glp" + "at-" + Letters(20)),
        Bare("AWS key id", "AK" + "IA" + "IOSFODNN7EXAMPLE"),
        In("AWS secret key", "aws_secret_access_key={0}", Letters(40)),
        Bare("Slack", "xo" + "xb-" + Letters(24)),
        Bare("npm", "np" + "m_" + Letters(36)),
        Bare("PyPI", "py" + "pi-" + Letters(60)),
        Bare("NuGet", "oy" + "2" + Letters(43).ToLowerInvariant()),
        Bare("Docker Hub", "dck" + "r_pat_" + Letters(27)),
        Bare("Hugging Face", "h" + "f_" + Letters(34)),
        Bare("Google", "AI" + "za" + Letters(35)),
        Bare("Stripe", "sk" + "_live_" + Letters(24)),
        Bare("SendGrid", "S" + "G." + Letters(22) + "." + Letters(43)),
        Bare("Microsoft Entra", "abc" + "8Q~" + Letters(34)),
        Bare("Vault", "hv" + "s." + Letters(24)),
        Bare("DigitalOcean", "do" + "p_v1_" + new string('a', 64)),
        Bare("OpenAI", "s" + "k-proj-" + Letters(40)),
        Bare("JSON Web Token", "ey" + "J" + Letters(20) + ".ey" + "J" + Letters(40) + "." + Letters(43)),
        In("private key", "-----BEGIN RSA PRIVATE " + "KEY-----\n{0}\n-----END RSA PRIVATE " + "KEY-----", Letters(64)),
        In("storage connection string", "AccountName=a;AccountKey={0}==;EndpointSuffix=core.windows.net", Letters(86)),
        In("shared access signature", "https://a.blob.core.windows.net/c/b?sv=2024-11-04&sig={0}%3D", Letters(43)),
        In("function key", "https://devops.example.com/api/pipelines?code={0}==", Letters(54)),
        In("password in an address", "https://someone:{0}@example.com/repository.git", Letters(12)),
        In("bearer token", "Authorization: Bearer {0}", Letters(30)),
        In("database password", "Server=db;User Id=sa;Password={0}", Letters(16)),
        Bare("a secret of the configuration", ConfiguredSecret),
    ];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task No_secret_of_any_known_shape_leaves_the_process_by_a_log_or_a_span()
    {
        using var seen = new Recorder();
        JsonConsole? console = null;
        var stages = new StringBuilder();
        await using var collector = await OtlpCollector.StartAsync();
        await using (var app = await TestApp.StartAsync(
            settings: new Dictionary<string, string?>(StringComparer.Ordinal)
            {
                ["GitHub:Token"] = ConfiguredSecret,
                ["OTEL_EXPORTER_OTLP_ENDPOINT"] = collector.Address.ToString(),
                ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf",
            },
            configure: services => services
                .AddSingleton<ILoggerProvider>(seen)
                .AddSingleton<ILoggerProvider>(provider => console = new JsonConsole(provider))))
        {
            var logger = app.Services.GetRequiredService<ILoggerFactory>().CreateLogger("Told");
            using var source = new ActivitySource(WorkflowTelemetry.SourceName);
            var log = app.Services.GetRequiredService<IStageLog>();
            foreach (var (shape, text, _) in Shapes)
            {
                logger.LogWarning("argument of {Shape}: {Value}", shape, text);
                logger.LogWarning(new InvalidOperationException($"inner of {shape}: {text}", new IOException(text)), "exception of {Shape}", shape);
                using (logger.BeginScope(new Dictionary<string, object>(StringComparer.Ordinal) { ["scoped"] = text }))
                {
                    logger.LogWarning("in the scope of {Shape}", shape);
                }

                using (var span = source.StartActivity($"span of {shape}").ShouldNotBeNull())
                {
                    span.SetTag("tag", text).SetStatus(ActivityStatusCode.Error, text);
                }

                await log.AppendAsync("run", shape.Replace(' ', '-').Replace(",", "", StringComparison.Ordinal), $"stage log of {shape}: {text}\n", Token);
                stages.Append(await log.ReadAsync("run", shape.Replace(' ', '-').Replace(",", "", StringComparison.Ordinal), 0, Token));
            }
        }

        var logs = collector.Received("logs");
        var spans = collector.Received("traces");
        var entries = string.Concat(seen.Entries);
        var lines = string.Concat(console.ShouldNotBeNull().Lines);
        foreach (var (shape, _, secret) in Shapes)
        {
            logs.ShouldContain($"argument of {shape}");
            logs.ShouldContain($"inner of {shape}");
            logs.ShouldContain($"in the scope of {shape}");
            spans.ShouldContain($"span of {shape}");
            entries.ShouldContain($"argument of {shape}");
            lines.ShouldContain($"argument of {shape}");
            lines.ShouldContain($"inner of {shape}");
            lines.ShouldContain($"in the scope of {shape}");
            stages.ToString().ShouldContain($"stage log of {shape}");
            foreach (var (path, told) in new[] { ("OTLP logs", logs), ("OTLP spans", spans), ("log providers", entries), ("JSON console", lines), ("stage logs", stages.ToString()) })
            {
                told.Contains(secret, StringComparison.Ordinal).ShouldBeFalse($"{shape} by {path}");
            }
        }
    }

    [Fact]
    public async Task What_holds_no_secret_reaches_the_provider_as_it_was_logged()
    {
        using var seen = new Recorder();
        await using var app = await TestApp.StartAsync(configure: services => services.AddSingleton<ILoggerProvider>(seen));
        var problem = new InvalidOperationException("plain");

        app.Services.GetRequiredService<ILoggerFactory>().CreateLogger("Told").LogWarning(problem, "{Count} things at {Address}", 3, new Uri("https://example.com/a"));

        var entry = seen.Entries.Single(entry => entry.Contains("3 things", StringComparison.Ordinal));
        entry.ShouldContain("3 things at https://example.com/a");
        entry.ShouldContain("Count=3");
        entry.ShouldContain(problem.ToString());
    }

    private static string Letters(int count) =>
        string.Concat(Enumerable.Range(0, count).Select(static i => (char)((i % 3) switch { 0 => 'A' + (i * 7 % 26), 1 => 'a' + (i * 5 % 26), _ => '0' + (i % 10) })));

    private static (string Shape, string Text, string Secret) Bare(string shape, string secret) => (shape, secret, secret);

    private static (string Shape, string Text, string Secret) In(string shape, string format, string secret)
        => (shape, format.Replace("{0}", secret, StringComparison.Ordinal), secret);

    /// <summary>Sees what every provider sees.</summary>
    private sealed class Recorder : ILoggerProvider, ILogger
    {
        public ConcurrentQueue<string> Entries { get; } = new();

        public ILogger CreateLogger(string categoryName) => this;

        public bool IsEnabled(LogLevel logLevel) => true;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull
        {
            Entries.Enqueue($"{state} {ValuesOf(state)}");
            return null;
        }

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
            => Entries.Enqueue($"{formatter(state, exception)} {ValuesOf(state)} {exception}");

        public void Dispose()
        {
        }

        private static string ValuesOf(object? state)
            => state is IEnumerable<KeyValuePair<string, object?>> values ? string.Join(' ', values.Select(pair => $"{pair.Key}={pair.Value}")) : string.Empty;
    }
}
