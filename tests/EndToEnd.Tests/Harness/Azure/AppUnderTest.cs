namespace AtomicDevOps.EndToEnd.Tests.Harness;

/// <summary>The app as it is built for Azure: a worker, under a stand-in for the Functions host.</summary>
internal static class AppUnderTest
{
    public static IReadOnlyList<string> Command { get; } =
    [
        "dotnet",
        AppOutput.Of("tools/FunctionsHost", "AtomicDevOps.FunctionsHost.dll"),
        AppOutput.Of("src/FunctionApp", "AtomicDevOps.FunctionApp.dll"),
    ];

    /// <summary>Nothing is stored there, but the app has to be told a place before it starts.</summary>
    public static IReadOnlyDictionary<string, string?> Settings { get; } = new Dictionary<string, string?>(StringComparer.Ordinal)
    {
        ["AzureWebJobsStorage"] = "UseDevelopmentStorage=true",
        ["AzureFunctionsJobHost__extensions__durableTask__storageProvider__type"] = "AzureStorage",
        ["AzureFunctionsJobHost__extensions__durableTask__storageProvider__connectionStringName"] = "AzureWebJobsStorage",
    };
}
