namespace AtomicDevOps.Activities.Tools.Docker;

/// <summary>
/// The Docker Engine HTTP API (https://docs.docker.com/reference/api/engine/), version 1.41 and later, as Docker and Podman speak it.
/// Every call has a deadline: <see cref="DockerOptions.CallTimeout"/>, or <see cref="DockerOptions.TransferTimeout"/> where content is
/// moved, or the timeout that its request carries.
/// </summary>
/// <exception cref="ToolUnavailableException">Any call: the engine cannot be reached, or went away meanwhile.</exception>
/// <exception cref="ToolTimeoutException">Any call: the engine did not answer in time.</exception>
/// <exception cref="ToolNotFoundException">Any call that names a container, image, volume or network: there is none of that name.</exception>
/// <exception cref="DockerEngineException">Any call: the engine refused the request.</exception>
public interface IDockerEngineClient
{
    Task PingAsync(CancellationToken cancellationToken);

    Task<EngineVersion> GetVersionAsync(CancellationToken cancellationToken);

    /// <summary>What kind of engine it is; asked once.</summary>
    Task<EngineTraits> GetTraitsAsync(CancellationToken cancellationToken);

    Task<EngineInfo> GetInfoAsync(CancellationToken cancellationToken);

    /// <summary>What happened to a container in the last day. The engine remembers a few hundred events, and none from before its start.</summary>
    Task<IReadOnlyList<EngineEvent>> GetContainerEventsAsync(string container, CancellationToken cancellationToken);

    /// <returns>The container's id.</returns>
    Task<string> CreateContainerAsync(string name, ContainerConfiguration configuration, CancellationToken cancellationToken);

    /// <summary>Starting one that runs is no error.</summary>
    Task StartContainerAsync(string container, CancellationToken cancellationToken);

    /// <summary>Asks the container to end, and kills it after <paramref name="grace"/> (whole seconds); stopping one that has ended is no error.</summary>
    Task StopContainerAsync(string container, TimeSpan grace, CancellationToken cancellationToken);

    /// <returns>Whether there was something to kill.</returns>
    Task<bool> KillContainerAsync(string container, CancellationToken cancellationToken);

    /// <summary>Removes the container, running or not, with its anonymous volumes, and returns when it is gone.</summary>
    /// <returns>Whether there was one.</returns>
    Task<bool> RemoveContainerAsync(string container, CancellationToken cancellationToken);

    /// <summary>Containers in any state.</summary>
    /// <param name="labels">Each as <c>name</c> or <c>name=value</c>; all have to match.</param>
    Task<IReadOnlyList<ContainerSummary>> ListContainersAsync(IReadOnlyList<string> labels, CancellationToken cancellationToken);

    Task<ContainerDetails> InspectContainerAsync(string container, CancellationToken cancellationToken);

    /// <summary>Waits until the container does not run.</summary>
    /// <returns>Its exit code.</returns>
    Task<int> WaitContainerAsync(string container, TimeSpan timeout, CancellationToken cancellationToken);

    /// <summary>What the log driver has kept.</summary>
    IAsyncEnumerable<ContainerOutput> GetContainerLogsAsync(string container, ContainerLogsRequest request, CancellationToken cancellationToken);

    /// <summary>
    /// Attaches to the output; on a container that has not been started yet nothing of it is missed.
    /// A reader that does not read slows the container down, so that neither side has to keep what was not read.
    /// </summary>
    Task<ContainerAttachment> AttachContainerAsync(string container, CancellationToken cancellationToken);

    /// <summary>Runs a program in a running container and waits for it.</summary>
    Task<ExecResult> ExecAsync(string container, ExecRequest request, CancellationToken cancellationToken);

    /// <summary>Unpacks a tar archive into a directory of the container, which need not run.</summary>
    Task PutArchiveAsync(string container, string path, Func<Stream, CancellationToken, Task> writeTar, CancellationToken cancellationToken);

