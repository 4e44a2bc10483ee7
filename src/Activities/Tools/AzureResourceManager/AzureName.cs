using System.Text.RegularExpressions;

namespace AtomicDevOps.Activities.Tools.AzureResourceManager;

/// <summary>Names as Azure allows them: nothing that could leave its place in an address.</summary>
internal static partial class AzureName
{
    /// <exception cref="ArgumentException">It is no resource group's name.</exception>
    public static string ResourceGroup(string name) => GroupPattern.IsMatch(name)
        ? name
        : throw new ArgumentException(
            $"'{name}' is no resource group's name; right would be 1–90 letters, digits, '-', '_', '.', '(' and ')', with no '.' at the end.", nameof(name));

    /// <exception cref="ArgumentException">It is no deployment's name.</exception>
    public static string Deployment(string name) => DeploymentPattern.IsMatch(name) && name is not ("." or "..")
        ? name
        : throw new ArgumentException($"'{name}' is no deployment's name; right would be 1–64 letters, digits, '-', '_', '.', '(' and ')'.", nameof(name));

    /// <exception cref="ArgumentException">It is no app's name.</exception>
    public static string Site(string name) => SitePattern.IsMatch(name)
        ? name
        : throw new ArgumentException($"'{name}' is no app's name; right would be 2–60 letters, digits and '-', with no '-' at either end.", nameof(name));

    [GeneratedRegex(@"^[\p{L}\p{Nd}_().-]{0,89}[\p{L}\p{Nd}_()-]\z", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex GroupPattern { get; }

    [GeneratedRegex(@"^[A-Za-z0-9_().-]{1,64}\z", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex DeploymentPattern { get; }

    [GeneratedRegex(@"^[A-Za-z0-9][A-Za-z0-9-]{0,58}[A-Za-z0-9]\z", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex SitePattern { get; }
}
