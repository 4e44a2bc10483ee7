using AtomicDevOps.Activities.Tools;
using AtomicDevOps.Activities.Tools.Docker;

namespace AtomicDevOps.Activities.Experts.Docker;

/// <summary>Finds, kills and removes what a run has in the engine.</summary>
internal sealed class RunResources(IDockerEngineClient engine)
{
    public async Task<IReadOnlyList<DockerResource>> ListAsync(string runId, CancellationToken cancellationToken)
    {
        string[] labels = [DockerLabels.OfRun(runId)];
        var containers = await engine.ListContainersAsync(labels, cancellationToken);
        var buildContainers = await ListBuildContainersAsync(runId, cancellationToken);
        var volumes = await engine.ListVolumesAsync(labels, cancellationToken);
        var networks = await engine.ListNetworksAsync(labels, cancellationToken);
        var images = await engine.ListImagesAsync(labels, cancellationToken);
        return
        [
            .. containers.ExceptBy(buildContainers.Select(container => container.Id), container => container.Id, StringComparer.Ordinal)
                .Select(container => ToResource(DockerResourceKind.Container, container)),
            .. buildContainers,
            .. volumes.Select(volume => new DockerResource(DockerResourceKind.Volume, volume.Name, volume.Name)),
            .. networks.Select(network => new DockerResource(DockerResourceKind.Network, network.Id, network.Name)),
            .. images.Select(image => new DockerResource(DockerResourceKind.Image, image.Id, image.RepoTags is [var tag, ..] ? tag : image.Id)),
        ];
    }

    /// <summary>
    /// The containers of build steps. They have the label of the layer that they stand on, and an <c>ONBUILD</c> step of the base image stands on none
    /// with a label; so their hosts file tells whose they are.
    /// </summary>
    public async Task<IReadOnlyList<DockerResource>> ListBuildContainersAsync(string runId, CancellationToken cancellationToken)
    {
        var host = $"{RunName.OfBuildHost(runId)}:";
        var found = new List<DockerResource>();
        foreach (var container in await engine.ListContainersAsync([], cancellationToken))
        {
            if (RunName.IsSandbox(container.Names))
            {
                continue;
            }

            try
            {
                var details = await engine.InspectContainerAsync(container.Id, cancellationToken);
                if (details.HostConfig?.ExtraHosts?.Any(entry => entry.StartsWith(host, StringComparison.Ordinal)) is true)
                {
                    found.Add(ToResource(DockerResourceKind.BuildContainer, container));
                }
            }
            catch (ToolNotFoundException)
            {
                // It ended between the two questions.
            }
        }

        return found;
    }

    public async Task<int> KillAsync(string runId, CancellationToken cancellationToken)
    {
        var killed = 0;
        var containers = await engine.ListContainersAsync([DockerLabels.OfRun(runId)], cancellationToken);
        string[] running =
        [
            .. containers.Where(container => container.State is "running").Select(container => container.Id),
            .. (await ListBuildContainersAsync(runId, cancellationToken)).Where(container => container.State is "running").Select(container => container.Id),
        ];
        foreach (var container in running.Distinct(StringComparer.Ordinal))
        {
            killed += await engine.KillContainerAsync(container, cancellationToken) ? 1 : 0;
        }

        return killed;
    }

    public async Task<DockerRunRemoval> RemoveAsync(string runId, CancellationToken cancellationToken)
    {
        var removed = new DockerRunRemoval(0, 0, 0, 0);
        foreach (var resource in await ListAsync(runId, cancellationToken))
        {
            removed = resource.Kind switch
            {
                DockerResourceKind.Container or DockerResourceKind.BuildContainer =>
                    removed with { Containers = removed.Containers + One(await engine.RemoveContainerAsync(resource.Id, cancellationToken)) },
                DockerResourceKind.Volume => removed with { Volumes = removed.Volumes + One(await engine.RemoveVolumeAsync(resource.Id, cancellationToken)) },
                DockerResourceKind.Network => removed with { Networks = removed.Networks + One(await engine.RemoveNetworkAsync(resource.Id, cancellationToken)) },
                _ => removed with { Images = removed.Images + One(await engine.RemoveImageAsync(resource.Id, force: true, cancellationToken)) },
            };
        }

        return removed;

        static int One(bool done) => done ? 1 : 0;
    }

    /// <summary>Removes the containers of the run's build steps, and the layers that no image with a name stands on.</summary>
    public async Task RemoveBuildLeftoversAsync(string runId, CancellationToken cancellationToken)
    {
        foreach (var container in await ListBuildContainersAsync(runId, cancellationToken))
        {
            await engine.RemoveContainerAsync(container.Id, cancellationToken);
        }

        var images = await engine.ListImagesAsync([DockerLabels.OfRun(runId)], cancellationToken);
        foreach (var layer in images.Where(image => image.RepoTags is null or [] or ["<none>:<none>"]))
        {
            await engine.RemoveImageAsync(layer.Id, force: false, cancellationToken);
        }
    }

    private static DockerResource ToResource(DockerResourceKind kind, ContainerSummary container) =>
        new(kind, container.Id, container.Names is [var name, ..] ? name.TrimStart('/') : container.Id, container.State);
}
