namespace AtomicDevOps.EndToEnd.Tests.Harness;

/// <summary>The app as it is built for the embedded host: a program.</summary>
internal static class AppUnderTest
{
    public static IReadOnlyList<string> Command { get; } = ["dotnet", AppOutput.Of("src/FunctionApp", "AtomicDevOps.FunctionApp.dll")];

    public static IReadOnlyDictionary<string, string?> Settings { get; } = new Dictionary<string, string?>(StringComparer.Ordinal);
}
