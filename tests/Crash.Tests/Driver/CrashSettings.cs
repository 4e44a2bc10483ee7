using System.Globalization;

namespace AtomicDevOps.Crash.Tests.Driver;

internal sealed record CrashSettings(int Kills, int Seed)
{
    private const string KillsVariable = "ATOMIC_CRASH_KILLS";
    private const string SeedVariable = "CRASH_TEST_SEED";
    private const int DefaultKills = 200;

    /// <exception cref="InvalidOperationException">A variable is no number that makes sense.</exception>
    public static CrashSettings Read() => new(
        Number(KillsVariable, least: 1) ?? DefaultKills,
        Number(SeedVariable, least: 0) ?? Random.Shared.Next(1_000_000_000));

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{KillsVariable}={Kills} {SeedVariable}={Seed}");

    private static int? Number(string variable, int least)
    {
        var text = Environment.GetEnvironmentVariable(variable);
        if (string.IsNullOrEmpty(text))
        {
            return null;
        }

        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= least
            ? number
            : throw new InvalidOperationException($"{variable} is '{text}': it must be a whole number, {least} or more.");
    }
}
