namespace AtomicDevOps.Activities.Tools.Docker;

/// <summary>Finds an image in the engine, else at its registry.</summary>
internal sealed class ImageResolver(IDockerEngineClient engine)
{
    /// <exception cref="ToolNotFoundException">The image is not in the engine, and its registry does not have it or does not show it.</exception>
    /// <exception cref="ToolUnavailableException">The image is not in the engine, and its registry cannot be reached.</exception>
    public async Task<(ImageDetails Image, bool Pulled)> EnsureAsync(string reference, CancellationToken cancellationToken)
    {
        try
        {
            return (await engine.InspectImageAsync(reference, cancellationToken), false);
        }
        catch (ToolNotFoundException) when (!reference.StartsWith("sha256:", StringComparison.Ordinal))
        {
            await PullAsync(reference, cancellationToken);
            return (await engine.InspectImageAsync(reference, cancellationToken), true);
        }
    }

    private async Task PullAsync(string reference, CancellationToken cancellationToken)
    {
        try
        {
            await engine.PullImageAsync(reference, progress: null, cancellationToken);
        }
        catch (DockerEngineException exception) when (EngineFailure.IsUnreachableRegistry(exception.EngineMessage))
        {
            throw new ToolUnavailableException(
                DockerEngineClient.ToolName,
                $"image {reference} is not in the engine, and its registry cannot be reached: {exception.EngineMessage}",
                exception);
        }
        catch (DockerEngineException exception) when (EngineFailure.IsMissingImage(exception.EngineMessage))
        {
            throw new ToolNotFoundException(
                DockerEngineClient.ToolName,
                $"image {reference} is not in the engine, and its registry does not give it: {exception.EngineMessage}",
                exception);
        }
    }
}
