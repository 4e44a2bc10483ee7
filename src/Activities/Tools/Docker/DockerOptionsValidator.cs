using Microsoft.Extensions.Options;

namespace AtomicDevOps.Activities.Tools.Docker;

internal sealed class DockerOptionsValidator : IValidateOptions<DockerOptions>
{
    public ValidateOptionsResult Validate(string? name, DockerOptions options)
    {
        var failures = new List<string>();
        try
        {
            var endpoint = DockerEndpoint.Resolve(options, Environment.GetEnvironmentVariable, File.Exists);
            foreach (var file in endpoint.CertificatePath is null ? [] : new[] { "ca.pem", "cert.pem", "key.pem" })
            {
                var path = Path.Combine(endpoint.CertificatePath!, file);
                if (!File.Exists(path))
                {
                    failures.Add($"Docker:CertificatePath (or DOCKER_CERT_PATH): '{path}' does not exist; the directory has to hold ca.pem, cert.pem and key.pem.");
                }
            }
        }
        catch (FormatException exception)
        {
            failures.Add(exception.Message);
        }

        RequireBetween(nameof(DockerOptions.CallTimeout), options.CallTimeout, TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(10));
        RequireBetween(nameof(DockerOptions.TransferTimeout), options.TransferTimeout, TimeSpan.FromSeconds(1), TimeSpan.FromHours(6));
        for (var index = 0; index < options.Registries.Count; index++)
        {
            var registry = options.Registries[index];
            if (registry.Host.Length == 0 || registry.Host.Contains('/', StringComparison.Ordinal))
            {
                failures.Add($"Docker:Registries:{index}:Host is '{registry.Host}'; it has to be host or host:port as in image names, for example registry.example:5000.");
            }

            if (string.IsNullOrEmpty(registry.IdentityToken) == (string.IsNullOrEmpty(registry.Username) || string.IsNullOrEmpty(registry.Password)))
            {
                failures.Add($"Docker:Registries:{index} needs either Username and Password, or IdentityToken.");
            }
        }

        return failures.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(failures);

        void RequireBetween(string key, TimeSpan value, TimeSpan least, TimeSpan most)
        {
            if (value < least || value > most)
            {
                failures.Add($"Docker:{key} is {value}; it has to be between {least} and {most}.");
            }
        }
    }
}