    /// <summary>Reads a file or a directory of the container, which need not run, as a tar archive.</summary>
    Task GetArchiveAsync(string container, string path, Func<Stream, CancellationToken, Task> readTar, CancellationToken cancellationToken);

    /// <summary>
    /// Builds an image. Giving up reading, cancelling or the timeout end the build.
    /// What is wrong with the Dockerfile comes as a message with <see cref="ImageProgress.Error"/>, or as a <see cref="DockerEngineException"/>.
    /// </summary>
    /// <param name="writeContext">Writes the build context as a tar archive; it is sent as it is written.</param>
    IAsyncEnumerable<ImageProgress> BuildImageAsync(EngineBuildRequest request, Func<Stream, CancellationToken, Task> writeContext, CancellationToken cancellationToken);

    /// <summary>Pulls an image, with the credentials configured for its registry.</summary>
    Task PullImageAsync(string reference, IProgress<ImageProgress>? progress, CancellationToken cancellationToken);

    /// <summary>Pushes an image, with the credentials configured for its registry.</summary>
    Task PushImageAsync(string reference, IProgress<ImageProgress>? progress, CancellationToken cancellationToken);

    /// <summary>Makes an image of a tar archive of a root file system.</summary>
    /// <returns>The image's id.</returns>
    Task<string> ImportImageAsync(string reference, Func<Stream, CancellationToken, Task> writeTar, CancellationToken cancellationToken);

    Task TagImageAsync(string image, string reference, CancellationToken cancellationToken);

    /// <summary>Removes an image, and its untagged parents that nothing else needs.</summary>
    /// <param name="force">With all its tags, and even if a stopped container was made of it; else only if it has one tag or none and nothing uses it.</param>
    /// <returns>Whether there was one.</returns>
    Task<bool> RemoveImageAsync(string image, bool force, CancellationToken cancellationToken);

    /// <param name="labels">Each as <c>name</c> or <c>name=value</c>; all have to match.</param>
    Task<IReadOnlyList<ImageSummary>> ListImagesAsync(IReadOnlyList<string> labels, CancellationToken cancellationToken);

    Task<ImageDetails> InspectImageAsync(string image, CancellationToken cancellationToken);

    /// <param name="owner">
    /// The number of the user, and of the group, that the volume's own directory belongs to, where the engine can be told:
    /// Podman can; Docker takes it from the first archive that is unpacked there.
    /// </param>
    Task<VolumeDetails> CreateVolumeAsync(string name, IReadOnlyDictionary<string, string> labels, CancellationToken cancellationToken, int? owner = null);

    /// <returns>Whether there was one.</returns>
    Task<bool> RemoveVolumeAsync(string name, CancellationToken cancellationToken);

    /// <param name="labels">Each as <c>name</c> or <c>name=value</c>; all have to match.</param>
    Task<IReadOnlyList<VolumeDetails>> ListVolumesAsync(IReadOnlyList<string> labels, CancellationToken cancellationToken);

    /// <param name="isInternal">Cut off from the outside world.</param>
    /// <returns>The network's id.</returns>
    Task<string> CreateNetworkAsync(string name, bool isInternal, IReadOnlyDictionary<string, string> labels, CancellationToken cancellationToken);

    /// <returns>Whether there was one.</returns>
    Task<bool> RemoveNetworkAsync(string network, CancellationToken cancellationToken);

    /// <param name="labels">Each as <c>name</c> or <c>name=value</c>; all have to match.</param>
    Task<IReadOnlyList<NetworkDetails>> ListNetworksAsync(IReadOnlyList<string> labels, CancellationToken cancellationToken);

    /// <summary>Removes stopped containers with the label.</summary>
    /// <param name="label">As <c>name</c> or <c>name=value</c>.</param>
    Task<PruneResult> PruneContainersAsync(string label, CancellationToken cancellationToken);

    /// <summary>Removes images with the label that no container uses, tagged or not.</summary>
    /// <param name="label">As <c>name</c> or <c>name=value</c>.</param>
    Task<PruneResult> PruneImagesAsync(string label, CancellationToken cancellationToken);
}
