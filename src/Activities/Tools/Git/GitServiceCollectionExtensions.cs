using AtomicDevOps.Activities.Experts.GitCore;
using AtomicDevOps.Activities.Tools.Artifacts;
using AtomicDevOps.Activities.Tools.Processes;
using AtomicDevOps.Primitives.Agents;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace AtomicDevOps.Activities.Tools.Git;

public static class GitServiceCollectionExtensions
{
    /// <summary>The git client, the expert on it and their probes, from configuration section <c>Git</c>.</summary>
    public static IServiceCollection AddGit(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddProcesses(configuration);
        services.AddArtifacts(configuration);
        services.AddOptions<GitOptions>()
            .Bind(configuration.GetSection("Git"))
            .Validate(options => !string.IsNullOrWhiteSpace(options.Directory), "Git:Directory is empty; it must be the path of a directory, for example .data/git.")
            .Validate(options => !string.IsNullOrWhiteSpace(options.Executable), "Git:Executable is empty; it must be a program's name or absolute path, for example git.")
            .Validate(
                options => options.Timeout > TimeSpan.Zero && options.Timeout <= TimeSpan.FromDays(1),
                "Git:Timeout is out of range; it must be longer than zero and at most a day, for example 00:10:00.")
            .Validate(
                options => IsIdentity(options.UserName) && IsIdentity(options.UserEmail),
                "Git:UserName and Git:UserEmail must be filled and hold no '<', '>' or line break.")
            .Validate(
                options => options.AllowedSignersFile is null || File.Exists(options.AllowedSignersFile),
                "Git:AllowedSignersFile names a file that does not exist.")
            .Validate(
                options => options.GnuPgHome is null || System.IO.Directory.Exists(options.GnuPgHome),
                "Git:GnuPgHome names a directory that does not exist.")
            .Validate(options => WritableDirectory.IsUsable(options.Directory), WritableDirectory.Problem("Git:Directory"))
            .Validate(options => !Path.IsPathRooted(options.Executable) || File.Exists(options.Executable), "Git:Executable names a program that does not exist.")
            .ValidateOnStart();
        services.TryAddSingleton<IGitClient, GitCli>();
        services.TryAddSingleton<GitCoreExpert>();
        services.AddSingleton<IAgentProbe, GitCliProbe>();
        services.AddSingleton<IAgentProbe, GitCoreExpertProbe>();
        return services;
    }

    private static bool IsIdentity(string text) => !string.IsNullOrWhiteSpace(text) && !text.Any(character => character is '<' or '>' || char.IsControl(character));
}
