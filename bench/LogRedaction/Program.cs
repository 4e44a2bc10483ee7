using System.Diagnostics;
using System.Globalization;
using AtomicDevOps.Activities.Tools.Logs;
using AtomicDevOps.FunctionApp.Telemetry;
using AtomicDevOps.LogRedaction;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;

const int Rounds = 15;
const double RoundSeconds = 0.05;
const string Plain = "Activity GitCoreExpert_Checkout of instance pipeline-1f0c ended after 1.2 s with 14 files changed in src/orders/totals.py. ";
const string Address = "GET https://api.example.com/repos/owner/name/pulls/12?per_page=100 answered 200 in 31 ms, rate limit 4999 of 5000. ";
const string Secret = "Authorization: Bearer 0123456789abcdefghijklmnopqrstuvwxyz of instance pipeline-1f0c was refused, ";

await using var services = new ServiceCollection().AddLogging(logging => logging.AddJsonConsole()).BuildServiceProvider();
var json = services.GetServices<ConsoleFormatter>().Single(formatter => formatter.Name is ConsoleFormatterNames.Json);
var redactor = new SecretRedactor(["correct-horse-battery-staple", "another-secret-of-the-configuration"]);
using var provider = new FormattingProvider(json);
using var bare = new LoggerFactory([provider]);
using var redacting = new RedactingLoggerFactory(new LoggerFactory([provider]), redactor);
var direct = bare.CreateLogger("Load");
var redacted = redacting.CreateLogger("Load");

Console.WriteLine("| text | chars | shapes alone, ns | redactor, ns | ratio | entry, ns | entry redacted, ns | ratio |");
Console.WriteLine("|---|---:|---:|---:|---:|---:|---:|---:|");
foreach (var (kind, piece) in new[] { ("no secret", Plain), ("no secret, an address", Address), ("a secret", Secret) })
{
    foreach (var length in new[] { 50, 200, 1_000, 10_000 })
    {
        var filler = kind is "no secret, an address" ? Address : Plain;
        var text = string.Concat(piece, string.Concat(Enumerable.Repeat(filler, (length / filler.Length) + 1)))[..length];
        var figures = Medians(
            () => SecretRedactor.RedactShapes(text),
            () => redactor.Redact(text),
            () => direct.LogInformation("{Text} in {Seconds} s", text, 1.5),
            () => redacted.LogInformation("{Text} in {Seconds} s", text, 1.5));
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"| {kind} | {length} | {figures[0]:0} | {figures[1]:0} | {figures[1] / figures[0]:0.00} | {figures[2]:0} | {figures[3]:0} | {figures[3] / figures[2]:0.00} |"));
    }
}

// Rounds alternate, so that what else the machine does falls on all of them.
static double[] Medians(params Action[] actions)
{
    var samples = actions.Select(static _ => new List<double>()).ToArray();
    for (var round = -2; round < Rounds; round++)
    {
        for (var i = 0; i < actions.Length; i++)
        {
            var nanoseconds = Measure(actions[i]);
            if (round >= 0)
            {
                samples[i].Add(nanoseconds);
            }
        }
    }

    return [.. samples.Select(static sample => sample.Order().ElementAt(sample.Count / 2))];
}

static double Measure(Action action)
{
    var count = 0L;
    var began = Stopwatch.GetTimestamp();
    double seconds;
    do
    {
        for (var i = 0; i < 16; i++)
        {
            action();
        }

        count += 16;
        seconds = Stopwatch.GetElapsedTime(began).TotalSeconds;
    }
    while (seconds < RoundSeconds);

    return seconds / count * 1e9;
}
