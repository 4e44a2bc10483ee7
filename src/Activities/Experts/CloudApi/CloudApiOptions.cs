using Microsoft.Extensions.Options;

namespace AtomicDevOps.Activities.Experts.CloudApi;

/// <summary>Configuration section <c>CloudApi</c>.</summary>
public sealed class CloudApiOptions
{
    public const string Section = "CloudApi";

    /// <summary>Secrets that app settings and deployment parameters may name. Only names stand in the inputs and results of activities, which are kept.</summary>
    public IList<CloudApiSecret> Secrets { get; init; } = [];
}

/// <summary>Configuration section <c>CloudApi:Secrets:{n}</c>.</summary>
public sealed class CloudApiSecret
{
    /// <summary>What requests call it.</summary>
    public string Name { get; set; } = "";

    public string Secret { get; set; } = "";
}

internal sealed class CloudApiOptionsValidator : IValidateOptions<CloudApiOptions>
{
    public ValidateOptionsResult Validate(string? name, CloudApiOptions options)
    {
        var problems = FindProblems(options).ToList();
        return problems.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(problems);
    }

    private static IEnumerable<string> FindProblems(CloudApiOptions options)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        for (var index = 0; index < options.Secrets.Count; index++)
        {
            var secret = options.Secrets[index];
            if (string.IsNullOrWhiteSpace(secret.Name))
            {
                yield return $"CloudApi:Secrets:{index}:Name is missing; it is what app settings and deployment parameters call the secret.";
            }
            else if (!names.Add(secret.Name))
            {
                yield return $"CloudApi:Secrets:{index}:Name is '{secret.Name}', which another secret has too.";
            }

            if (string.IsNullOrEmpty(secret.Secret))
            {
                yield return $"CloudApi:Secrets:{index}:Secret is missing.";
            }
        }
    }
}
