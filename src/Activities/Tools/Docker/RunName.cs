using System.Security.Cryptography;
using System.Text;

namespace AtomicDevOps.Activities.Tools.Docker;

/// <summary>Names for what a run makes in the engine: lower-case, within every length limit of the engine, different for different runs and stages.</summary>
public static class RunName
{
    private const string Prefix = "atomicdevops";
    private const int ReadableLength = 40;
    private const int HashLength = 16;

    /// <summary>The run's name: the readable part of its id and a hash of the whole.</summary>
    public static string Of(string runId) => Sanitise(runId);

    /// <summary>The name of the container that runs a stage.</summary>
    internal static string OfContainer(string runId, string stage) => $"{Prefix}-{Sanitise(runId)}-{Sanitise(stage)}";

    /// <summary>The name of the container through which a stage's volume is filled.</summary>
    internal static string OfLoader(string runId, string stage) => $"{OfContainer(runId, stage)}-loader";

    /// <summary>The name of a volume for one try of a stage.</summary>
    internal static string OfVolume(string runId, string stage) => $"{Prefix}-{Of(runId)}-{Hash(stage)}-{Guid.NewGuid():N}";

    /// <summary>The image of a run where the request names none.</summary>
    internal static string OfImage(string runId) => $"{Prefix}/run:{Of(runId)}";

    /// <summary>The name by which a later try of the same run finds what an earlier one built of the same input.</summary>
    internal static string OfBuildInput(string runId, string inputHash) => $"{Prefix}/input:{Hash(runId)}-{inputHash}";

    /// <summary>
    /// An entry of <c>/etc/hosts</c> that marks the containers of a run's build steps: it is the one property of theirs that a build request decides,
    /// that they can be asked for, and that leaves the layer cache alone.
    /// </summary>
    internal static string OfBuildHost(string runId) => $"{Hash(runId)}.{Prefix}.invalid";

    /// <summary>Whether a container has a name that <see cref="OfContainer"/> makes.</summary>
    internal static bool IsSandbox(IReadOnlyList<string> names) => names.Any(name => name.StartsWith($"/{Prefix}-", StringComparison.Ordinal));

    private static string Sanitise(string text)
    {
        var readable = new StringBuilder(ReadableLength);
        foreach (var character in text.Take(ReadableLength))
        {
            if (char.IsAsciiLetterOrDigit(character))
            {
                readable.Append(char.ToLowerInvariant(character));
            }
            else if (readable.Length > 0 && readable[^1] != '-')
            {
                readable.Append('-');
            }
        }

        return $"{readable}{(readable.Length > 0 && readable[^1] != '-' ? "-" : "")}{Hash(text)}";
    }

    private static string Hash(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)))[..HashLength];
}

internal static class DockerLabels
{
    /// <summary>The run that something belongs to, as <see cref="RunName.Of"/> has it.</summary>
    public const string Run = "dev.atomicdevops.run";

    public const string Stage = "dev.atomicdevops.stage";

    public static string OfRun(string runId) => $"{Run}={RunName.Of(runId)}";

    public static string OfStage(string stage) => $"{Stage}={stage}";
}
