using System.Text;
using AtomicDevOps.Activities.Experts.GitHub;
using AtomicDevOps.Activities.Pipelines;
using AtomicDevOps.Activities.Tools.GitHub;
using AtomicDevOps.Primitives.Workflow;

namespace AtomicDevOps.Orchestrations.Pipelines;

/// <summary>A repository's own settings at a commit.</summary>
internal static class RepositoryConfiguration
{
    /// <param name="getFile">The way to GitHub from the layer that asks.</param>
    public static async Task<ConfigurationReading> ReadAsync(
        WorkflowPrimitive<GetFileRequest, RepositoryFile?> getFile, RepositoryName repository, string sha, WorkflowContext context)
    {
        var file = await getFile.ExecuteAsync(
            new GetFileRequest(repository, PipelineConfiguration.Path, sha) { MaxBytes = PipelineConfigurationReader.MaximumLength }, context);
        return file switch
        {
            null => PipelineConfigurationReader.Read(text: null),
            { Content: null } => new ConfigurationReading(
                null, [new ConfigurationProblem(1, 1, $"The file has {file.Bytes} bytes; at most {PipelineConfigurationReader.MaximumLength} are read. Shorten it.")]),
            { Content: { } content } => PipelineConfigurationReader.Read(Encoding.UTF8.GetString(content)),
        };
    }
}
